//! Feeds that are too long to be held in memory.

use super::*;
use crate::app::NDJSON;
use crate::framework::break_database;
use crate::wire::Wire;

const ORDERS: usize = 15_000;

/// A service with a feed of so many events.
fn start() -> (App, String) {
    let app = App::start();
    let path = app.feed_path(&["default"]);
    app.execute(&format!(
        "UPDATE calendars SET minimum_gap = '1 minute';
         UPDATE services SET name = repeat('Inspection of ', 14) WHERE id = '123';
         INSERT INTO orders (id, calendar, minimum_gap, datetime, totalfee, services)
         SELECT 'o' || n, key, minimum_gap, '{}'::timestamptz + n * interval '10 minutes', 1, '{{123}}'
           FROM calendars, generate_series(1, {ORDERS}) AS n",
        tomorrow_plus(0)
    ));
    (app, path)
}

/// A reader who has read the head of the response.
fn open(app: &App, path: &str) -> Wire {
    let mut wire = Wire::open(app, &format!("GET {path} HTTP/1.1"));
    let head = wire.reading.head();
    assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("chunked"), "{head}");
    wire
}

#[test]
fn a_long_feed_is_streamed() {
    let (app, path) = start();
    let answer = app.get(&path);
    assert_eq!(events(&answer).len(), ORDERS);
    let tag = answer.header("ETag");
    assert_eq!(app.send("GET", &path, &[("If-None-Match", tag)]).status, 304);
    assert_eq!(app.get(&path).body, answer.body);
    let head = app.send("HEAD", &path, &[]);
    assert_eq!((head.status, head.header("ETag"), head.body.len()), (200, tag, 0));
}

#[test]
fn readers_of_long_feeds_leave_places_for_exports() {
    let (app, path) = start();
    let other = app.feed_path(&["default"]);
    let tag = app.get(&path).header("ETag").to_owned();
    let _reader = open(&app, &path);
    let problem = app.get(&other).is_problem(503, "unavailable");
    let detail = "everyone who reads feeds has as many exports running as it may (1)";
    assert!(problem["detail"].as_str().unwrap().starts_with(detail), "{problem}");
    assert_eq!(app.send("GET", "/orders", &[("Accept", NDJSON)]).lines().len(), ORDERS);
    // To learn that it has not changed takes no place.
    assert_eq!(app.send("GET", &path, &[("If-None-Match", &tag)]).status, 304);
}

#[test]
fn a_feed_that_loses_its_database_is_cut_off() {
    let (app, path) = start();
    let mut reader = open(&app, &path);
    reader.reading.text().unwrap();
    break_database(&app);
    let end = std::iter::from_fn(|| reader.reading.text().transpose()).find(Result::is_err);
    assert!(end.is_some(), "the feed has a good end");
}
