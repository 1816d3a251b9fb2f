//! `GET /changes` as events.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::dsl::sql;
use diesel::sql_types::{Array, Integer};
use diesel::{Connection as _, PgConnection, RunQueryDsl as _};
use orders_testkit::Signal;
use rustix::process::{Pid, kill_process};
use serde_json::{Value, json};

use super::stream::Stream;
use super::writers::{check, write_while};
use super::{link, summary};
use crate::access::bearer;
use crate::app::{App, NDJSON};
use crate::database::{MANY, TEMPLATE, own_postgres};
use crate::program::Program;
use crate::samples::{lines, order, order_in};

#[test]
fn every_kind_of_write_is_an_event_at_once() {
    let app = App::start();
    let mut stream = Stream::open(&app, "/changes", "").at_end();
    assert!(stream.head.contains("\r\ncontent-type: text/event-stream\r\n"), "{}", stream.head);
    assert!(stream.head.contains("\r\ncache-control: no-store\r\n"), "{}", stream.head);
    app.post("/orders", order("1", 0)).is(201);
    assert_eq!(summary(&stream.changes(1)), [(1, "created", "1", 1)]);
    app.put("/orders/1", order("1", 3)).is(200);
    assert_eq!(summary(&stream.changes(1)), [(2, "updated", "1", 2)]);
    app.patch("/orders/1", json!({ "totalfee": 2 })).is(200);
    assert_eq!(summary(&stream.changes(1)), [(3, "updated", "1", 3)]);
    app.delete("/orders/1").is(204);
    assert_eq!(summary(&stream.changes(1)), [(4, "deleted", "1", 4)]);
    app.import(lines(&[order("2", 6), order("3", 9)]));
    assert_eq!(summary(&stream.changes(2)), [(5, "created", "2", 1), (6, "created", "3", 1)]);
    let key = [("Content-Type", "application/json"), ("Idempotency-Key", "k")];
    app.send_bytes("POST", "/orders", &key, order("4", 12).to_string().as_bytes()).is(201);
    assert_eq!(summary(&stream.changes(1)), [(7, "created", "4", 1)]);
    app.execute("DELETE FROM orders WHERE id = '4'");
    assert_eq!(summary(&stream.changes(1)), [(8, "deleted", "4", 2)]);
    app.start_another(&[]).patch("/orders/2", json!({ "totalfee": 2 })).is(200);
    assert_eq!(summary(&stream.changes(1)), [(9, "updated", "2", 2)]);
}

#[test]
fn the_data_of_an_event_is_the_line_of_the_same_change() {
    let app = App::start_with(&["--auth", "required"]);
    let key = app.new_key("web-shop", "write");
    let authorization = format!("Authorization: {}", bearer(&key));
    let mut live = Stream::open(&app, "/changes", &authorization).at_end();
    let json = ("Content-Type", "application/json");
    let sender = bearer(&key);
    let headers = [("Authorization", &*sender), json];
    let mut new = order("1", 0);
    new["metadata"] = json!({ "note": "ü\n\u{2028}\r" });
    app.send_bytes("POST", "/orders", &headers, new.to_string().as_bytes()).is(201);
    app.send_bytes("DELETE", "/orders/1", &headers, b"").is(204);
    let mut past = Stream::open(&app, "/changes?service=123", &authorization);
    assert_eq!(past.wire.reading.text().unwrap().unwrap(), "");
    let headers = [("Authorization", &*sender), ("Accept", NDJSON)];
    let lines = app.send("GET", "/changes", &headers).body;
    for line in str::from_utf8(&lines).unwrap().lines() {
        for stream in [&mut live, &mut past] {
            assert_eq!(stream.event().unwrap().unwrap().data, line);
        }
    }
}

#[test]
fn a_stream_begins_at_its_cursor() {
    let app = App::start();
    app.place_all(&[order("1", 0), order("2", 3), order("3", 6)]);
    let cursors: Vec<_> = app.get("/changes").is(200).as_array().unwrap().clone();
    let cursor = |n: usize| cursors[n]["cursor"].as_str().unwrap();
    let first = |path: &str, headers: &str| {
        let mut stream = Stream::open(&app, path, headers);
        stream.change().unwrap()["data"]["id"].clone()
    };
    assert_eq!(first("/changes", ""), "1");
    assert_eq!(first(&format!("/changes?after={}", cursor(0)), ""), "2");
    let header = format!("Last-Event-ID: {}", cursor(1));
    assert_eq!(first(&format!("/changes?after={}", cursor(0)), &header), "3");
    assert_eq!(first("/changes?after=now", &header), "3");
    let now = Stream::open(&app, "/changes?after=now", "").at_end();
    assert_eq!(now.cursor, cursor(2));

    let events = ("Accept", "text/event-stream");
    for value in ["x", "1_", "now"] {
        let answer = app.send("GET", "/changes", &[events, ("Last-Event-ID", value)]);
        answer.is_problem(400, "malformed-request");
        // It is for event streams only.
        for media_type in ["application/json", NDJSON] {
            let headers = [("Accept", media_type), ("Last-Event-ID", value)];
            assert_eq!(app.send("GET", "/changes", &headers).status, 200);
        }
    }
    for (query, status, problem) in [
        ("limit=1", 400, "malformed-request"),
        ("wait=1", 400, "malformed-request"),
        ("after=x", 400, "malformed-request"),
        ("after=9_1667124180123456", 410, "cursor-gone"),
    ] {
        let answer = app.send("GET", &format!("/changes?{query}"), &[events]);
        answer.is_problem(status, problem);
    }
    let head = app.send("HEAD", "/changes", &[events]);
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[test]
fn a_stream_has_every_change_once_and_in_sequence() {
    let app = App::start().with_calendars(["c0", "c1", "c2", "c3"]);
    let another = app.start_another(&[]);
    let count = |app: &App| app.get("/changes?after=now").header("Link").to_owned();
    // One stream from the beginning, and several that are opened while there are writes.
    let (acknowledged, changes) = write_while([&app, &another], 80, |stopped| {
        let mut whole = Stream::open(&another, "/changes", "");
        let mut all = Vec::new();
        let mut parts = Vec::new();
        while !stopped.load(Ordering::Acquire) {
            let mut late = Stream::open(&app, "/changes", "");
            parts.push(late.changes(all.len() + 1));
            all.extend(whole.changes(1));
        }
        let end = count(&app);
        let end = super::position(end.split_once("after=").unwrap().1.split('>').next().unwrap());
        all.extend(whole.changes(end as usize - all.len()));
        for part in parts {
            assert_eq!(part, all[..part.len()]);
        }
        all
    });
    check(&app, &changes, &acknowledged);
}

#[test]
fn a_stream_of_many_past_changes_continues_with_present_ones() {
    let app = App::start_full(&[]);
    let mut stream = Stream::open(&app, "/changes", "");
    let mut last = 0;
    thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..200 {
                let id = format!("{}{n:05}", "o".repeat(59));
                app.patch(&format!("/orders/{id}"), json!({ "totalfee": 3 })).is(200);
            }
        });
        for change in stream.changes(MANY + 200) {
            let position = super::position(change["cursor"].as_str().unwrap());
            assert_eq!(position, last + 1);
            last = position;
        }
    });
}

#[test]
fn a_stream_that_falls_behind_misses_nothing() {
    // More than is kept in memory and fits into the buffers of a connection, while the client does not read.
    let app = App::start();
    let mut stream = Stream::open(&app, "/changes", "").at_end();
    let mut reading = Stream::open(&app, "/changes", "").at_end();
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(reading.changes(6000).len(), 6000));
        for n in 0..6 {
            app.execute(&format!(
                "INSERT INTO orders (id, calendar, minimum_gap, datetime, totalfee, services, metadata)
                 SELECT n::text, key, minimum_gap, '2030-01-01T00:00:00Z'::timestamptz + n * minimum_gap, 1, ARRAY['123'],
                        jsonb_build_object('a', repeat('x', 500), 'b', repeat('y', 500), 'c', repeat('z', 500))
                   FROM generate_series({n} * 1000, {n} * 1000 + 999) AS n, calendars WHERE calendars.id = 'default'"
            ));
        }
    });
    app.delete("/orders/7").is(204);
    for expected in 1..=6001 {
        let change = stream.change().unwrap();
        assert_eq!(super::position(change["cursor"].as_str().unwrap()), expected);
    }
}

#[test]
fn a_follower_resumes_after_the_service_was_killed() {
    let postgres = own_postgres();
    let url = postgres.url(TEMPLATE);
    let start = || Program::start(&["--database-url", &url]);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for round in 0..3 {
        let program = start();
        let header =
            if cursor.is_empty() { String::new() } else { format!("Last-Event-ID: {cursor}") };
        let mut stream = Stream::open_at(program.address(), "/changes", &header);
        for n in 0..10 {
            let id = round * 10 + n;
            program.send("POST", "/orders", order(id, id * 3)).is(201);
        }
        // The client dies with some events unread.
        seen.extend(stream.changes(if round == 2 { 10 + 2 * 4 } else { 6 }));
        cursor = stream.cursor.clone();
        program.signal(Signal::KILL);
        program.end();
    }
    let positions: Vec<_> = summary(&seen).into_iter().map(|(position, ..)| position).collect();
    assert_eq!(positions, (1..=30).collect::<Vec<_>>());
}

#[test]
fn a_restricted_client_sees_its_own_events_only() {
    let app = App::start().with_calendars(["crew"]);
    app.command("clients add crew --scope read --calendar crew");
    let key = app.command("keys create crew");
    let admin = bearer(&app.new_key("ops", "admin"));
    let headers = [("Authorization", &*admin), ("Content-Type", "application/json")];
    let send = |method: &str, path: &str, body: Value| {
        app.send_bytes(method, path, &headers, body.to_string().as_bytes())
    };
    let authorization = format!("Authorization: {}", bearer(&key));
    let mut stream = Stream::open(&app, "/changes", &authorization).at_end();
    let mut roof =
        Stream::open(&app, "/changes?calendar=default", &format!("Authorization: {admin}"))
            .at_end();
    send("POST", "/orders", order("secret", 0)).is(201);
    send("POST", "/orders", order_in("crew", "1", 0)).is(201);
    send("PUT", "/orders/1", order_in("default", "1", 9)).is(200);
    send("DELETE", "/orders/1", Value::Null).is(204);
    send("POST", "/orders", order_in("crew", "2", 0)).is(201);
    let seen = stream.changes(3);
    let expected = [(2, "created", "1", 1), (3, "deleted", "1", 2), (5, "created", "2", 1)];
    assert_eq!(summary(&seen), expected);
    assert_eq!(seen[1]["data"]["calendar"], "crew");
    assert_eq!(json!(seen), app.get_with(&key, "/changes").is(200));
    let expected = [(1, "created", "secret", 1), (3, "updated", "1", 2), (4, "deleted", "1", 3)];
    assert_eq!(summary(&roof.changes(3)), expected);
    let wanted = [("Accept", "text/event-stream"), ("Authorization", &bearer(&key))];
    app.send("GET", "/changes?calendar=default", &wanted).is_problem(403, "not-permitted");
}

#[test]
fn a_quiet_stream_advances_the_cursor() {
    let app = App::start();
    let mut stream = Stream::open(&app, "/changes?calendar=nobody", "").at_end();
    app.place_all(&[order("1", 0), order("2", 3)]);
    let now = link(&app.get("/changes?after=now"), "next").to_owned();
    let line = stream.wire.reading.text().unwrap().unwrap();
    assert_eq!(format!("/changes?after={}", line.strip_prefix("id: ").unwrap()), now);
    assert_eq!(stream.wire.reading.text().unwrap().unwrap(), "");
}

#[test]
fn a_stream_sends_its_cursor_even_if_the_database_does_not_answer() {
    let postgres = own_postgres();
    let url = postgres.url(TEMPLATE);
    let app = App::start_on(&url, &["--request-timeout", "10m"]);
    let mut conn = PgConnection::establish(&url).unwrap();
    // More than fits into the buffers of a connection.
    conn.batch_execute(
        "INSERT INTO orders (id, calendar, minimum_gap, datetime, totalfee, services, metadata)
         SELECT n::text, key, minimum_gap, '2030-01-01T00:00:00Z'::timestamptz + n * minimum_gap, 1, ARRAY['123'],
                jsonb_build_object('a', repeat('x', 500), 'b', repeat('y', 500), 'c', repeat('z', 500))
           FROM generate_series(1, 10000) AS n, calendars WHERE calendars.id = 'default'",
    )
    .unwrap();
    let mut stream = Stream::open(&app, "/changes", "");
    let sessions = "(SELECT array_agg(pid) FROM pg_stat_activity
                      WHERE datname = current_database() AND pid <> pg_backend_pid())";
    let sessions: Vec<i32> =
        diesel::select(sql::<Array<Integer>>(sessions)).get_result(&mut conn).unwrap();
    let signal_all = |signal| {
        for session in &sessions {
            kill_process(Pid::from_raw(*session).unwrap(), signal).unwrap();
        }
    };
    signal_all(Signal::STOP);
    let mut last = String::new();
    let heartbeat = loop {
        let line = stream.wire.reading.text().unwrap().unwrap();
        match line.split_once(": ") {
            Some(("id", cursor)) => last = cursor.to_owned(),
            None if !last.is_empty() => break last,
            Some(_) => last.clear(),
            None => {}
        }
    };
    assert!(super::position(&heartbeat) < 10_000, "{heartbeat}");
    signal_all(Signal::CONT);
    assert_eq!(
        super::position(stream.changes(1)[0]["cursor"].as_str().unwrap()),
        super::position(&heartbeat) + 1
    );
}

#[test]
fn events_are_not_compressed() {
    let app = App::start();
    app.post("/orders", order("1", 0)).is(201);
    for accept in ["", "\nAccept: text/*", "\nAccept: */*;q=0.1"] {
        let headers = format!("Accept-Encoding: gzip{accept}");
        let mut stream = Stream::open(&app, "/changes", &headers);
        assert!(!stream.head.contains("content-encoding"), "{}", stream.head);
        stream.change().unwrap();
    }
}

#[test]
fn a_stream_ends_if_its_client_loses_access_or_calendars() {
    let app = App::start().with_calendars(["crew", "roof"]);
    let admin = app.new_key("ops", "admin");
    let clients = [
        ("revoked", "keys revoke revoked --ends"),
        ("removed", "clients remove removed"),
        ("other", "clients set other --calendar roof"),
    ];
    let streams = clients.map(|(client, command)| {
        app.command(&format!("clients add {client} --scope read --calendar crew"));
        let key = app.command(&format!("keys create {client}"));
        let authorization = format!("Authorization: {}", bearer(&key));
        let stream = Stream::open(&app, "/changes", &authorization).at_end();
        match client {
            "revoked" => app.command(&format!("{command} {}", &key[key.len() - 4..])),
            _ => app.command(command),
        };
        (client, stream)
    });
    for (client, mut stream) in streams {
        assert_eq!(stream.event().unwrap(), None, "{client}");
    }
    // Another client's stream remains, also if it is idle.
    let mut stream =
        Stream::open(&app, "/changes", &format!("Authorization: {}", bearer(&admin))).at_end();
    thread::sleep(Duration::from_millis(100));
    let headers = [("Authorization", &*bearer(&admin)), ("Content-Type", "application/json")];
    app.send_bytes("POST", "/orders", &headers, order("1", 0).to_string().as_bytes()).is(201);
    assert_eq!(summary(&stream.changes(1)), [(1, "created", "1", 1)]);
}
