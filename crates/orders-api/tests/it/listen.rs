//! `orders-api webhooks listen`

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use orders_testkit::{Finished, Receiver, Reply};
use serde_json::{Value, json};

use crate::app::App;
use crate::samples::order;

const LOCAL: [&str; 2] = ["--webhook-networks", "127.0.0.0/8"];

/// The command with the service of this test.
pub(crate) fn listen(app: &App, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orders-api"));
    command.args(["webhooks", "listen"]).args(arguments);
    command.env("ORDERS_URL", format!("http://{}", app.address())).env_remove("ORDERS_KEY");
    command
}

fn run(app: &App, arguments: &[&str]) -> Finished {
    Finished::run(&mut listen(app, arguments), "").unwrap()
}

#[test]
fn what_a_webhook_would_get_is_printed_until_the_command_ends() {
    let app = App::start_with(&LOCAL);
    let mut command = listen(&app, &["--type", "order.updated", "--path", "hooks"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let ready = said.next().unwrap();
    assert!(ready.contains("/hooks; its secret is whsec_"), "{ready}");
    let webhook = app.get("/webhooks").json()[0].clone();
    assert_eq!(webhook["types"], json!(["order.updated"]));

    app.post("/orders", order("a", 0)).is(201);
    app.put("/orders/a", order("a", 3)).is(200);
    let line = BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    let change: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&change["type"], &change["data"]["version"]), (&json!("order.updated"), &json!(2)));

    // A message of somebody else.
    let forged = ureq::post(webhook["url"].as_str().unwrap())
        .header("webhook-id", "1_2")
        .header("webhook-timestamp", "3")
        .header("webhook-signature", "v1,AAAA")
        .send("{}");
    assert!(matches!(forged, Err(ureq::Error::StatusCode(401))), "{forged:?}");

    let terminate = Command::new("kill").arg(child.id().to_string()).status();
    assert!(terminate.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(app.get("/webhooks").json(), json!([]));
}

#[test]
fn without_permission_to_send_to_this_machine_the_command_says_what_to_do() {
    let app = App::start();
    run(&app, &[]).fails(1, "--webhook-networks");
}

#[test]
fn a_command_that_fails_says_why() {
    let app = App::start();
    let other = Receiver::start(|_| Reply::Status(404)).unwrap();
    let elsewhere = format!("http://{}", other.address());
    for (url, status, message) in [
        ("http://127.0.0.1:1", 1, "http://127.0.0.1:1"),
        (elsewhere.as_str(), 1, "404"),
        ("https://127.0.0.1", 2, "http://127.0.0.1:PORT"),
        ("localhost:3000", 2, "http://127.0.0.1:PORT"),
        ("http://192.0.2.1:3000", 2, "only a service on this machine"),
    ] {
        run(&app, &["--url", url]).fails(status, message);
    }
}
