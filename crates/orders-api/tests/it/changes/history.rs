//! The history of an order, and the order as it was.

use serde_json::{Value, json};

use super::{link, summary};
use crate::app::App;
use crate::samples::order;

#[test]
fn a_history_outlives_the_order_and_versions_never_repeat() {
    let app = App::start();
    app.get("/orders/1/history").is_problem(404, "not-found");
    app.post("/orders", order("1", 0)).is(201);
    app.delete("/orders/1").is(204);
    app.post("/orders", order("2", 0)).is(201);
    let again = app.post("/orders", order("1", 3));
    assert_eq!(again.is(201)["version"], 3);
    assert_eq!(again.header("ETag"), "\"3\"");
    for (method, body) in [("PUT", order("1", 6)), ("DELETE", json!(null))] {
        let headers = [("If-Match", "\"1\""), ("Content-Type", "application/json")];
        let answer = app.send_bytes(method, "/orders/1", &headers, body.to_string().as_bytes());
        answer.is_problem(412, "version-mismatch");
    }
    let answer = app.get("/orders/1/history");
    let changes = answer.is(200);
    let expected = [(1, "created", "1", 1), (2, "deleted", "1", 2), (4, "created", "1", 3)];
    assert_eq!(summary(changes.as_array().unwrap()), expected);
    assert!(!answer.headers.contains_key("Link"));
    app.delete("/orders/1").is(204);
    app.get("/orders/1").is_problem(404, "not-found");
    let changes = app.get("/orders/1/history").is(200);
    assert_eq!(summary(changes.as_array().unwrap()).last(), Some(&(5, "deleted", "1", 4)));
}

#[test]
fn a_long_history_has_pages() {
    let app = App::start();
    app.post("/orders", order("1", 0)).is(201);
    for fee in 1..7 {
        app.patch("/orders/1", json!({ "totalfee": fee })).is(200);
    }
    let mut versions = Vec::new();
    let mut next = Some("/orders/1/history?limit=3".to_owned());
    while let Some(path) = next {
        let answer = app.get(&path);
        let page = answer.is(200);
        versions.extend(summary(page.as_array().unwrap()).into_iter().map(|(.., version)| version));
        let more = answer.headers.contains_key("Link");
        next = more.then(|| link(&answer, "next").to_owned());
    }
    assert_eq!(versions, [1, 2, 3, 4, 5, 6, 7]);
    let first = app.get("/orders/1/history?limit=3");
    assert_eq!(link(&first, "next"), "/orders/1/history?after=3&limit=3");
    assert_eq!(app.get("/orders/1/history?after=7").is(200), json!([]));
    for query in ["after=-1", "after=x", "limit=0", "version=1", "after=9223372036854775808"] {
        let path = format!("/orders/1/history?{query}");
        app.get(&path).is_problem(400, "malformed-request");
    }
}

#[test]
fn an_order_may_be_read_as_it_was() {
    let app = App::start();
    let first = app.post("/orders", order("1", 0)).is(201);
    let second = app.patch("/orders/1", json!({ "totalfee": 7 })).is(200);
    app.delete("/orders/1").is(204);
    let third = app.post("/orders", order("1", 3)).is(201);

    let by_version = |version: u64| app.get(&format!("/orders/1?version={version}"));
    for order in [&first, &second, &third] {
        let version = order["version"].as_u64().unwrap();
        let answer = by_version(version);
        assert_eq!(answer.is(200), *order);
        assert_eq!(answer.header("ETag"), format!("\"{version}\""));
        let at = order["updated_at"].as_str().unwrap();
        assert_eq!(app.get(&format!("/orders/1?at={at}")).is(200), *order);
        for (known, status) in [(version, 304), (9, 200)] {
            let tag = format!("\"{known}\"");
            let path = format!("/orders/1?version={version}");
            let answer = app.send("GET", &path, &[("If-None-Match", &tag)]);
            assert_eq!(answer.status, status);
            assert_eq!(answer.header("ETag"), format!("\"{version}\""));
        }
    }
    // The deletion, and versions and times without an order.
    for query in ["version=3", "version=9", "at=2000-01-01T00:00:00Z"] {
        app.get(&format!("/orders/1?{query}")).is_problem(404, "not-found");
        app.get(&format!("/orders/2?{query}")).is_problem(404, "not-found");
    }
    let deleted_at = app.get("/orders/1/history").is(200)[2]["timestamp"].clone();
    let path = format!("/orders/1?at={}", deleted_at.as_str().unwrap());
    app.get(&path).is_problem(404, "not-found");
    assert_eq!(app.get("/orders/1?at=2099-01-01T00:00:00%2B01:00").is(200), third);

    for query in ["version=0", "version=x", "at=now", "version=1&at=2030-01-01T00:00:00Z", "as=1"] {
        app.get(&format!("/orders/1?{query}")).is_problem(400, "malformed-request");
    }
}

#[test]
fn an_order_may_have_the_id_history() {
    let app = App::start();
    app.post("/orders", order("history", 0)).is(201);
    assert_eq!(app.get("/orders/history").is(200)["id"], "history");
    let changes: Value = app.get("/orders/history/history").is(200);
    assert_eq!(summary(changes.as_array().unwrap()), [(1, "created", "history", 1)]);
}
