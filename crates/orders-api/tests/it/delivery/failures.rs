//! Endpoints that fail.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::Bool;
use orders_testkit::Reply;
use serde_json::{Value, json};

use super::{LOCAL, accepting, arrived, change, orders, place, receiver, webhook, webhook_when};
use crate::app::App;
use crate::metrics;
use crate::samples::order;

/// As if the time had come at which an instance tries again what has failed.
pub(super) const TRY_AGAIN: &str = "UPDATE webhook_parked_orders SET retry_at = now();
                         UPDATE webhooks SET retry_at = NULL, configuration = configuration + 1, generation = generation + 1;";

/// The last attempt to deliver a change of this order to the webhook `crm`. It is saved within a second or so.
fn failed_attempt(app: &App, order: &str) -> Value {
    loop {
        let attempts = app.get("/webhooks/crm/deliveries").is(200);
        if let Some(found) = attempts.as_array().unwrap().iter().find(|it| it["order"] == order) {
            return found.clone();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn an_order_that_is_rejected_delays_no_other_and_comes_later_in_sequence() {
    let app = App::start_with(&LOCAL);
    let accepts = Arc::new(AtomicBool::new(false));
    let now_accepts = accepts.clone();
    let receiver = receiver(move |received| {
        let is_bad = change(received)["data"]["id"] == "bad";
        match is_bad && !accepts.load(Ordering::Relaxed) {
            true => Reply::Status(500),
            false => Reply::Status(200),
        }
    });
    app.post("/webhooks", webhook("crm", &receiver)).is(201);
    app.post("/orders", order("bad", 9000)).is(201);
    arrived(&receiver, 1);
    app.put("/orders/bad", order("bad", 9003)).is(200);
    place(&app, "good-", 50);
    receiver
        .wait_until(super::PATIENCE, |received| {
            orders(received).iter().filter(|id| id.starts_with("good-")).count() == 50
        })
        .expect("the others arrive");
    let crm = webhook_when(&app, "crm", |crm| crm["parked"] == 1 && crm["behind"] == 0);
    assert_eq!(crm["state"], "active");
    let failed = failed_attempt(&app, "bad");
    assert_eq!((&failed["status"], &failed["error"]), (&json!(500), &json!("status 500")));

    now_accepts.store(true, Ordering::Relaxed);
    app.execute(TRY_AGAIN);
    webhook_when(&app, "crm", |crm| crm["parked"] == 0);
    let received = receiver.received();
    let bad = received.iter().map(change).filter(|it| it["data"]["id"] == "bad");
    let versions: Vec<_> = bad.map(|it| it["data"]["version"].as_u64().unwrap()).collect();
    assert!(versions.is_sorted() && versions.ends_with(&[1, 2]), "{versions:?}");
}

#[test]
fn an_endpoint_that_takes_long_does_not_delay_others() {
    let app = App::start_with(&LOCAL);
    let is_held = Arc::new(AtomicBool::new(true));
    let held = Arc::clone(&is_held);
    let slow = receiver(move |_| {
        let began = Instant::now();
        while held.load(Ordering::Relaxed) && began.elapsed() < Duration::from_secs(14) {
            std::thread::sleep(Duration::from_millis(5));
        }
        Reply::Status(204)
    });
    let fast = accepting();
    app.post("/webhooks", webhook("slow", &slow)).is(201);
    app.post("/webhooks", webhook("fast", &fast)).is(201);
    place(&app, "a", 100);
    arrived(&fast, 100);
    assert!(slow.count() <= 8, "{}", slow.count());
    assert!(slow.most_at_once() <= 8);
    is_held.store(false, Ordering::Relaxed);
}

#[test]
fn an_endpoint_that_was_down_catches_up_with_few_messages_at_a_time() {
    let app = App::start_with(&LOCAL);
    let works = Arc::new(AtomicBool::new(false));
    let now_works = works.clone();
    let receiver = receiver(move |_| match works.load(Ordering::Relaxed) {
        true => Reply::Late(Duration::from_millis(2)),
        false => Reply::Reset,
    });
    app.post("/webhooks", webhook("crm", &receiver)).is(201);
    place(&app, "a", 200);
    let crm = webhook_when(&app, "crm", |crm| crm["failing_since"].is_string());
    assert_ne!(crm["last_error"], json!(null));
    now_works.store(true, Ordering::Relaxed);
    app.execute(TRY_AGAIN);
    let crm = webhook_when(&app, "crm", |crm| crm["behind"] == 0 && crm["parked"] == 0);
    assert_eq!((&crm["failing_since"], &crm["last_error"]), (&json!(null), &json!(null)));
    let received = orders(&receiver.received());
    assert_eq!(received.iter().collect::<std::collections::BTreeSet<_>>().len(), 200);
    assert!(receiver.most_at_once() <= 8);
}

#[test]
fn an_endpoint_that_failed_for_five_days_is_disabled_with_the_reason_until_it_is_set_active() {
    let app = App::start_with(&LOCAL);
    let works = Arc::new(AtomicBool::new(false));
    let now_works = works.clone();
    let receiver = receiver(move |_| match works.load(Ordering::Relaxed) {
        true => Reply::Status(200),
        false => Reply::Half,
    });
    let mut crm = webhook("crm", &receiver);
    app.post("/webhooks", &crm).is(201);
    app.post("/orders", order("a", 0)).is(201);
    webhook_when(&app, "crm", |crm| crm["parked"] == 1);
    app.execute(&format!(
        "UPDATE webhooks SET failing_since = now() - interval '5 days'; {TRY_AGAIN}"
    ));
    let disabled = webhook_when(&app, "crm", |crm| crm["state"] == "disabled");
    let reason = disabled["last_error"].as_str().unwrap();
    assert!(reason.contains("5 days") && reason.contains("closed before"), "{reason}");
    now_works.store(true, Ordering::Relaxed);
    crm["state"] = json!("active");
    app.put("/webhooks/crm", &crm).is(200);
    webhook_when(&app, "crm", |crm| crm["parked"] == 0 && crm["last_error"].is_null());
}

#[test]
fn an_endpoint_that_is_gone_is_disabled_at_once() {
    let app = App::start_with(&LOCAL);
    let receiver = receiver(|_| Reply::Status(410));
    app.post("/webhooks", webhook("crm", &receiver)).is(201);
    app.post("/orders", order("a", 0)).is(201);
    let crm = webhook_when(&app, "crm", |crm| crm["state"] == "disabled");
    assert!(crm["last_error"].as_str().unwrap().contains("410"), "{crm}");
}

#[test]
fn an_endpoint_that_asks_for_a_pause_gets_one() {
    let app = App::start_with(&LOCAL);
    let receiver = receiver(|_| Reply::With(429, "Retry-After: 7200\r\n".to_owned()));
    app.post("/webhooks", webhook("crm", &receiver)).is(201);
    app.post("/orders", order("a", 9000)).is(201);
    webhook_when(&app, "crm", |crm| crm["parked"] == 1);
    let pause = "SELECT bool_and(retry_at > now() + interval '110 min') FROM (
                 SELECT retry_at FROM webhooks UNION ALL SELECT retry_at FROM webhook_parked_orders) AS it";
    let is_long = diesel::dsl::sql::<Bool>(&format!("({pause})"));
    assert!(diesel::select(is_long).get_result::<bool>(&mut app.sql()).unwrap());
    place(&app, "b", 3);
    webhook_when(&app, "crm", |crm| crm["behind"].as_u64() >= Some(3));
    assert_eq!(receiver.count(), 1);
}

#[test]
fn a_redirect_is_not_followed() {
    let app = App::start_with(&LOCAL);
    let target = accepting();
    let location = format!("Location: http://{}/\r\n", target.address());
    let receiver = receiver(move |_| Reply::With(307, location.clone()));
    app.post("/webhooks", webhook("crm", &receiver)).is(201);
    app.post("/orders", order("a", 0)).is(201);
    webhook_when(&app, "crm", |crm| crm["parked"] == 1);
    assert_eq!(target.count(), 0);
}

#[test]
fn a_webhook_whose_history_was_discarded_is_disabled_with_the_reason() {
    let app = App::start_with(&LOCAL);
    let receiver = accepting();
    app.post("/webhooks", webhook("crm", &receiver)).is(201);
    place(&app, "a", 2);
    arrived(&receiver, 2);
    webhook_when(&app, "crm", |crm| crm["behind"] == 0);
    // As after a failover to a server where this position belongs to another change.
    app.execute(
        "UPDATE webhooks SET assigned_at = assigned_at - interval '1 s', configuration = configuration + 1, generation = generation + 1",
    );
    app.post("/orders", order("b", 900)).is(201);
    let crm = webhook_when(&app, "crm", |crm| crm["state"] == "disabled");
    assert!(crm["last_error"].as_str().unwrap().contains("export the orders"), "{crm}");
}

#[test]
fn a_webhook_that_has_read_what_a_failover_discarded_continues_where_it_was_saved() {
    let app = App::start_with(&LOCAL);
    let is_held = Arc::new(AtomicBool::new(true));
    let held = Arc::clone(&is_held);
    let receiver = receiver(move |_| {
        while held.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(5));
        }
        Reply::Status(204)
    });
    place(&app, "a", 200);
    let first = app.get("/changes?limit=1").json()[0]["cursor"].clone();
    let mut crm = webhook("crm", &receiver);
    crm["after"] = first;
    app.post("/webhooks", crm).is(201);
    // It has read a page, of which the first messages are not answered.
    arrived(&receiver, 8);
    // As after a failover to a server where other changes follow those that the webhook has been sent.
    app.execute(
        "ALTER TABLE order_versions DISABLE TRIGGER USER;
         UPDATE order_versions SET assigned_at = assigned_at + interval '1 s' WHERE position > 20;
         ALTER TABLE order_versions ENABLE TRIGGER USER;
         UPDATE change_feed SET assigned_at = assigned_at + interval '1 s';",
    );
    is_held.store(false, Ordering::Relaxed);
    let crm = webhook_when(&app, "crm", |crm| crm["state"] != "active" || crm["behind"] == 0);
    assert_eq!(crm["state"], "active", "{crm}");
    let received = orders(&receiver.received());
    assert_eq!(received.into_iter().collect::<BTreeSet<_>>().len(), 199);
}

#[test]
fn a_webhook_whose_secret_cannot_be_used_is_seen_until_it_can() {
    let app = App::start_with(&LOCAL);
    let receiver = accepting();
    app.post("/webhooks", webhook("crm", &receiver)).is(201);
    let notice = "retry_at = NULL, configuration = configuration + 1, generation = generation + 1";
    // As after the key of the service was lost.
    app.execute(&format!("UPDATE webhooks SET secret = '\\x01' || secret, {notice}"));
    let crm = webhook_when(&app, "crm", |crm| crm["failing_since"].is_string());
    assert!(crm["last_error"].is_string(), "{crm}");
    app.post("/orders", order("a", 0)).is(201);
    metrics::wait_for(&app, "orders_webhook_changes_behind{webhook=\"crm\"}", 1.0);
    app.execute(&format!("UPDATE webhooks SET secret = substr(secret, 2), {notice}"));
    webhook_when(&app, "crm", |crm| crm["failing_since"].is_null() && crm["behind"] == 0);
    arrived(&receiver, 1);
}
