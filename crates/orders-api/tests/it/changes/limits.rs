//! How many may follow, and clients that do not read.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::stream::Stream;
use crate::access::bearer;
use crate::app::{Answer, App, STALL_TIMEOUT};
use crate::database::MANY;
use crate::samples::order;
use crate::wire::Wire;

const EVENTS: (&str, &str) = ("Accept", "text/event-stream");

/// Repeats a request until it is not answered with 503.
#[track_caller]
fn until_there_is_a_place(request: impl Fn() -> Answer) -> Answer {
    let began = Instant::now();
    loop {
        let answer = request();
        if answer.status != 503 {
            return answer;
        }
        assert!(began.elapsed() < STALL_TIMEOUT, "there is still no place");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn one_stream_too_many_is_unavailable_at_once() {
    let app = App::start_with(&["--max-streams", "2"]);
    let first = Stream::open(&app, "/changes", "").at_end();
    let second = Stream::open(&app, "/changes", "").at_end();
    for (method, path, headers) in [
        ("GET", "/changes", &[EVENTS][..]),
        ("HEAD", "/changes", &[EVENTS]),
        ("GET", "/changes?wait=60", &[]),
    ] {
        let answer = app.send(method, path, headers);
        assert_eq!((answer.status, answer.header("Retry-After")), (503, "1"));
    }
    let problem = app.send("GET", "/changes", &[EVENTS]).is_problem(503, "unavailable");
    assert!(problem["detail"].as_str().unwrap().contains("as it may (2)"), "{problem}");
    // Other requests need no place.
    app.get("/changes").is(200);
    app.post("/orders", order("1", 0)).is(201);
    first.wire.sending.hang_up();
    // The service notices when it sends something.
    (2..7).for_each(|n| drop(app.post("/orders", order(n, 3 * n)).is(201)));
    let answer = until_there_is_a_place(|| app.get("/changes?after=now&wait=1"));
    assert_eq!(answer.is(200), json!([]));
    drop(second);
}

#[test]
fn a_client_has_its_own_limit() {
    let app = App::start_with(&["--max-streams-per-client", "1", "--max-streams", "3"]);
    let [shop, partner] = ["shop", "partner"].map(|name| app.new_key(name, "read"));
    let open = |key: &str| {
        Stream::open(&app, "/changes", &format!("Authorization: {}", bearer(key))).at_end()
    };
    let stream = open(&shop);
    let denied = app.send("GET", "/changes", &[EVENTS, ("Authorization", &bearer(&shop))]);
    let problem = denied.is_problem(503, "unavailable");
    assert!(
        problem["detail"].as_str().unwrap().starts_with("client shop has as many "),
        "{problem}"
    );
    let _other = open(&partner);
    drop(stream);
    // The service notices when it sends something.
    let writer = bearer(&app.new_key("writer", "write"));
    let headers = [("Authorization", &*writer), ("Content-Type", "application/json")];
    for n in 0..5 {
        let body = order(n, 3 * n).to_string();
        app.send_bytes("POST", "/orders", &headers, body.as_bytes()).is(201);
    }
    until_there_is_a_place(|| {
        app.send("HEAD", "/changes", &[EVENTS, ("Authorization", &bearer(&shop))])
    });
}

#[test]
fn a_stream_counts_as_one_request_for_the_rate() {
    let app = App::start();
    app.command("clients add shop --scope read --rate 1");
    let key = app.command("keys create shop");
    let _admin = app.new_key("ops", "admin");
    let authorization = format!("Authorization: {}", bearer(&key));
    let mut stream = Stream::open(&app, "/changes", &authorization).at_end();
    for n in 0..30 {
        app.execute(&format!(
            "INSERT INTO orders (id, calendar, minimum_gap, datetime, totalfee, services)
             SELECT '{n}', key, minimum_gap, '2030-01-01T00:00:00Z'::timestamptz + {n} * interval '3 hours', 1,
                    ARRAY['123'] FROM calendars WHERE id = 'default'"
        ));
        stream.change().unwrap();
    }
}

#[test]
fn a_client_that_stops_reading_is_disconnected_and_affects_nobody_else() {
    let app = App::start_full(&["--stall-timeout", "1s", "--max-streams", "5"]);
    let mut stalled: Vec<_> = (0..4)
        .map(|_| Wire::open(&app, "GET /changes HTTP/1.1\nAccept: text/event-stream"))
        .collect();
    for wire in &mut stalled {
        assert!(wire.reading.head().starts_with("HTTP/1.1 200 "));
    }
    let mut reading = Stream::open(&app, "/changes", "");
    assert_eq!(reading.changes(MANY).len(), MANY);
    app.post("/orders", order("1", 0)).is(201);
    assert_eq!(reading.change().unwrap()["data"]["id"], "1");
    // Their places become free, for streams that get nothing now.
    let (mut others, began) = (Vec::new(), Instant::now());
    while others.len() < stalled.len() {
        assert!(began.elapsed() < STALL_TIMEOUT, "there are only {} places", others.len());
        let head = "GET /changes?after=now HTTP/1.1\nAccept: text/event-stream";
        let mut other = Wire::open(&app, head);
        if other.reading.head().starts_with("HTTP/1.1 200 ") {
            others.push(other);
        } else {
            thread::sleep(Duration::from_millis(50));
        }
    }
    for wire in &mut stalled {
        let ends = loop {
            match wire.reading.text() {
                Ok(Some(_)) => {}
                other => break other,
            }
        };
        assert!(ends.is_err(), "the stream has a good end");
    }
    app.delete("/orders/1").is(204);
    assert_eq!(reading.change().unwrap()["type"], "order.deleted");
}
