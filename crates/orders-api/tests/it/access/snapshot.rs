//! How instances notice changes, and what they do if they cannot.

use diesel::connection::SimpleConnection as _;

use super::{bearer, eventually};
use crate::app::App;
use crate::samples::order;

#[test]
fn a_key_that_is_revoked_is_refused_by_every_instance() {
    let app = App::start();
    let other = app.start_another(&[]);
    let key = app.new_key("reader", "read");
    for instance in [&app, &other] {
        assert_eq!(instance.get_with(&key, "/orders").status, 200, "a new key works at once");
    }
    app.command(&format!("keys revoke reader --ends {}", &key[key.len() - 4..]));
    for instance in [&app, &other] {
        eventually(401, || instance.get_with(&key, "/orders"));
    }
}

#[test]
fn a_change_of_a_client_takes_effect_without_a_restart() {
    let app = App::start();
    let key = app.new_key("shop", "read");
    let authorization = bearer(&key);
    let headers = [("Authorization", authorization.as_str()), ("Content-Type", "application/json")];
    let body = order("1", 0).to_string();
    let create = || app.send_bytes("POST", "/orders", &headers, body.as_bytes());
    create().is_problem(403, "not-permitted");
    app.command("clients set shop --scope write");
    eventually(201, create);
    app.command("clients set shop --calendar crew");
    eventually(404, || app.get_with(&key, "/orders/1"));
    app.command("clients set shop --scope read --all-calendars");
    eventually(200, || app.get_with(&key, "/orders/1"));
    assert_eq!(create().status, 403);
}

#[test]
fn nothing_is_answered_while_keys_cannot_be_checked() {
    let app = App::start();
    let key = app.new_key("reader", "read");
    app.get_with(&key, "/orders").is(200);
    let mut lock = app.sql();
    lock.batch_execute("BEGIN; LOCK TABLE access_version IN ACCESS EXCLUSIVE MODE").unwrap();
    let answer = eventually(503, || app.get_with(&key, "/orders"));
    answer.is_problem(503, "unavailable");
    assert_eq!(answer.header("Retry-After"), "1");
    app.get("/orders").is_problem(503, "unavailable");
    app.get("/readyz").is_problem(503, "unavailable");
    app.get("/healthz").is(200);
    lock.batch_execute("COMMIT").unwrap();
    eventually(200, || app.get_with(&key, "/orders"));
    app.get("/readyz").is(200);
}

#[test]
fn a_client_that_exceeds_its_rate_is_told_when_to_continue() {
    let app = App::start();
    app.command("clients add slow --scope read --rate 1");
    let key = app.command("keys create slow");
    let answer = eventually(429, || app.get_with(&key, "/services"));
    answer.is_problem(429, "too-many-requests");
    for (name, value) in [
        ("Retry-After", "1"),
        ("RateLimit-Policy", "\"client\";q=1;w=1"),
        ("RateLimit", "\"client\";r=0;t=1"),
    ] {
        assert_eq!(answer.header(name), value);
    }
    eventually(200, || app.get_with(&key, "/services"));
    let other = app.new_key("fast", "read");
    for _ in 0..50 {
        app.get_with(&other, "/services").is(200);
    }
}
