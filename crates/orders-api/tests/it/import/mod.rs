//! `POST /orders/import`: a line in, a line out.

use std::thread;
#[cfg(target_os = "linux")]
use std::{fs, time::Duration, time::Instant};

use serde_json::{Value, json};

#[cfg(target_os = "linux")]
use crate::app::STALL_TIMEOUT;
use crate::app::{App, NDJSON};
use crate::framework::break_database;
use crate::samples::{ids, lines, order, order_in, time};
use crate::wire::Wire;

/// What each line was answered: the id of what was placed, or the last segment of the problem's type.
fn outcomes(answers: &[Value]) -> Vec<&str> {
    answers
        .iter()
        .map(|answer| match answer["id"].as_str() {
            Some(id) => id,
            None => answer["type"].as_str().unwrap().strip_prefix("/problems/").unwrap(),
        })
        .collect()
}

/// The lines have these outcomes in an empty database.
#[track_caller]
fn check(app: &App, body: impl AsRef<[u8]>, expected: &[&str]) {
    app.execute("DELETE FROM orders");
    assert_eq!(outcomes(&app.import(body)), expected);
}

#[test]
fn every_line_is_answered_in_its_place() {
    let app = App::start().with_calendars(["roof"]);
    app.post("/orders", order("0", 0)).is(201);
    let body = [
        order("1", 3).to_string(),
        "nonsense".to_owned(),
        order("2", 4).to_string(),
        order_in("roof", "3", 4).to_string(),
        order_in("nobody", "4", 8).to_string(),
        json!({ "datetime": "now", "fee": 1 }).to_string(),
        order("1", 20).to_string(),
        order("0", 20).to_string(),
        "[]".to_owned(),
        order("5", 6).to_string(),
    ]
    .join("\n");
    let answers = app.import(body);
    assert_eq!(
        outcomes(&answers),
        [
            "1",
            "malformed-request",
            "order-conflict",
            "3",
            "invalid-request",
            "invalid-request",
            "id-taken",
            "id-taken",
            "invalid-request",
            "5"
        ]
    );
    assert_eq!(answers[0], json!({ "id": "1" }));
    assert_eq!(answers[2]["conflicts_with"], json!([{ "id": "1", "datetime": time(3) }]));
    let pointers: Vec<_> =
        answers[5]["errors"].as_array().unwrap().iter().map(|e| &e["pointer"]).collect();
    assert_eq!(pointers, ["/datetime", "/totalfee", "/services", "/fee"]);
    assert_eq!(ids(&app.walk("/orders")), ["0", "1", "3", "5"]);
}

#[test]
fn a_refused_line_is_answered_as_a_post_of_it_would_be() {
    let app = App::start();
    app.post("/orders", order("1", 0)).is(201);
    let mut unknown = order("2", 6);
    unknown["services"] = json!([{ "id": "x" }, { "id": "123" }]);
    for line in [
        order("2", 1).to_string(),
        order("1", 6).to_string(),
        order_in("nobody", "2", 6).to_string(),
        unknown.to_string(),
        "{\"totalfee\": -1}".to_owned(),
        "{".to_owned(),
        "null".to_owned(),
        "\"\"".to_owned(),
    ] {
        let posted = app.post("/orders", &line);
        assert!(posted.status >= 400, "{line}");
        assert_eq!(app.import(&line), [posted.json()], "{line}");
    }
}

#[test]
fn lines_end_as_lines_do_anywhere() {
    let app = App::start();
    let [a, b, c] = [0, 3, 6].map(|hour| order(hour, hour).to_string());
    check(&app, format!("{a}\n{b}\n{c}\n"), &["0", "3", "6"]);
    check(&app, format!("{a}\n{b}\n{c}"), &["0", "3", "6"]);
    check(&app, format!("{a}\r\n{b}\r\n{c}\r\n"), &["0", "3", "6"]);
    check(&app, format!("\n\n{a}\n \t\n\r\n{b}\n\n\n"), &["0", "3"]);
    check(&app, format!("  {a}  \n"), &["0"]);
}

#[test]
fn a_byte_order_mark_is_skipped_at_the_start_only() {
    let app = App::start();
    let [a, b] = [0, 3].map(|hour| order(hour, hour).to_string());
    check(&app, format!("\u{feff}{a}\n{b}\n"), &["0", "3"]);
    check(&app, format!("\u{feff}\n{a}"), &["0"]);
    check(&app, "\u{feff}", &[]);
    check(&app, format!("{a}\n\u{feff}{b}"), &["0", "malformed-request"]);
    check(&app, format!("\u{feff}\u{feff}{a}"), &["malformed-request"]);
}

#[test]
fn an_empty_body_gets_an_empty_answer() {
    let app = App::start();
    check(&app, "", &[]);
    check(&app, "\n", &[]);
    check(&app, " \r\n\n", &[]);
}

#[test]
fn a_bad_line_does_not_spoil_the_next() {
    let app = App::start();
    let good = order("1", 0).to_string();
    let long = format!("{{\"id\":\"{}\"}}", "x".repeat(65_536));
    check(&app, format!("{long}\n{good}\n{long}"), &["too-large", "1", "too-large"]);
    check(&app, [b"\"\xc3\x28\"\n", good.as_bytes()].concat(), &["malformed-request", "1"]);
    check(
        &app,
        [b"\xff\xfe\n\0\n", good.as_bytes()].concat(),
        &["malformed-request", "malformed-request", "1"],
    );
    check(&app, format!("{good}{good}\n{good}"), &["malformed-request", "1"]);
    check(&app, format!("{}\n{good}", "[".repeat(60_000)), &["malformed-request", "1"]);
}

#[test]
fn a_line_may_be_as_long_as_a_body() {
    let app = App::start();
    let good = order("1", 0).to_string();
    let padded = |length: usize| format!("{good}{}", " ".repeat(length - good.len()));
    check(&app, format!("{}\n", padded(65_536)), &["1"]);
    check(&app, format!("{}\n{}", padded(65_537), order("2", 3)), &["too-large", "2"]);
}

#[test]
fn the_first_of_lines_that_are_too_close_wins() {
    let app = App::start();
    let lines = lines(&[order("1", 2), order("2", 0), order("3", 4), order("4", 5), order("5", 2)]);
    check(&app, lines, &["1", "order-conflict", "order-conflict", "4", "order-conflict"]);
}

#[test]
fn the_first_of_lines_with_one_id_wins() {
    let app = App::start();
    let lines = lines(&[order("1", 0), order("1", 6), order("2", 1), order("2", 3), order("1", 0)]);
    check(&app, lines, &["1", "id-taken", "order-conflict", "2", "id-taken"]);
}

#[test]
fn a_line_without_an_id_gets_one() {
    let app = App::start();
    let bodies: Vec<_> = (0..3)
        .map(|n| json!({ "datetime": time(n * 3), "totalfee": 1, "services": [{ "id": 123 }] }))
        .collect();
    let answers = app.import(lines(&bodies));
    let made = ids(&answers);
    assert!(made.iter().all(|id| id.len() == 36), "{made:?}");
    assert_eq!(ids(&app.walk("/orders")), made);
}

#[test]
fn what_was_exported_can_be_imported() {
    let (app, other) = (App::start(), App::start());
    app.place_all(&(0..20).map(|n| order(n, n * 3)).collect::<Vec<_>>());
    let exported = app.send("GET", "/orders", &[("Accept", NDJSON)]).body;
    let answers = other.import(exported);
    assert_eq!(ids(&answers), ids(&app.walk("/orders")));
}

#[test]
fn an_import_that_is_repeated_tells_what_was_there() {
    let app = App::start();
    let orders: Vec<_> = (0..30).map(|n| order(n, n * 3)).collect();
    app.place_all(&orders[..17]);
    let answers = app.import(lines(&orders));
    let outcomes = outcomes(&answers);
    assert!(outcomes[..17].iter().all(|outcome| *outcome == "id-taken"), "{outcomes:?}");
    assert_eq!(outcomes[17..], ids(&orders)[17..]);
    assert_eq!(ids(&app.walk("/orders")), ids(&orders));
}

#[test]
fn an_import_is_declared_as_lines() {
    let app = App::start();
    let body = lines(&[order("1", 0)]);
    for headers in [
        &[][..],
        &[("Content-Type", "application/json")],
        &[("Content-Type", "text/plain")],
        &[("Content-Type", "application/x-ndjson; charset=latin1")],
        &[("Content-Type", NDJSON), ("Content-Encoding", "gzip")],
    ] {
        let answer = app.send_bytes("POST", "/orders/import", headers, body.as_bytes());
        answer.is_problem(415, "unsupported-media-type");
    }
    let kind = [("Content-Type", "Application/X-NDJSON; charset=utf-8")];
    let answer = app.send_bytes("POST", "/orders/import", &kind, body.as_bytes());
    assert_eq!(outcomes(&answer.lines()), ["1"]);
    let dry = app.send_bytes("POST", "/orders/import?dry_run=true", &kind, body.as_bytes());
    dry.is_problem(400, "malformed-request");
}

#[test]
fn an_order_may_be_named_import() {
    let app = App::start();
    app.place_all(&[order("import", 0)]);
    assert_eq!(app.get("/orders/import").is(200)["id"], "import");
    app.put("/orders/import", order("import", 3)).is(200);
    app.patch("/orders/import", json!({ "totalfee": 7 })).is(200);
    app.delete("/orders/import").is(204);
}

#[test]
fn a_client_that_waits_for_each_answer_gets_it() {
    let app = App::start();
    let mut wire = Wire::import(&app);
    assert!(wire.reading.head().starts_with("HTTP/1.1 200 "));
    for n in 0..20 {
        wire.sending.line(&order(n, n * 3)).unwrap();
        assert_eq!(wire.reading.line().unwrap().unwrap(), json!({ "id": n.to_string() }));
    }
    wire.sending.end().unwrap();
    assert_eq!(wire.reading.line().unwrap(), None);
}

#[test]
fn a_line_may_come_in_pieces() {
    let app = App::start();
    let mut wire = Wire::import(&app);
    for byte in lines(&[order("1", 0), order("2", 3)]).as_bytes() {
        wire.sending.chunk(&[*byte]).unwrap();
    }
    wire.sending.end().unwrap();
    wire.reading.head();
    assert_eq!(ids(&wire.reading.rest().unwrap()), ["1", "2"]);
}

#[test]
fn a_client_that_asks_first_is_told_to_go_on() {
    let app = App::start();
    let body = lines(&[order("1", 0)]);
    let mut wire = Wire::open(
        &app,
        &format!(
            "POST /orders/import HTTP/1.1\nContent-Type: {NDJSON}\nExpect: 100-continue\nContent-Length: {}",
            body.len()
        ),
    );
    assert_eq!(wire.reading.head(), "HTTP/1.1 100 Continue\r\n\r\n");
    wire.sending.raw(body.as_bytes()).unwrap();
    wire.reading.head();
    assert_eq!(ids(&wire.reading.rest().unwrap()), ["1"]);
}

#[test]
fn thousands_of_lines_go_in_and_out_at_the_same_time() {
    const LINES: usize = 3000;
    let app = App::start();
    let Wire { mut sending, mut reading } = Wire::import(&app);
    thread::scope(|scope| {
        scope.spawn(move || {
            for start in (0..LINES).step_by(100) {
                let some: Vec<_> = (start..start + 100).map(|n| order(n, n * 3)).collect();
                sending.chunk(lines(&some).as_bytes()).unwrap();
            }
            sending.end().unwrap();
        });
        reading.head();
        for n in 0..LINES {
            assert_eq!(reading.line().unwrap().unwrap()["id"], n.to_string());
        }
        assert_eq!(reading.line().unwrap(), None);
    });
    assert_eq!(app.walk("/orders?limit=1000").len(), LINES);
}

#[test]
fn a_client_may_send_many_lines_before_it_reads() {
    const LINES: usize = 30_000;
    let app = App::start();
    let mut wire = Wire::import(&app);
    for _ in 0..LINES / 1000 {
        wire.sending.chunk("nonsense\n".repeat(1000).as_bytes()).unwrap();
    }
    wire.sending.line(&order("1", 0)).unwrap();
    wire.sending.end().unwrap();
    wire.reading.head();
    let answers = wire.reading.rest().unwrap();
    assert_eq!((answers.len(), &answers[LINES]), (LINES + 1, &json!({ "id": "1" })));
}

#[test]
#[cfg(target_os = "linux")]
fn a_client_that_never_reads_is_cut_off() {
    let app = App::start_with(&["--stall-timeout", "300ms"]);
    let mut wire = Wire::import(&app);
    let lines = "nonsense\n".repeat(1000);
    let refused = (0..1000).find(|_| wire.sending.chunk(lines.as_bytes()).is_err());
    assert!(refused.is_some(), "a million lines were taken");
    let began = Instant::now();
    while connections(&app) > 0 {
        assert!(began.elapsed() < STALL_TIMEOUT, "the connection is still there");
        thread::sleep(Duration::from_millis(10));
    }
}

/// How many connections of clients the server has open.
#[cfg(target_os = "linux")]
fn connections(app: &App) -> usize {
    let port = format!(":{:04X}", app.address().port());
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    let ours = |line: &&str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        // The state of an established connection is 01.
        fields[1].ends_with(&port) && fields[3] == "01"
    };
    table.lines().filter(ours).count()
}

#[test]
fn a_client_that_falls_silent_is_told_so() {
    let app = App::start_with(&["--stall-timeout", "300ms"]);
    let mut wire = Wire::import(&app);
    wire.sending.line(&order("1", 0)).unwrap();
    wire.sending.chunk(b"{\"id\":").unwrap();
    wire.reading.head();
    assert_eq!(outcomes(&wire.reading.rest().unwrap()), ["1", "request-timeout"]);
}

#[test]
fn a_client_that_hangs_up_loses_nothing_that_was_answered() {
    let app = App::start();
    let mut answered = Vec::new();
    for round in 0..8 {
        let mut wire = Wire::import(&app);
        let orders: Vec<_> =
            (0..300).map(|n| order(format!("r{round}-{n}"), (round * 300 + n) * 3)).collect();
        wire.sending.chunk(lines(&orders).as_bytes()).unwrap();
        wire.sending.chunk(b"{\"id\":").unwrap();
        wire.reading.head();
        for _ in 0..=round * 20 {
            answered.push(wire.reading.line().unwrap().unwrap()["id"].as_str().unwrap().to_owned());
        }
        if round % 2 == 0 {
            wire.sending.hang_up();
        }
    }
    let standing = app.walk("/orders?limit=1000");
    let standing = ids(&standing);
    for id in &answered {
        assert!(standing.contains(&id.as_str()), "{id} was answered and is not there");
    }
}

#[test]
fn a_body_that_breaks_off_is_told_so() {
    let app = App::start();
    let mut wire = Wire::import(&app);
    wire.sending.line(&order("1", 0)).unwrap();
    wire.sending.chunk(order("2", 3).to_string().as_bytes()).unwrap();
    wire.sending.stop();
    wire.reading.head();
    assert_eq!(outcomes(&wire.reading.rest().unwrap()), ["1", "malformed-request"]);
    assert_eq!(ids(&app.walk("/orders")), ["1"]);
}

#[test]
fn imports_into_the_same_times_keep_the_rule_and_answer_every_line() {
    let app = App::start().with_calendars(["roof"]);
    let import = |name: &str, shift: usize| {
        let orders: Vec<_> = (0..600)
            .map(|n| {
                let hour = (n * 37 % 600) * 3 / 2 + shift;
                let calendar = ["default", "roof"][(n + shift) % 2];
                order_in(calendar, format!("{name}{n}"), hour)
            })
            .collect();
        (orders.clone(), app.import(lines(&orders)))
    };
    let (one, other) = thread::scope(|scope| {
        let one = scope.spawn(|| import("a", 0));
        let other = scope.spawn(|| import("b", 1));
        (one.join().unwrap(), other.join().unwrap())
    });
    let mut placed = Vec::new();
    for (orders, answers) in [&one, &other] {
        assert_eq!(answers.len(), orders.len());
        for (order, answer) in orders.iter().zip(answers) {
            match answer["id"].as_str() {
                Some(id) => {
                    assert_eq!(order["id"], id);
                    placed.push(id);
                }
                None => assert_eq!(answer["type"], "/problems/order-conflict", "{answer}"),
            }
        }
    }
    placed.sort_unstable();
    for calendar in ["default", "roof"] {
        let standing = app.walk(&format!("/orders?limit=1000&calendar={calendar}"));
        for pair in standing.windows(2) {
            let at = |order: &Value| -> orders_core::Timestamp {
                order["datetime"].as_str().unwrap().parse().unwrap()
            };
            let apart = at(&pair[1]).as_micros() - at(&pair[0]).as_micros();
            assert!(apart >= 3 * 3_600_000_000, "{pair:?}");
        }
    }
    let standing = app.walk("/orders?limit=1000");
    let mut standing = ids(&standing);
    standing.sort_unstable();
    assert_eq!(standing, placed);
}

#[test]
fn imports_and_moves_at_once_never_fail() {
    let app = App::start_with(&["--queue-wait", "9s"]);
    let movers: Vec<_> = (0..10).map(|n| order(format!("m{n}"), n * 40)).collect();
    app.place_all(&movers);
    thread::scope(|scope| {
        let imports: Vec<_> = (0..2)
            .map(|import| {
                let app = &app;
                scope.spawn(move || {
                    for round in 0..4 {
                        let orders: Vec<_> = (0..150)
                            .map(|n| order(format!("i{import}-{round}-{n}"), n * 53 % 400))
                            .collect();
                        for answer in app.import(lines(&orders)) {
                            let status = answer["status"].as_u64().unwrap_or(201);
                            assert!(matches!(status, 201 | 409), "{answer}");
                        }
                    }
                })
            })
            .collect();
        let app = &app;
        scope.spawn(move || {
            let mut round = 0;
            while imports.iter().any(|import| !import.is_finished()) {
                let id = format!("m{}", round % 10);
                let moved = app.put(&format!("/orders/{id}"), order(&id, round * 71 % 400));
                assert!(matches!(moved.status, 200 | 409), "{moved:?}");
                round += 1;
            }
        });
    });
}

#[test]
fn an_import_ends_when_the_database_becomes_unavailable() {
    const LINES: usize = 20_000;
    let app = App::start();
    break_database(&app);
    let orders: Vec<_> = (0..LINES).map(|n| order(n, n * 3)).collect();
    let answers = app.import(lines(&orders));
    assert!(answers.len() < LINES / 2, "{} lines were read", answers.len());
    let outcomes = outcomes(&answers);
    let (last, of_lines) = outcomes.split_last().unwrap();
    assert_eq!(*last, "import-stopped");
    assert!(!of_lines.is_empty() && of_lines.iter().all(|outcome| *outcome == "unavailable"));
}

#[test]
fn an_import_of_which_all_lines_were_read_is_answered_line_by_line() {
    let app = App::start();
    break_database(&app);
    let mut wire = Wire::import(&app);
    let line = format!("{}\n", order("1", 0));
    let body = format!("{:x}\r\n{line}\r\n0\r\n\r\n", line.len());
    wire.sending.raw(body.as_bytes()).unwrap();
    wire.reading.head();
    assert_eq!(outcomes(&wire.reading.rest().unwrap()), ["unavailable"]);
}
