//! `Idempotency-Key`: a creation that can be repeated.

use std::collections::HashSet;
use std::thread;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::{Value, json};

use crate::app::{Answer, App};
use crate::samples::{order, time};

#[track_caller]
fn place(app: &App, key: &str, body: impl ToString) -> Answer {
    let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key)];
    app.send_bytes("POST", "/orders", &headers, body.to_string().as_bytes())
}

/// An order without an id.
fn without_id(hour: usize) -> Value {
    json!({ "datetime": time(hour), "totalfee": 99.95, "services": [{ "id": "456" }, { "id": "123" }] })
}

#[track_caller]
fn check_replay(first: &Answer, again: &Answer) {
    let (first_body, again_body) = (first.is(201), again.is(201));
    assert!(!first.headers.contains_key("Idempotency-Replayed"));
    assert_eq!(again.header("Idempotency-Replayed"), "true");
    assert_eq!(again_body, first_body);
    for name in ["Location", "ETag", "Content-Type", "Cache-Control"] {
        assert_eq!(again.header(name), first.header(name));
    }
}

fn keys(app: &App) -> i64 {
    diesel::select(diesel::dsl::sql::<BigInt>("(SELECT count(*) FROM idempotency_keys)"))
        .get_result(&mut app.sql())
        .unwrap()
}

#[test]
fn the_same_key_with_the_same_body_returns_the_first_response_again() {
    let app = App::start();
    for (key, body) in [("a", without_id(0)), ("b", order("1", 6)), ("\"c\"", without_id(12))] {
        let first = place(&app, key, &body);
        for _ in 0..3 {
            check_replay(&first, &place(&app, key, &body));
        }
    }
    assert_eq!(app.get("/orders").is(200).as_array().unwrap().len(), 3);
}

#[test]
fn the_first_response_is_repeated_after_the_order_was_changed_or_deleted() {
    let app = App::start();
    let first = place(&app, "a", order("1", 0));
    app.put("/orders/1", order("1", 3)).is(200);
    check_replay(&first, &place(&app, "a", order("1", 0)));
    app.delete("/orders/1").is(204);
    check_replay(&first, &place(&app, "a", order("1", 0)));
    app.get("/orders/1").is_problem(404, "not-found");
}

#[test]
fn equivalent_bodies_are_the_same() {
    let app = App::start();
    let first = place(&app, "a", order("7", 0));
    let other = r#" {"totalfee":100.00, "services":[{"id":123}], "calendar":"default", "id":7,
                     "version": 3, "datetime":"2030-01-01T02:00:00.000+02:00"}"#;
    check_replay(&first, &place(&app, "a", other));
}

#[test]
fn a_key_belongs_to_one_body() {
    let app = App::start();
    place(&app, "a", order("1", 0)).is(201);
    let other = |name: &str, value: Value| {
        let mut body = order("1", 0);
        body[name] = value;
        body
    };
    for body in [
        other("id", "2".into()),
        other("datetime", time(6).into()),
        other("totalfee", json!(100.01)),
        other("services", json!([{ "id": "456" }])),
        other("services", json!([{ "id": "123" }, { "id": "456" }])),
        other("calendar", "roof".into()),
        without_id(0),
    ] {
        place(&app, "a", &body).is_problem(422, "idempotency-key-reused");
    }
    place(&app, "A", order("2", 6)).is(201);
}

#[test]
fn a_rejected_creation_does_not_use_its_key() {
    let app = App::start();
    app.post("/orders", order("1", 0)).is(201);
    place(&app, "a", order("2", 1)).is_problem(409, "order-conflict");
    place(&app, "a", order("1", 6)).is_problem(409, "id-taken");
    let mut unknown = order("2", 1);
    unknown["services"] = json!([{ "id": "x" }]);
    place(&app, "a", unknown).is_problem(422, "invalid-request");
    place(&app, "a", "{").is_problem(400, "malformed-request");
    assert_eq!(keys(&app), 0);
    app.delete("/orders/1").is(204);
    assert_eq!(place(&app, "a", order("2", 1)).is(201)["version"], 1);
}

#[test]
fn a_dry_run_does_not_use_its_key() {
    let app = App::start();
    let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "a")];
    let body = order("1", 0).to_string();
    app.send_bytes("POST", "/orders?dry_run=true", &headers, body.as_bytes()).is(200);
    assert_eq!(keys(&app), 0);
    place(&app, "a", order("2", 6)).is(201);
}

#[test]
fn anything_but_a_key_is_malformed() {
    let app = App::start();
    for key in ["", "\"\"", "two words", &"x".repeat(256), "caf\u{e9}"] {
        place(&app, key, order("1", 0)).is_problem(400, "malformed-request");
    }
    let twice =
        [("Content-Type", "application/json"), ("Idempotency-Key", "a"), ("Idempotency-Key", "a")];
    let body = order("1", 0).to_string();
    app.send_bytes("POST", "/orders", &twice, body.as_bytes()).is_problem(400, "malformed-request");
    assert_eq!(app.get("/orders").is(200), json!([]));
    place(&app, &"x".repeat(255), order("1", 0)).is(201);
}

#[test]
fn fifty_concurrent_creations_with_one_key_create_one_order() {
    let app = App::start_with(&["--queue-wait", "9s"]);
    for body in [without_id(0), order("1", 6)] {
        let key = format!("k{}", body["datetime"]);
        let answers: Vec<_> = thread::scope(|scope| {
            let clients: Vec<_> =
                (0..50).map(|_| scope.spawn(|| place(&app, &key, &body))).collect();
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        });
        let mut made = HashSet::new();
        let mut first = 0;
        for answer in answers {
            if answer.status == 409 {
                answer.is_problem(409, "idempotency-key-in-use");
                continue;
            }
            made.insert(answer.is(201).to_string());
            first += usize::from(!answer.headers.contains_key("Idempotency-Replayed"));
        }
        assert_eq!((made.len(), first), (1, 1));
        assert_eq!(place(&app, &key, &body).header("Idempotency-Replayed"), "true");
    }
    assert_eq!(app.get("/orders").is(200).as_array().unwrap().len(), 2);
}

#[test]
fn a_key_can_be_used_again_after_24_hours_and_not_before() {
    let app = App::start();
    let age = |key: &str, hours: &str| {
        app.execute(&format!(
            "UPDATE idempotency_keys SET created_at = now() - interval '{hours}' WHERE key = '{key}'"
        ));
    };
    place(&app, "a", order("1", 0)).is(201);
    age("a", "23 hours 59 minutes");
    assert_eq!(place(&app, "a", order("1", 0)).header("Idempotency-Replayed"), "true");
    age("a", "24 hours 1 minute");
    place(&app, "a", order("2", 6)).is(201);
    place(&app, "a", order("1", 0)).is_problem(422, "idempotency-key-reused");
    assert_eq!(keys(&app), 1);
}

#[test]
fn old_keys_are_deleted_when_new_ones_arrive() {
    let app = App::start();
    for n in 0..6 {
        place(&app, &format!("old{n}"), order(n, n * 3)).is(201);
    }
    app.execute("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'");
    for n in 6..9 {
        place(&app, &format!("new{n}"), order(n, n * 3)).is(201);
    }
    assert_eq!(keys(&app), 3);
}
