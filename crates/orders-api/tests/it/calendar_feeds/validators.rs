//! Reading a feed again only if it has changed.

use std::thread;

use diesel::connection::SimpleConnection as _;

use super::*;
use crate::faults::waits_for_a_lock;
use crate::framework::break_database;

#[test]
fn the_text_stays_the_same_and_is_not_sent_twice() {
    let app = App::start().with_calendars(["crew"]);
    for n in 0..5 {
        app.post("/orders", order("crew", &n.to_string(), 4 * n)).is(201);
    }
    let path = app.feed_path(&["crew"]);
    let first = app.get(&path);
    // Something that it does not show.
    app.post("/orders", order("default", "elsewhere", 0)).is(201);
    let second = app.get(&path);
    assert_eq!(first.body, second.body);
    let validators =
        |answer: &Answer| ["ETag", "Last-Modified"].map(|name| answer.header(name).to_owned());
    assert_eq!(validators(&first), validators(&second));
    let [tag, time] = validators(&first);
    for (name, value) in [
        ("If-None-Match", tag.clone()),
        ("If-None-Match", format!("\"x\", W/{tag}")),
        ("If-None-Match", "*".to_owned()),
        ("If-Modified-Since", time.clone()),
    ] {
        for method in ["GET", "HEAD"] {
            let answer = app.send(method, &path, &[(name, &value)]);
            assert_eq!((answer.status, answer.body.len()), (304, 0), "{name}: {value}");
            assert_eq!(validators(&answer), [tag.as_str(), time.as_str()]);
        }
    }
    let long_ago = "Sun, 06 Nov 1994 08:49:37 GMT";
    for headers in [
        vec![("If-None-Match", "\"x\"")],
        vec![("If-Modified-Since", long_ago)],
        vec![("If-Modified-Since", "yesterday")],
        // Tags say more than times.
        vec![("If-None-Match", "\"x\""), ("If-Modified-Since", time.as_str())],
    ] {
        let answer = app.send("GET", &path, &headers);
        assert_eq!(answer.status, 200, "{headers:?}");
        assert_eq!(answer.body, first.body);
    }
    app.send("GET", &path, &[("If-None-Match", "x")]).is_problem(400, "malformed-request");
}

#[test]
fn every_change_of_what_is_shown_is_sent() {
    let app = App::start().with_calendars(["crew"]);
    let path = app.feed_path(&["crew"]);
    let mut last = app.get(&path);
    let mut check = |what: &str| {
        for name in ["ETag", "Last-Modified"] {
            let condition = if name == "ETag" { "If-None-Match" } else { "If-Modified-Since" };
            let answer = app.send("GET", &path, &[(condition, last.header(name))]);
            assert_eq!(answer.status, 200, "{what}, {condition}");
            assert_ne!(answer.body, last.body, "{what}");
        }
        last = app.get(&path);
    };
    app.post("/orders", order("crew", "a", 0)).is(201);
    check("a new order");
    app.post("/orders", order("crew", "b", 4)).is(201);
    check("another one");
    app.patch("/orders/a", json!({ "datetime": tomorrow_plus(20) })).is(200);
    check("a move");
    app.delete("/orders/b").is(204);
    check("a deletion");
    app.put("/services/123", json!({ "name": "Roof" })).is(200);
    check("a new name of a service");
    app.put("/calendars/crew", json!({ "name": "Crew", "minimum_gap": "PT1H" })).is(200);
    check("a new gap");
}

#[test]
fn a_text_that_has_changed_while_it_was_read_is_not_confirmed_by_the_time_of_the_last_one() {
    let app = App::start();
    let path = app.feed_path(&["default"]);
    // The reader has found out what the feed shows, and waits to note it.
    let mut lock = app.sql();
    lock.batch_execute("BEGIN; SELECT FROM calendar_feeds FOR UPDATE").unwrap();
    let answer = thread::scope(|scope| {
        let reader = scope.spawn(|| app.get(&path));
        while !waits_for_a_lock(&app) {}
        app.post("/orders", order("default", "a", 0)).is(201);
        lock.batch_execute("COMMIT").unwrap();
        reader.join().unwrap()
    });
    assert_eq!(events(&answer).len(), 1);
    assert_eq!(answer.headers.get("Last-Modified"), None);
    let tag = answer.header("ETag");
    assert_eq!(app.send("GET", &path, &[("If-None-Match", tag)]).status, 304);
    // Now it shows what was noted first.
    app.delete("/orders/a").is(204);
    assert_eq!(app.send("GET", &path, &[("If-None-Match", tag)]).status, 200);
}

#[test]
fn head_has_the_headers_of_get() {
    let app = App::start();
    let path = app.feed_path(&["default"]);
    let [get, head] = ["GET", "HEAD"].map(|method| app.send(method, &path, &[]));
    assert_eq!((head.status, head.body.len()), (200, 0));
    for name in ["Content-Type", "Content-Length", "ETag", "Last-Modified", "Cache-Control"] {
        assert_eq!(head.headers.get(name), get.headers.get(name), "{name}");
    }
}

#[test]
fn a_feed_without_a_database_is_unavailable() {
    let app = App::start_with(&["--request-timeout", "2s"]);
    let path = app.feed_path(&["default"]);
    break_database(&app);
    let answer = app.get(&path);
    answer.is_problem(503, "unavailable");
    assert_eq!(answer.header("Retry-After"), "1");
}
