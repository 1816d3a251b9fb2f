//! `GET /changes` as lines: all changes up to now.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::{Value, json};

use super::{link, position, summary};
use crate::app::{Answer, App, NDJSON};
use crate::database::MANY;
use crate::framework::break_database;
use crate::samples::order;
use crate::wire::Wire;

fn lines(app: &App, path: &str) -> Answer {
    let answer = app.send("GET", path, &[("Accept", NDJSON)]);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("Content-Type"), NDJSON);
    answer
}

#[test]
fn all_changes_are_lines_and_the_link_continues_where_they_end() {
    let app = App::start();
    let none = lines(&app, "/changes");
    assert_eq!(none.lines(), [] as [Value; 0]);
    app.place_all(&(0..1200).map(|n| order(n, n * 3)).collect::<Vec<_>>());
    let all = lines(&app, link(&none, "next"));
    assert_eq!(all.lines(), app.follow("/changes?limit=1000").0);
    let next = link(&all, "next");
    assert_eq!(position(next.strip_prefix("/changes?after=").unwrap()), 1200);
    app.delete("/orders/7").is(204);
    assert_eq!(summary(&lines(&app, next).lines()), [(1201, "deleted", "7", 2)]);
    assert_eq!(lines(&app, "/changes?after=now").lines(), [] as [Value; 0]);
    let filtered = lines(&app, "/changes?calendar=nobody&service=123");
    let (path, end) = link(&filtered, "next").split_once("&calendar=").unwrap();
    assert_eq!(position(path.strip_prefix("/changes?after=").unwrap()), 1201);
    assert_eq!(end, "nobody&service=123");
}

#[test]
fn the_lines_end_although_writers_are_faster_than_the_client() {
    let app = App::start_full(&[]);
    let mut wire = Wire::open(&app, &format!("GET /changes HTTP/1.1\nAccept: {NDJSON}"));
    let head = wire.reading.head();
    let end = head.split_once("link: </changes?after=").unwrap().1.split('>').next().unwrap();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for fee in 0..2000 {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let id = format!("{}{:05}", "o".repeat(59), fee % 7);
                app.patch(&format!("/orders/{id}"), json!({ "totalfee": fee })).is(200);
            }
        });
        let lines = wire.reading.rest().unwrap();
        assert_eq!(lines.len(), MANY);
        assert_eq!(lines.last().unwrap()["cursor"], end);
        stop.store(true, Ordering::Relaxed);
    });
    let (rest, _) = app.follow(&format!("/changes?after={end}&limit=1000"));
    assert_eq!(
        rest.first().map(|change| summary(std::slice::from_ref(change))[0].0),
        Some(MANY as u64 + 1)
    );
}

#[test]
fn lines_hold_no_connection_while_the_client_does_not_read() {
    // The waits are long, since a busy machine may take long to fill the buffers of four connections.
    let waits = ["--queue-wait", "20s", "--request-timeout", "20s"];
    let app = App::start_full(&[&["--connections", "1"][..], &waits].concat());
    let mut wires: Vec<_> = (0..4)
        .map(|_| Wire::open(&app, &format!("GET /changes HTTP/1.1\nAccept: {NDJSON}")))
        .collect();
    for wire in &mut wires {
        assert!(wire.reading.head().starts_with("HTTP/1.1 200 "));
    }
    app.post("/orders", order("1", 0)).is(201);
    for wire in &mut wires {
        assert_eq!(wire.reading.rest().unwrap().len(), MANY);
    }
}

#[test]
fn lines_that_lose_their_database_are_cut_off() {
    let app = App::start_full(&["--request-timeout", "2s"]);
    let mut wire = Wire::open(&app, &format!("GET /changes HTTP/1.1\nAccept: {NDJSON}"));
    wire.reading.head();
    break_database(&app);
    assert!(wire.reading.rest().is_err(), "the answer has a good end");
    for accept in ["application/json", NDJSON] {
        let answer = app.send("GET", "/changes", &[("Accept", accept)]);
        answer.is_problem(503, "unavailable");
    }
}

#[test]
fn head_reads_no_lines() {
    let app = App::start_full(&[]);
    for accept in ["application/json", NDJSON] {
        let answer = app.send("HEAD", "/changes", &[("Accept", accept)]);
        assert_eq!((answer.status, answer.body.len()), (200, 0));
        link(&answer, "next");
    }
}

#[test]
fn a_change_is_the_same_bytes_everywhere() {
    let app = App::start();
    let mut new = order("1", 0);
    new["metadata"] = json!({ "b": "ü\n\u{2028}\"", "a": "" });
    new["reference"] = "PO 4711 / é".into();
    app.post("/orders", new).is(201);
    app.patch("/orders/1", json!({ "totalfee": 99.95 })).is(200);
    app.delete("/orders/1").is(204);
    let lines = lines(&app, "/changes").body;
    let lines = str::from_utf8(&lines).unwrap().trim_end().replace('\n', ",");
    for path in ["/changes", "/orders/1/history"] {
        assert_eq!(str::from_utf8(&app.get(path).body).unwrap(), format!("[{lines}]"));
    }
}
