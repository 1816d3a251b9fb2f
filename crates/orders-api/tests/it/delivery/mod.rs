//! What webhooks are sent.

mod failures;
mod instances;
mod settings;

use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::Bool;
use orders_testkit::{Received, Receiver, Reply};
use serde_json::{Value, json};

use crate::app::App;
use crate::samples::order;

/// Lets messages be sent to receivers on this machine.
const LOCAL: [&str; 2] = ["--webhook-networks", "127.0.0.0/8"];

/// How long something may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn receiver(reply: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Receiver {
    Receiver::start(reply).unwrap()
}

/// A receiver that accepts everything.
fn accepting() -> Receiver {
    receiver(|_| Reply::Status(204))
}

/// A webhook for this receiver.
fn webhook(id: &str, receiver: &Receiver) -> Value {
    json!({ "id": id, "url": format!("http://{}/{id}", receiver.address()) })
}

/// The change in a message.
fn change(received: &Received) -> Value {
    serde_json::from_slice(&received.body).unwrap()
}

/// The ids of the orders in messages.
fn orders(received: &[Received]) -> Vec<String> {
    received.iter().map(|it| change(it)["data"]["id"].as_str().unwrap().to_owned()).collect()
}

/// Waits until so many messages have arrived, and returns all.
#[track_caller]
fn arrived(receiver: &Receiver, count: usize) -> Vec<Received> {
    let received = receiver.wait_until(PATIENCE, |received| received.len() >= count);
    received.unwrap_or_else(|| panic!("only {} of {count} arrived", receiver.count()))
}

/// Waits until the webhook is as it should be, and returns it.
#[track_caller]
fn webhook_when(app: &App, id: &str, is_good: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let webhook = app.get(&format!("/webhooks/{id}")).is(200);
        if is_good(&webhook) {
            return webhook;
        }
        assert!(start.elapsed() < PATIENCE, "{webhook}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether an instance has leased the webhook, so that it may send changes.
fn is_leased(app: &App, id: &str) -> bool {
    let is_leased = format!("(SELECT lease IS NOT NULL FROM webhooks WHERE id = '{id}')");
    diesel::select(diesel::dsl::sql::<Bool>(&is_leased)).get_result(&mut app.sql()).unwrap()
}

/// Whether changes of the order wait for another attempt.
fn is_parked(app: &App, order: &str) -> bool {
    let is_parked =
        format!("EXISTS (SELECT FROM webhook_parked_orders WHERE order_id = '{order}')");
    diesel::select(diesel::dsl::sql::<Bool>(&is_parked)).get_result(&mut app.sql()).unwrap()
}

/// Places so many orders.
#[track_caller]
fn place(app: &App, prefix: &str, count: usize) {
    let orders = (0..count).map(|n| order(format!("{prefix}{n}"), 3 * n));
    app.place_all(&orders.collect::<Vec<_>>());
}
