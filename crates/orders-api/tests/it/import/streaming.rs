//! Imports as streams: clients that wait, stall, hang up, or send everything first.

use std::thread;
#[cfg(target_os = "linux")]
use std::{fs, time::Duration, time::Instant};

use serde_json::{Value, json};

use super::outcomes;
#[cfg(target_os = "linux")]
use crate::app::STALL_TIMEOUT;
use crate::app::{App, NDJSON};
use crate::framework::break_database;
use crate::samples::{ids, lines, order};
use crate::wire::Wire;

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
fn a_client_that_expects_100_continue_gets_it() {
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
    const LINES: usize = 10_000;
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
    let failed = (0..1000).find(|_| wire.sending.chunk(lines.as_bytes()).is_err());
    assert!(failed.is_some(), "a million lines were taken");
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
fn a_client_that_sends_nothing_gets_a_request_timeout() {
    let app = App::start_with(&["--stall-timeout", "300ms"]);
    let mut wire = Wire::import(&app);
    wire.sending.line(&order("1", 0)).unwrap();
    wire.sending.chunk(b"{\"id\":").unwrap();
    wire.reading.head();
    assert_eq!(outcomes(&wire.reading.rest().unwrap()), ["1", "request-timeout"]);
}

/// Sends these bytes again and again until the connection is closed, and reads the response meanwhile.
fn dribble(mut wire: Wire, bytes: &[u8]) -> Vec<Value> {
    thread::scope(|scope| {
        scope.spawn(|| wire.sending.dribble(bytes));
        wire.reading.head();
        let answers = wire.reading.rest().unwrap();
        assert_eq!(wire.reading.until_closed(), "");
        answers
    })
}

#[test]
fn a_line_has_to_arrive_as_a_whole_within_the_stall_timeout() {
    let app = App::start_with(&["--stall-timeout", "500ms"]);
    let mut wire = Wire::import(&app);
    wire.sending.line(&order("1", 0)).unwrap();
    let answers = dribble(wire, b" ");
    assert_eq!(outcomes(&answers), ["1", "request-timeout"]);
}

#[test]
fn a_stopped_import_closes_its_connection() {
    let app = App::start();
    break_database(&app);
    let wire = Wire::import(&app);
    let answers = dribble(wire, format!("{}\n", order("1", 0)).as_bytes());
    let mut outcomes = outcomes(&answers);
    assert_eq!(outcomes.pop(), Some("import-stopped"));
    // As many as had arrived when the batch began.
    outcomes.dedup();
    assert_eq!(outcomes, ["unavailable"]);
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
    let orders = app.walk("/orders?limit=1000");
    let stored = ids(&orders);
    for id in &answered {
        assert!(stored.contains(&id.as_str()), "{id} was answered and does not exist");
    }
}

#[test]
fn a_body_that_breaks_off_gets_a_malformed_request() {
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
