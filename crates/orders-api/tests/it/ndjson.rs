//! `GET /orders` as lines: all orders, from one snapshot.

use std::thread;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::json;

use crate::app::{App, NDJSON, STALL_TIMEOUT};
use crate::database::MANY;
use crate::framework::break_database;
use crate::samples::{ids, order, order_in, time};
use crate::wire::Wire;

fn export(app: &App, query: &str) -> Vec<serde_json::Value> {
    let answer = app.send("GET", &format!("/orders{query}"), &[("Accept", NDJSON)]);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("Content-Type"), NDJSON);
    answer.lines()
}

/// Waits until no transaction is open in the database.
#[track_caller]
fn wait_until_idle(app: &App) {
    let mut conn = app.sql();
    let began = Instant::now();
    loop {
        let open = "(SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                        AND pid <> pg_backend_pid() AND xact_start IS NOT NULL)";
        let open: i64 =
            diesel::select(diesel::dsl::sql::<BigInt>(open)).get_result(&mut conn).unwrap();
        if open == 0 {
            return;
        }
        assert!(began.elapsed() < STALL_TIMEOUT, "{open} transactions are still open");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn every_matching_order_is_a_line_like_in_the_list() {
    let app = App::start().with_calendars(["roof"]);
    assert_eq!(export(&app, ""), Vec::<serde_json::Value>::new());
    let mut orders: Vec<_> = (0..1200).map(|n| order(format!("d{n:04}"), n * 3)).collect();
    orders.extend((0..30).map(|n| order_in("roof", format!("r{n:02}"), n * 3)));
    app.place_all(&orders);
    for query in [
        "".to_owned(),
        "?order=desc".to_owned(),
        "?calendar=roof".to_owned(),
        "?calendar=roof&service=123&order=desc".to_owned(),
        "?service=456".to_owned(),
        "?calendar=nobody".to_owned(),
        format!("?from={}&to={}", time(30), time(90)),
        format!("?service=123&from={}", time(3500)),
    ] {
        let mark = if query.is_empty() { '?' } else { '&' };
        let listed = app.walk(&format!("/orders{query}{mark}limit=1000"));
        assert_eq!(export(&app, &query), listed, "{query}");
    }
}

#[test]
fn page_parameters_are_rejected_for_lines() {
    let app = App::start();
    for query in ["limit=10", "after=a1_1", "limit=10&after=a1_1"] {
        let answer = app.send("GET", &format!("/orders?{query}"), &[("Accept", NDJSON)]);
        answer.is_problem(400, "malformed-request");
    }
    for query in ["order=up", "from=x", "calendar=a/b", "colour=red"] {
        let answer = app.send("GET", &format!("/orders?{query}"), &[("Accept", NDJSON)]);
        answer.is_problem(400, "malformed-request");
    }
}

#[test]
fn an_export_is_one_snapshot_during_writes() {
    let app = App::start_full(&[]);
    let mut wire = Wire::export(&app, "");
    let first = wire.reading.line().unwrap().unwrap();
    // The rest waits because the client does not read.
    let last = format!("{}{}", "o".repeat(59), MANY - 1);
    app.delete(&format!("/orders/{last}")).is(204);
    app.patch(&format!("/orders/{}19990", "o".repeat(59)), json!({ "totalfee": 7 })).is(200);
    app.post("/orders", order("new", 400_000)).is(201);
    let mut lines = vec![first];
    lines.extend(wire.reading.rest().unwrap());
    let ids = ids(&lines);
    assert_eq!((ids.len(), *ids.last().unwrap()), (MANY, last.as_str()));
    assert!(ids.is_sorted());
    assert!(lines.iter().all(|line| line["totalfee"] == 1 && line["version"] == 1));
    wait_until_idle(&app);
}

#[test]
fn nothing_is_left_behind_when_a_client_hangs_up() {
    let app = App::start_full(&["--max-exports-per-client", "4"]);
    for round in 0..12 {
        let mut wire = Wire::export(&app, "");
        for _ in 0..round {
            wire.reading.line().unwrap();
        }
        if round % 2 == 0 {
            wire.sending.hang_up();
        }
    }
    wait_until_idle(&app);
    let mut wire = Wire::export(&app, "?order=desc");
    assert_eq!(wire.reading.rest().unwrap().len(), MANY);
}

#[test]
fn a_client_that_stops_reading_is_cut_off() {
    let app = App::start_full(&["--stall-timeout", "300ms", "--max-exports-per-client", "4"]);
    let mut wires: Vec<_> = (0..4).map(|_| Wire::export(&app, "")).collect();
    wait_until_idle(&app);
    for wire in &mut wires {
        assert!(wire.reading.rest().is_err(), "the answer has a good end");
    }
    assert_eq!(export(&app, &format!("?to={}", time(100))).len(), 100);
}

#[test]
fn a_client_may_pause_while_its_system_holds_what_was_sent() {
    let app = App::start_full(&["--stall-timeout", "2s"]);
    let mut wire = Wire::export(&app, "");
    // As long as a slow client needs for the megabytes that its system has taken; the system takes no more meanwhile.
    thread::sleep(Duration::from_secs(4));
    assert_eq!(wire.reading.rest().unwrap().len(), MANY);
}

#[test]
fn an_export_that_takes_too_long_is_cut_off() {
    let app = App::start_full(&["--export-timeout", "2s"]);
    let mut wire = Wire::export(&app, "");
    wire.reading.line().unwrap();
    // The client reads on after the export has ended, and long before it stalls.
    wait_until_idle(&app);
    assert!(wire.reading.rest().is_err(), "the answer has a good end");
    assert_eq!(export(&app, &format!("?to={}", time(100))).len(), 100);
}

#[test]
fn head_does_not_read_all_orders() {
    let app = App::start_full(&[]);
    for _ in 0..8 {
        assert_eq!(app.send("HEAD", "/orders", &[("Accept", NDJSON)]).status, 200);
    }
    wait_until_idle(&app);
}

#[test]
fn an_export_without_a_database_is_unavailable_before_anything_is_sent() {
    let app = App::start_with(&["--request-timeout", "2s"]);
    break_database(&app);
    for method in ["GET", "HEAD"] {
        let answer = app.send(method, "/orders", &[("Accept", NDJSON)]);
        assert_eq!((answer.status, answer.header("Retry-After")), (503, "1"));
    }
}

#[test]
fn an_export_that_loses_its_database_is_cut_off() {
    let app = App::start_full(&["--max-exports-per-client", "2"]);
    let mut plain = Wire::export(&app, "");
    let mut packed =
        Wire::open(&app, &format!("GET /orders HTTP/1.1\nAccept: {NDJSON}\nAccept-Encoding: gzip"));
    assert!(packed.reading.head().contains("gzip"));
    plain.reading.line().unwrap();
    break_database(&app);
    assert!(plain.reading.rest().is_err(), "the answer has a good end");
    drop(packed);
    app.get("/healthz").is(200);
}
