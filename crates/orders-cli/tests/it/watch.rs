//! `orders watch`

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::service::{Calendar, shared};

#[test]
fn changes_are_printed_as_they_happen() {
    let (calendar, other) = (Calendar::new(), Calendar::new());
    let first = calendar.book("3:00");
    let history = shared().json(&["history", first["id"].as_str().unwrap()]);
    let cursor = history[0]["cursor"].as_str().unwrap();
    let mut watch = shared().program(&["watch", "--calendar", &calendar.0, "--after", cursor]);
    let mut watch = watch.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    other.book("9:00");
    let order = calendar.book("9:00");
    assert_eq!(next()["data"], order);
    shared().json(&["cancel", order["id"].as_str().unwrap(), "--yes"]);
    let last = next();
    assert_eq!((&last["type"], &last["data"]["id"]), (&"order.deleted".into(), &order["id"]));
    watch.kill().unwrap();
    watch.wait().unwrap();
}

#[test]
fn a_cursor_that_is_not_known_is_rejected() {
    shared().run(&["watch", "--after", "999999_1"]).fails(1, "cursor");
    shared().run(&["watch", "--after", "yesterday"]).fails(2, "--after");
}
