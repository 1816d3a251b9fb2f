//! Several instances, and their ends.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::Duration;

use orders_testkit::{Received, Reply, Signal};

use super::failures::TRY_AGAIN;
use super::{
    LOCAL, PATIENCE, accepting, arrived, change, is_leased, is_parked, place, receiver, webhook,
    webhook_when,
};
use crate::app::App;
use crate::program::Program;
use crate::samples::order;
use crate::wire::Wire;

#[test]
fn another_instance_continues_at_once_after_one_has_stopped() {
    let app = App::start_with(&[LOCAL[0], LOCAL[1], "--no-webhooks"]);
    let receiver = accepting();
    app.post("/webhooks", webhook("crm", &receiver)).is(201);
    let first = app.start_another(&LOCAL);
    place(&app, "a", 3);
    arrived(&receiver, 3);
    drop(first);
    assert!(!is_leased(&app, "crm"));
    let _second = app.start_another(&LOCAL);
    app.post("/orders", order("b", 900)).is(201);
    arrived(&receiver, 4);
    assert_eq!(receiver.count(), 4, "nothing is repeated after an orderly stop");
}

#[test]
fn an_instance_that_stops_gives_its_webhooks_away_before_its_last_request_ends() {
    let app = App::start_with(&[LOCAL[0], LOCAL[1], "--no-webhooks"]).with_calendars(["crew"]);
    let receiver = accepting();
    app.post("/webhooks", webhook("crm", &receiver)).is(201);
    let url = app.url();
    let arguments = [
        "--database-url",
        &url,
        "--request-timeout",
        "60s",
        "--shutdown-timeout",
        "60",
        LOCAL[0],
        LOCAL[1],
    ];
    let first = Program::start_logging("warn", &arguments);
    place(&app, "a", 1);
    arrived(&receiver, 1);
    let body = order("b", 900).to_string();
    let length = body.len();
    let head =
        format!("POST /orders HTTP/1.1\nContent-Type: application/json\nContent-Length: {length}");
    let mut request = Wire::open_at(first.address(), &head);
    request.sending.raw(&body.as_bytes()[..1]).unwrap();
    // The service has begun to read the request once it answers another one.
    first.send("GET", "/orders/a0", "").is(200);
    first.signal(Signal::TERM);
    let _second = app.start_another(&LOCAL);
    app.post("/orders", order("c", 600)).is(201);
    arrived(&receiver, 2);
    request.sending.raw(&body.as_bytes()[1..]).unwrap();
    assert!(request.reading.head().starts_with("HTTP/1.1 201 "));
    assert_eq!(first.end().code(), Some(0));
}

#[test]
fn an_instance_without_webhooks_sends_nothing() {
    let app = App::start_with(&[LOCAL[0], LOCAL[1], "--no-webhooks"]);
    let receiver = accepting();
    app.post("/webhooks", webhook("crm", &receiver)).is(201);
    place(&app, "a", 3);
    webhook_when(&app, "crm", |crm| crm["behind"] == 3);
    assert_eq!(receiver.count(), 0);
}

#[test]
fn a_lease_of_which_the_instance_does_not_know_is_released() {
    let app = App::start_with(&LOCAL);
    let (known, unknown) = (accepting(), accepting());
    app.post("/webhooks", webhook("known", &known)).is(201);
    place(&app, "a", 1);
    arrived(&known, 1);
    // As if the response to the statement that leased it had been lost.
    app.execute(&format!(
        "INSERT INTO webhooks (id, url, secret, position, assigned_at, lease, leased_until)
         SELECT 'unknown', 'http://{}', secret, position, assigned_at, lease, leased_until FROM webhooks",
        unknown.address()
    ));
    app.post("/orders", order("b", 900)).is(201);
    arrived(&unknown, 1);
}

#[test]
fn what_cannot_be_saved_is_not_sent_again_and_again() {
    let app = App::start_with(&[LOCAL[0], LOCAL[1], "--no-webhooks"]);
    let receiver = accepting();
    app.post("/webhooks", webhook("crm", &receiver)).is(201);
    let program =
        Program::start_logging("error", &["--database-url", &app.url(), LOCAL[0], LOCAL[1]]);
    place(&app, "a", 1);
    arrived(&receiver, 1);
    webhook_when(&app, "crm", |crm| crm["behind"] == 0);
    // As if somebody had damaged the table.
    app.execute("ALTER TABLE webhooks ADD CHECK (position < 2)");
    app.post("/orders", order("b", 900)).is(201);
    arrived(&receiver, 2);
    program.logs("what was sent to webhook crm cannot be saved");
    // Longer than it takes to lease a webhook again.
    thread::sleep(Duration::from_secs(3));
    assert_eq!(receiver.count(), 2);
}

/// The order whose first message is not answered in time.
const SLOW: &str = "slow";

/// Fails the first attempt to deliver a third of the messages, each in one of several ways.
fn unreliable() -> impl Fn(&Received) -> Reply + Send + Sync {
    let failed = std::sync::Mutex::new(BTreeSet::new());
    move |received| {
        let id = received.header("webhook-id").to_owned();
        let position: u64 = id.split('_').next().unwrap().parse().unwrap();
        let is_slow = change(received)["data"]["id"] == SLOW;
        // Mixed, or all changes of some orders would fail: their positions are a round apart.
        let mixed = position.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        if !(is_slow || mixed.is_multiple_of(3)) || !failed.lock().unwrap().insert(id) {
            return Reply::Late(Duration::from_millis(position % 7));
        }
        match mixed / 3 % 4 {
            _ if is_slow => Reply::Late(Duration::from_secs(16)),
            0 => Reply::Status(500),
            1 => Reply::Reset,
            2 => Reply::Half,
            _ => Reply::With(302, "Location: http://127.0.0.1:1/\r\n".to_owned()),
        }
    }
}

/// Creates, replaces and deletes orders at one of the instances, as far as it works.
fn write(instances: &[Program], round: usize) {
    for n in 0..48 {
        let program = &instances[(round + n) % instances.len()];
        let path = format!("/orders/order-{n}");
        let (method, path, hour) = match (round + n) % 5 {
            0 => ("DELETE", path.as_str(), 0),
            1 => ("POST", "/orders", 3 * n),
            _ => ("PUT", path.as_str(), 3 * n),
        };
        program.send(method, path, order(format!("order-{n}"), hour));
    }
}

#[test]
fn every_change_arrives_in_sequence_although_instances_are_killed_and_the_endpoint_fails() {
    let app = App::start_with(&[LOCAL[0], LOCAL[1], "--no-webhooks"]);
    let receiver = receiver(unreliable());
    app.post("/webhooks", webhook("crm", &receiver)).is(201);
    let arguments = ["--database-url", &app.url(), LOCAL[0], LOCAL[1]];
    let start = || Program::start_logging("warn", &arguments);
    let mut instances = vec![start(), start()];
    for round in 0..6 {
        write(&instances, round);
        // One that sends messages at this moment, if this is the instance that has the webhook.
        drop(instances.remove(round % 2));
        // As if most of 30 s were over. If the other instance has the webhook, it renews its lease.
        app.execute("UPDATE webhooks SET leased_until = now() + interval '5 s'");
        instances.push(start());
    }
    // Not earlier, because a kill would end the wait for its response.
    app.post("/orders", order(SLOW, 9000)).is(201);
    let is_slow = |it: &&Received| change(it)["data"]["id"] == SLOW;
    receiver
        .wait_until(PATIENCE, |received| received.iter().filter(is_slow).count() == 2)
        .expect("it is sent again");
    webhook_when(&app, "crm", |crm| crm["behind"] == 0 && !is_parked(&app, SLOW));
    // On a busy machine an order may have failed twice, and its third attempt would come in 5 minutes.
    app.execute(TRY_AGAIN);
    webhook_when(&app, "crm", |crm| crm["behind"] == 0 && crm["parked"] == 0);
    drop(instances);
    let received = receiver.received();
    assert_eq!(received.iter().filter(is_slow).count(), 2);
    let feed: Vec<_> = app.get("/changes?limit=1000").json().as_array().unwrap().to_vec();
    let sent: BTreeMap<_, _> =
        received.iter().map(|it| (it.header("webhook-id"), change(it))).collect();
    assert_eq!(sent.len(), feed.len());
    for change in &feed {
        assert_eq!(sent.get(change["cursor"].as_str().unwrap()), Some(change));
    }
    let mut last = BTreeMap::new();
    for change in received.iter().map(change) {
        let version = change["data"]["version"].as_u64().unwrap();
        let latest = last.entry(change["data"]["id"].to_string()).or_insert(0);
        assert!(version == *latest || version == *latest + 1, "{change} after version {latest}");
        *latest = version;
    }
}
