//! The log: one line per request, when its response ends.

use serde_json::{Value, json};

use crate::access::bearer;
use crate::app::{App, NDJSON};
use crate::database::MANY;
use crate::framework::break_database;
use crate::program::Program;
use crate::samples::order;
use crate::wire::Wire;

/// The program on the database of this app.
fn start(app: &App) -> Program {
    Program::start(&["--database-url", &app.cli().database.database_url.unwrap()])
}

/// Starts an export of all orders with this request id, and reads the head of the response.
fn export(program: &Program, id: &str) -> Wire {
    let head = format!("GET /orders HTTP/1.1\nAccept: {NDJSON}\nX-Request-Id: {id}");
    let mut wire = Wire::open_at(program.address(), &head);
    assert!(wire.reading.head().starts_with("HTTP/1.1 200 "));
    wire
}

/// The number of bytes that a line of the log contains.
#[track_caller]
fn bytes(line: &str) -> usize {
    let (before, _) = line.split_once(" bytes").unwrap_or_else(|| panic!("no bytes: {line}"));
    before.rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
fn a_request_is_logged_once_with_what_was_sent() {
    let app = App::start();
    let program = start(&app);
    let body = program.send("GET", "/services", "").body;
    let line = program.logs("GET /services 200 ");
    assert_eq!(bytes(&line), body.len(), "{line}");
    assert!(!line.contains("cut off"), "{line}");
    assert_eq!(program.send("DELETE", "/orders/1", "").status, 404);
    program.logs("DELETE /orders/1 404 ");
    assert_eq!(program.send("HEAD", "/services", "").status, 200);
    assert_eq!(bytes(&program.logs("HEAD /services 200 ")), 0);
    assert_eq!(program.log().len(), 3, "{:#?}", program.log());
}

#[test]
fn the_start_says_where_the_schedule_and_the_documentation_are() {
    let app = App::start();
    let program = start(&app);
    let log = program.whole_log();
    for (name, path) in [("schedule", "/schedule"), ("documentation", "/docs")] {
        let url = format!("{name}: http://{}{path},", program.address());
        assert!(log.contains(&url), "{log}");
        assert_eq!(program.send("GET", path, "").status, 200);
    }
}

#[test]
fn a_stream_is_logged_when_it_ends() {
    let app = App::start();
    let program = start(&app);
    let head = "POST /orders/import HTTP/1.1\nContent-Type: application/x-ndjson\n\
                Transfer-Encoding: chunked\nX-Request-Id: long";
    let mut import = Wire::open_at(program.address(), head);
    import.sending.line(&order("1", 0)).unwrap();
    import.reading.head();
    assert_eq!(import.reading.line().unwrap(), Some(json!({ "id": "1" })));
    program.send("GET", "/healthz", "");
    program.logs("GET /healthz 200 ");
    assert_eq!(program.log().len(), 1, "{:#?}", program.log());
    import.sending.end().unwrap();
    assert_eq!(import.reading.line().unwrap(), None);
    let line = program.logs("POST /orders/import 200 ");
    assert_eq!(bytes(&line), "{\"id\":\"1\"}\n".len());
    assert!(line.ends_with(" long") && !line.contains("cut off"), "{line}");
}

#[test]
fn a_client_that_closes_the_connection_is_not_a_warning() {
    let app = App::start_full(&[]);
    let program = start(&app);
    let mut wire = export(&program, "closed");
    wire.reading.line().unwrap();
    wire.sending.hang_up();
    drop(wire.reading);
    let line = program.logs(" closed");
    assert!(line.contains("INFO") && line.contains("GET /orders 200 "), "{line}");
    assert!(line.contains(", cut off: the client closed the connection"), "{line}");
    assert!((1..MANY * 100).contains(&bytes(&line)), "{line}");
    // The service still answers, and has logged nothing else.
    program.send("GET", "/healthz", "");
    program.logs("GET /healthz 200 ");
    assert_eq!(program.log().len(), 2, "{:#?}", program.log());
}

#[test]
fn a_stream_that_fails_is_logged_with_its_cause() {
    let app = App::start_full(&[]);
    let program = start(&app);
    let mut wire = export(&program, "failed");
    wire.reading.line().unwrap();
    break_database(&app);
    assert!(wire.reading.rest().is_err(), "the answer has a good end");
    let line = program.logs(" failed");
    assert!(line.contains("WARN") && line.contains("GET /orders 200 "), "{line}");
    assert!(line.contains(", cut off: the database is unavailable: "), "{line}");
}

#[test]
fn an_export_that_takes_too_long_is_logged_with_that_reason() {
    let app = App::start_full(&[]);
    let program = Program::start(&["--database-url", &app.url(), "--export-timeout", "2s"]);
    let mut wire = export(&program, "slow");
    wire.reading.line().unwrap();
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert!(wire.reading.rest().is_err(), "the answer has a good end");
    let line = program.logs(" slow");
    assert!(line.contains(", cut off: it took longer than 2s"), "{line}");
}

#[test]
fn a_cause_is_logged_as_one_line_with_the_request_id() {
    let app = App::start();
    let program = start(&app);
    app.execute(
        r"CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN RAISE EXCEPTION E'first\n[2026-01-01T00:00:00Z INFO  forged] second\x1b[31m'; END $$;
          CREATE TRIGGER fail BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION fail()",
    );
    assert_eq!(program.send("POST", "/orders", order("1", 0)).status, 500);
    let line = program.logs("internal-error: ");
    let shown = r"first\n[2026-01-01T00:00:00Z INFO  forged] second\u{1b}[31m ";
    assert!(line.contains(shown), "{line}");
    let request = program.logs("POST /orders 500 ");
    assert_eq!(line.rsplit(' ').next(), request.rsplit(' ').next());
    assert_eq!(program.log().len(), 2, "{:#?}", program.log());
}

#[test]
fn long_requests_do_not_fill_the_log() {
    let app = App::start();
    let program = start(&app);
    for head in [
        format!("GET /{} HTTP/1.1\nConnection: close", "x".repeat(20_000)),
        format!("{} / HTTP/1.1\nConnection: close", "X".repeat(5_000)),
    ] {
        let mut wire = Wire::open_at(program.address(), &head);
        wire.reading.head();
    }
    for part in [format!(" /{}...", "x".repeat(255)), format!(" {}... / ", "X".repeat(256))] {
        let line = program.logs(&part);
        assert!(line.len() < 500, "{line}");
    }
}

/// A request with a key and a trace, whose id is `traced`.
fn send_traced(app: &App, program: &Program) -> Vec<u8> {
    let authorization = bearer(&app.new_key("shop", "read"));
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let headers =
        [("Authorization", &*authorization), ("traceparent", trace), ("X-Request-Id", "traced")];
    // The check of the database loads the key too.
    program.wait_for(200);
    program.send_with("GET", "/orders/1", &headers, "").body
}

#[test]
fn a_request_is_logged_with_its_client_and_its_trace() {
    let app = App::start();
    let program = start(&app);
    send_traced(&app, &program);
    let line = program.logs(" traced");
    let end = " bytes client shop trace 4bf92f3577b34da6a3ce929d0e0e4736 traced";
    assert!(line.ends_with(end), "{line}");
}

#[test]
fn a_log_of_json_has_a_field_for_each_part_of_a_request() {
    let app = App::start();
    let program = Program::start(&["--database-url", &app.url(), "--log-format", "json"]);
    let body = send_traced(&app, &program);
    program.send_with("GET", "/healthz", &[("X-Request-Id", "plain")], "");
    program.logs("\"request_id\":\"plain\"");
    let log = program.whole_log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &lines {
        for field in ["timestamp", "level", "target", "message"] {
            assert!(line[field].is_string(), "{line}");
        }
    }
    let of = |id: &str| lines.iter().find(|line| line["request_id"] == id).unwrap();
    let traced = of("traced");
    let duration = traced["duration"].as_f64().unwrap();
    assert!(duration > 0.0 && duration < 60.0, "{traced}");
    for (field, value) in [
        ("level", json!("INFO")),
        ("method", json!("GET")),
        ("path", json!("/orders/1")),
        ("status", json!(404)),
        ("bytes", json!(body.len())),
        ("client", json!("shop")),
        ("trace_id", json!("4bf92f3577b34da6a3ce929d0e0e4736")),
    ] {
        assert_eq!(traced[field], value, "{traced}");
    }
    let plain = of("plain").as_object().unwrap();
    for absent in ["client", "trace_id", "cut_off"] {
        assert!(!plain.contains_key(absent), "{plain:?}");
    }
}
