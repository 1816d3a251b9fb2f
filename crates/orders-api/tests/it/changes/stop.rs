//! Streams and waits when the service stops, the database is away, or its history is discarded.

use std::thread;
use std::time::Duration;

use orders_testkit::Signal;
use serde_json::json;

use super::stream::Stream;
use super::{link, summary};
use crate::app::App;
use crate::database::{TEMPLATE, own_postgres};
use crate::program::Program;
use crate::samples::order;
use crate::wire::Wire;

#[test]
fn a_stopping_service_ends_streams_and_waits_at_once() {
    let app = App::start();
    // Longer than the test may take.
    let url = app.url();
    let program = Program::start(&["--database-url", &url, "--shutdown-timeout", "3600"]);
    let mut streams: Vec<_> =
        (0..3).map(|_| Stream::open_at(program.address(), "/changes", "").at_end()).collect();
    let mut wait = Wire::open_at(program.address(), "GET /changes?after=now&wait=60 HTTP/1.1");
    thread::sleep(Duration::from_millis(300));
    program.signal(Signal::TERM);
    for stream in &mut streams {
        assert_eq!(stream.event().unwrap(), None);
    }
    let head = wait.reading.head();
    assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("rel=\"next\""), "{head}");
    assert!(head.contains("\r\ncontent-length: 2\r\n"), "{head}");
    assert_eq!(program.end().code(), Some(0));
}

#[test]
fn streams_survive_an_outage_of_the_database() {
    let mut postgres = own_postgres();
    let url = postgres.url(TEMPLATE);
    let program =
        Program::start(&["--database-url", &url, "--request-timeout", "2s", "--auth", "off"]);
    let mut stream = Stream::open_at(program.address(), "/changes", "").at_end();
    program.send("POST", "/orders", order("1", 0)).is(201);
    assert_eq!(summary(&stream.changes(1)), [(1, "created", "1", 1)]);
    postgres.stop().unwrap();
    program.logs("the changes cannot be read");
    // A line without an event, which does not need the database.
    assert!(stream.wire.reading.text().unwrap().unwrap().starts_with("id: 1_"));
    assert_eq!(stream.wire.reading.text().unwrap().unwrap(), "");
    postgres.start_again().unwrap();
    program.wait_for(200);
    program.send("POST", "/orders", order("2", 3)).is(201);
    assert_eq!(summary(&stream.changes(1)), [(2, "created", "2", 1)]);
    program.logs("the changes can be read again");
    let log = program.whole_log();
    assert_eq!(log.matches("the changes cannot be read").count(), 1, "{log}");
}

#[test]
fn a_stream_ends_if_the_database_discards_its_history() {
    let app = App::start();
    app.post("/orders", order("1", 0)).is(201);
    let shared = link(&app.get("/changes"), "next").to_owned();
    let mut stream = Stream::open(&app, "/changes?after=now", "").at_end();
    app.post("/orders", order("2", 3)).is(201);
    assert_eq!(summary(&stream.changes(1)), [(2, "created", "2", 1)]);
    app.discard_last_change();
    assert_eq!(stream.event().unwrap(), None);
    let header = ("Last-Event-ID", &*stream.cursor);
    let events = ("Accept", "text/event-stream");
    app.send("GET", "/changes", &[events, header]).is_problem(410, "cursor-gone");

    // The shared past continues, and with the same position another change.
    let mut stream = Stream::open(&app, &shared, "").at_end();
    app.post("/orders", order("3", 6)).is(201);
    assert_eq!(summary(&stream.changes(1)), [(2, "created", "3", 1)]);
    assert_eq!(app.get(&format!("{shared}&wait=60")).is(200)[0]["data"]["id"], json!("3"));
}
