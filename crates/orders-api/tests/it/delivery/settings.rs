//! What clients decide: which changes, from where, and whether.

use std::thread;
use std::time::Duration;

use serde_json::json;

use super::{LOCAL, accepting, arrived, change, is_leased, orders, place, webhook, webhook_when};
use crate::app::{App, NDJSON};
use crate::samples::{order, order_in};
use crate::signatures::verify;

#[test]
fn a_message_is_a_change_as_the_feed_has_it_signed_with_the_secret() {
    let app = App::start_with(&LOCAL);
    let receiver = accepting();
    let secret = app.post("/webhooks", webhook("crm", &receiver)).is(201)["secret"].clone();
    app.post("/orders", order("a", 0)).is(201);
    app.put("/orders/a", order("a", 3)).is(200);
    app.delete("/orders/a").is(204);
    let messages = arrived(&receiver, 3);
    let feed = app.send("GET", "/changes", &[("Accept", NDJSON)]);
    let lines: Vec<_> = str::from_utf8(&feed.body).unwrap().lines().collect();
    for (message, line) in messages.iter().zip(&lines) {
        assert_eq!(str::from_utf8(&message.body).unwrap(), *line);
        assert_eq!(message.header("webhook-id"), change(message)["cursor"]);
        assert_eq!(message.header("content-type"), "application/json");
        verify(message, secret.as_str().unwrap());
    }
    assert_eq!(lines.len(), 3);
    let last = change(&messages[2])["cursor"].clone();
    let webhook = webhook_when(&app, "crm", |webhook| webhook["cursor"] == last);
    assert_eq!((&webhook["behind"], &webhook["parked"]), (&json!(0), &json!(0)));
}

#[test]
fn a_webhook_gets_what_it_asks_for_and_sees_orders_leave() {
    let app = App::start_with(&LOCAL).with_calendars(["crew"]);
    let receiver = accepting();
    let mut crew = webhook("crew", &receiver);
    crew["calendar"] = json!("crew");
    crew["types"] = json!(["order.updated", "order.deleted"]);
    app.post("/webhooks", crew).is(201);
    app.post("/orders", order("a", 0)).is(201);
    app.post("/orders", order_in("crew", "b", 0)).is(201);
    app.put("/orders/b", order_in("default", "b", 9)).is(200);
    app.put("/orders/b", order_in("default", "b", 12)).is(200);
    app.post("/orders", order_in("crew", "c", 0)).is(201);
    app.delete("/orders/c").is(204);
    let seen = arrived(&receiver, 2);
    let seen = seen.iter().map(|message| {
        let change = change(message);
        (change["type"].clone(), change["data"]["id"].clone(), change["data"]["calendar"].clone())
    });
    // Changes of different orders may arrive in another sequence.
    let mut seen: Vec<_> = seen.collect();
    seen.sort_by_key(|(_, id, _)| id.to_string());
    let expected = [
        (json!("order.updated"), json!("b"), json!("default")),
        (json!("order.deleted"), json!("c"), json!("crew")),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_paused_webhook_gets_nothing_until_it_is_active_again() {
    let app = App::start_with(&LOCAL);
    let receiver = accepting();
    let mut crm = webhook("crm", &receiver);
    app.post("/webhooks", &crm).is(201);
    place(&app, "before-", 3);
    arrived(&receiver, 3);
    crm["state"] = json!("paused");
    assert_eq!(app.put("/webhooks/crm", &crm).is(200)["state"], "paused");
    while is_leased(&app, "crm") {
        thread::sleep(Duration::from_millis(10));
    }
    // What another webhook has got, this one would have got too.
    let other = accepting();
    app.post("/webhooks", webhook("other", &other)).is(201);
    app.post("/orders", order("meanwhile", 9)).is(201);
    arrived(&other, 1);
    assert_eq!(webhook_when(&app, "crm", |crm| crm["behind"] == 1)["state"], "paused");
    assert_eq!(receiver.count(), 3);
    crm["state"] = json!("active");
    app.put("/webhooks/crm", &crm).is(200);
    assert_eq!(orders(&arrived(&receiver, 4))[3], "meanwhile");
}

#[test]
fn a_webhook_can_be_sent_everything_again_from_a_cursor() {
    let app = App::start_with(&LOCAL);
    let receiver = accepting();
    let mut crm = webhook("crm", &receiver);
    app.post("/webhooks", &crm).is(201);
    place(&app, "a", 3);
    let messages = arrived(&receiver, 3);
    // Changes of different orders may arrive in another sequence.
    let first = messages.iter().map(change).find(|it| it["data"]["id"] == "a0").unwrap();
    crm["after"] = first["cursor"].clone();
    app.put("/webhooks/crm", &crm).is(200);
    let again = orders(&arrived(&receiver, 5)[3..]);
    assert_eq!(again.iter().collect::<std::collections::BTreeSet<_>>().len(), 2);
    assert!(!again.contains(&"a0".to_owned()));
}

#[test]
fn during_a_rotation_messages_have_both_signatures() {
    let app = App::start_with(&LOCAL);
    let receiver = accepting();
    let old = app.post("/webhooks", webhook("crm", &receiver)).is(201)["secret"].clone();
    let new = app.post("/webhooks/crm/secret", "").is(200)["secret"].clone();
    app.post("/orders", order("a", 0)).is(201);
    let message = arrived(&receiver, 1).remove(0);
    assert_eq!(message.header("webhook-signature").split(' ').count(), 2);
    for secret in [old, new] {
        verify(&message, secret.as_str().unwrap());
    }
}

#[test]
fn a_deleted_webhook_gets_nothing_more() {
    let app = App::start_with(&LOCAL);
    let receiver = accepting();
    app.post("/webhooks", webhook("crm", &receiver)).is(201);
    app.post("/orders", order("a", 0)).is(201);
    arrived(&receiver, 1);
    app.delete("/webhooks/crm").is(204);
    let other = accepting();
    app.post("/webhooks", webhook("other", &other)).is(201);
    // Longer than it takes until the worker notices.
    for n in 1..=30 {
        app.post("/orders", order(format!("b{n}"), 3 * n)).is(201);
        arrived(&other, n);
        thread::sleep(Duration::from_millis(60));
    }
    let count = receiver.count();
    app.post("/orders", order("c", 900)).is(201);
    arrived(&other, 31);
    assert_eq!(receiver.count(), count);
    app.get("/webhooks/crm").is(404);
}
