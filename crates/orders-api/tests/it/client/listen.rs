//! `orders-api webhooks listen`

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use super::{program, run, signal, wait};
use crate::app::App;
use crate::samples::order;

const LOCAL: [&str; 2] = ["--webhook-networks", "127.0.0.0/8"];

#[test]
fn what_a_webhook_would_get_is_printed_until_the_command_ends() {
    let app = App::start_with(&LOCAL);
    let mut command =
        program(&app, &["webhooks", "listen", "--type", "order.updated", "--path", "hooks"]);
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

    signal(&child, "-TERM");
    assert_eq!(wait(child).status, Some(0));
    assert_eq!(app.get("/webhooks").json(), json!([]));
}

#[test]
fn without_permission_to_send_to_this_machine_the_command_says_what_to_do() {
    let app = App::start();
    let done = run(&app, &["webhooks", "listen"]);
    assert_eq!((done.status, done.stdout.as_str()), (Some(1), ""));
    assert!(done.stderr.contains("--webhook-networks"), "{}", done.stderr);
    let elsewhere = run(&app, &["webhooks", "listen", "--url", "http://192.0.2.1:3000"]);
    assert!(elsewhere.stderr.contains("not on this machine"), "{}", elsewhere.stderr);
}
