//! A client that sends much waits for itself, and others do not wait for it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use diesel::connection::SimpleConnection as _;
use serde_json::json;

use crate::access::bearer;
use crate::app::{App, NDJSON};
use crate::faults::waits_for_a_lock;
use crate::samples::{lines, order};

/// How many requests of the busy client wait at any time.
const WAITING: usize = 24;

/// How many requests the other client sends, one after the other.
const REQUESTS: usize = 11;

#[test]
fn a_request_does_not_wait_behind_those_of_a_busier_client() {
    let patient = ["--connections", "1", "--queue-wait", "20s", "--request-timeout", "20s"];
    let app = App::start_full(&patient);
    let [busy, quiet] = ["busy", "quiet"].map(|client| app.new_key(client, "read"));
    let (answered, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let mut overtaken = Vec::new();
    thread::scope(|scope| {
        for _ in 0..WAITING {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    app.get_with(&busy, "/orders?limit=100").is(200);
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        while answered.load(Ordering::Relaxed) < WAITING {
            thread::yield_now();
        }
        for _ in 0..REQUESTS {
            let before = answered.load(Ordering::Relaxed);
            app.get_with(&quiet, "/services").is(200);
            overtaken.push(answered.load(Ordering::Relaxed) - before);
        }
        is_over.store(true, Ordering::Relaxed);
    });
    overtaken.sort_unstable();
    let median = overtaken[REQUESTS / 2];
    assert!(median < WAITING / 2, "{median} other requests were answered meanwhile: {overtaken:?}");
}

#[test]
fn requests_are_answered_while_as_many_imports_as_connections_wait_for_the_database() {
    let app = App::start_with(&["--connections", "2", "--max-imports-per-client", "4"]);
    let key = app.new_key("importer", "write");
    let mut connection = app.sql();
    let lock = "SELECT pg_advisory_xact_lock(1, hashint8(key)) FROM calendars WHERE id = 'default'";
    connection.batch_execute(&format!("BEGIN; {lock}")).unwrap();
    thread::scope(|scope| {
        let imports: Vec<_> = (0..3)
            .map(|n| {
                let headers =
                    [("Content-Type", NDJSON.to_owned()), ("Authorization", bearer(&key))];
                let app = &app;
                scope.spawn(move || {
                    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
                    let body = lines(&[order(n, 3 * n)]);
                    app.send_bytes("POST", "/orders/import", &headers, body.as_bytes())
                })
            })
            .collect();
        // The imports wait for each other and for the lock of this transaction.
        while app.get_with(&key, "/services").status == 200 && !waits_for_a_lock(&app) {}
        for _ in 0..10 {
            app.get_with(&key, "/services").is(200);
        }
        connection.batch_execute("COMMIT").unwrap();
        for (n, import) in imports.into_iter().enumerate() {
            let results = import.join().unwrap().lines();
            assert_eq!(results[0]["id"], n.to_string(), "{results:?}");
        }
    });
}

#[test]
fn requests_are_answered_while_many_readers_of_a_calendar_feed_wait_for_the_database() {
    let app = App::start_with(&["--connections", "2"]);
    let feed = json!({ "name": "Crews", "calendars": ["default"] });
    let feed = app.post("/feeds", feed).is(201);
    let (_, token) = feed["url"].as_str().unwrap().rsplit_once('/').unwrap();
    let path = format!("/feeds/{token}");
    let mut connection = app.sql();
    let lock = "LOCK TABLE calendar_feed_calendars IN ACCESS EXCLUSIVE MODE";
    connection.batch_execute(&format!("BEGIN; {lock}")).unwrap();
    thread::scope(|scope| {
        let readers: Vec<_> = (0..4).map(|_| scope.spawn(|| app.get(&path))).collect();
        while app.get("/services").status == 200 && !waits_for_a_lock(&app) {}
        for _ in 0..10 {
            app.get("/services").is(200);
        }
        connection.batch_execute("COMMIT").unwrap();
        assert!(readers.into_iter().any(|reader| reader.join().unwrap().status == 200));
    });
}
