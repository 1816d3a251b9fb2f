//! Conditional requests: `ETag`, `If-Match`, `If-None-Match`, `Cache-Control`.

use std::thread;

use serde_json::json;

use crate::app::{Answer, App};
use crate::samples::order;

/// A server with order 1 at version 2.
fn start() -> App {
    let app = App::start();
    app.post("/orders", order("1", 0)).is(201);
    app.put("/orders/1", order("1", 3)).is(200);
    app
}

/// Sends a write under a condition.
fn write(app: &App, method: &str, (name, value): (&str, &str)) -> Answer {
    let (kind, body) = match method {
        "PUT" => ("application/json", order("1", 3).to_string()),
        "PATCH" => ("application/merge-patch+json", json!({ "totalfee": 7 }).to_string()),
        _ => return app.send(method, "/orders/1", &[(name, value)]),
    };
    let headers = [("Content-Type", kind), (name, value)];
    app.send_bytes(method, "/orders/1", &headers, body.as_bytes())
}

#[track_caller]
fn check_match(condition: &str, done: bool) {
    for method in ["PUT", "PATCH", "DELETE"] {
        let app = start();
        let before = app.everything();
        let answer = write(&app, method, ("If-Match", condition));
        if done {
            assert!(matches!(answer.status, 200 | 204), "{method} if {condition}: {answer:?}");
        } else {
            answer.is_problem(412, "version-mismatch");
            assert_eq!(app.everything(), before, "{method} if {condition}");
        }
    }
}

#[test]
fn a_write_happens_if_the_version_matches() {
    check_match("\"2\"", true);
    check_match("*", true);
    check_match("\"1\", \"2\"", true);
    check_match("\"x\",\"2\" , \"7\"", true);
}

#[test]
fn a_write_to_another_version_is_rejected() {
    check_match("\"1\"", false);
    check_match("\"3\"", false);
    check_match("\"1\", \"3\"", false);
    check_match("\"02\"", false);
    check_match("\"\"", false);
    check_match("W/\"2\"", false);
}

#[test]
fn if_none_match_star_rejects_a_write() {
    let app = start();
    for method in ["PUT", "PATCH", "DELETE"] {
        write(&app, method, ("If-None-Match", "*")).is_problem(412, "version-mismatch");
    }
}

#[test]
fn an_invalid_condition_is_malformed() {
    let app = start();
    for method in ["PUT", "PATCH", "DELETE"] {
        for value in ["2", "\"2", "\"2\" \"3\"", ""] {
            write(&app, method, ("If-Match", value)).is_problem(400, "malformed-request");
        }
        write(&app, method, ("If-None-Match", "\"2\"")).is_problem(400, "malformed-request");
    }
    for value in ["2", "nonsense"] {
        let headers = [("If-None-Match", value)];
        app.send("GET", "/orders/1", &headers).is_problem(400, "malformed-request");
    }
}

#[test]
fn a_condition_without_an_order_is_not_found() {
    let app = App::start();
    for method in ["PUT", "PATCH", "DELETE"] {
        write(&app, method, ("If-Match", "\"1\"")).is_problem(404, "not-found");
    }
    app.send("GET", "/orders/1", &[("If-None-Match", "*")]).is_problem(404, "not-found");
}

#[test]
fn a_dry_run_checks_the_condition_too() {
    let app = start();
    let headers = [("Content-Type", "application/json"), ("If-Match", "\"1\"")];
    for method in ["PUT", "PATCH"] {
        let body = order("1", 3).to_string();
        app.send_bytes(method, "/orders/1?dry_run=true", &headers, body.as_bytes())
            .is_problem(412, "version-mismatch");
    }
}

#[track_caller]
fn check_known(known: &str, status: u16) {
    let app = start();
    for method in ["GET", "HEAD"] {
        let answer = app.send(method, "/orders/1", &[("If-None-Match", known)]);
        assert_eq!(answer.status, status, "{method} if not {known}");
        assert_eq!(answer.header("ETag"), "\"2\"");
        assert_eq!(answer.header("Cache-Control"), "no-cache");
        assert_eq!(answer.body.is_empty(), status == 304 || method == "HEAD");
    }
}

#[test]
fn a_version_that_the_client_has_is_not_sent_again() {
    check_known("\"2\"", 304);
    check_known("W/\"2\"", 304);
    check_known("\"1\", \"2\"", 304);
    check_known("*", 304);
    check_known("\"1\"", 200);
    check_known("\"1\", \"3\"", 200);
}

#[test]
fn every_response_with_an_order_has_its_etag() {
    let app = App::start();
    let placed = app.post("/orders", order("1", 0));
    let put = app.put("/orders/1", order("1", 3));
    let patched = app.patch("/orders/1", json!({ "totalfee": 5 }));
    let read = app.get("/orders/1");
    let head = app.send("HEAD", "/orders/1", &[]);
    for (answer, tag) in
        [(placed, "\"1\""), (put, "\"2\""), (patched, "\"3\""), (read, "\"3\""), (head, "\"3\"")]
    {
        assert_eq!(answer.header("ETag"), tag);
        assert_eq!(answer.header("Cache-Control"), "no-cache");
    }
}

#[test]
fn one_of_two_writes_to_the_same_version_wins() {
    let app = App::start();
    for round in 0..50 {
        let id = format!("r{round}");
        app.post("/orders", order(&id, round * 6)).is(201);
        let path = &format!("/orders/{id}");
        let patch = |fee: usize| {
            let headers = [("Content-Type", "application/merge-patch+json"), ("If-Match", "\"1\"")];
            let body = json!({ "totalfee": fee }).to_string();
            (fee, app.send_bytes("PATCH", path, &headers, body.as_bytes()))
        };
        let put = |fee: usize| {
            let headers = [("Content-Type", "application/json"), ("If-Match", "\"1\"")];
            let mut body = order(&id, round * 6 + 1);
            body["totalfee"] = fee.into();
            (fee, app.send_bytes("PUT", path, &headers, body.to_string().as_bytes()))
        };
        let (one, other) = thread::scope(|scope| {
            let one = scope.spawn(|| patch(1));
            let other = scope.spawn(|| if round % 2 == 0 { patch(2) } else { put(2) });
            (one.join().unwrap(), other.join().unwrap())
        });
        let statuses = (one.1.status, other.1.status);
        let winner = match statuses {
            (200, 412) => one.0,
            (412, 200) => other.0,
            _ => panic!("round {round}: {statuses:?}"),
        };
        let order = app.get(path).is(200);
        assert_eq!((&order["version"], &order["totalfee"]), (&json!(2), &json!(winner)));
    }
}
