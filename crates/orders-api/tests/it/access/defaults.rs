//! Who needs a key if nobody has configured anything.

use super::{bearer, eventually};
use crate::app::App;
use crate::program::Program;

const LOCAL: (&str, &str) = ("Host", "127.0.0.1:3000");

/// The status of the answer to a request without a key.
fn status(app: &App, headers: &[(&str, &str)]) -> u16 {
    app.send("GET", "/orders", headers).status
}

#[test]
fn a_service_on_loopback_is_open_to_this_machine() {
    let app = App::start();
    assert_eq!(status(&app, &[]), 200);
    for host in ["localhost", "localhost:3000", "127.0.0.1", "[::1]:3000"] {
        assert_eq!(status(&app, &[("Host", host)]), 200, "{host}");
    }
    for host in ["evil.example", "evil.example:3000", "localhost.evil.example", "192.0.2.1"] {
        let answer = app.send("GET", "/orders", &[("Host", host)]);
        let problem = answer.is_problem(401, "authentication-required");
        assert!(
            problem["detail"].as_str().unwrap().contains("orders-api keys create"),
            "{problem}"
        );
        assert_eq!(answer.header("WWW-Authenticate"), "Bearer realm=\"orders\"");
    }
    for header in
        ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "x-forwarded-anything", "Via"]
    {
        assert_eq!(status(&app, &[LOCAL, (header, "for=192.0.2.1")]), 401, "{header}");
    }
}

#[test]
fn a_service_on_other_addresses_needs_a_key() {
    let app = App::start_with(&["--bind", "0.0.0.0:0"]);
    assert_eq!(status(&app, &[LOCAL]), 401);
    assert_eq!(app.get("/healthz").status, 200);
    let key = app.new_key("reader", "read");
    assert_eq!(app.get_with(&key, "/orders").status, 200);
}

#[test]
fn the_first_key_closes_a_service_for_ever() {
    let app = App::start();
    let key = app.new_key("reader", "read");
    assert_eq!(app.get_with(&key, "/orders").status, 200);
    let problem = eventually(401, || app.get("/orders")).is_problem(401, "authentication-required");
    assert!(!problem["detail"].as_str().unwrap().contains("orders-api"), "{problem}");
    app.command("clients remove reader");
    eventually(401, || app.get_with(&key, "/orders"));
    assert_eq!(status(&app, &[]), 401);
    assert_eq!(status(&app.start_another(&[]), &[]), 401, "a new instance is not open either");
}

#[test]
fn required_is_never_open_and_off_is_always() {
    let app = App::start_with(&["--auth", "required"]);
    assert_eq!(status(&app, &[]), 401);
    let key = app.new_key("reader", "read");
    assert_eq!(app.get_with(&key, "/orders").status, 200);
    let off = app.start_another(&["--auth", "off", "--bind", "0.0.0.0:0"]);
    let foreign = [("Host", "evil.example"), ("X-Forwarded-For", "192.0.2.1")];
    assert_eq!(status(&off, &foreign), 200);
    assert_eq!(status(&off, &[("Authorization", &bearer("x"))]), 200);
}

#[test]
fn the_log_says_who_needs_a_key_and_how_to_create_the_first() {
    let app = App::start();
    let url = app.url();
    for (auth, part) in [
        ("auto", "requests from this machine need no key"),
        ("required", "every request needs a key, and there is none"),
        ("off", "nobody needs a key"),
    ] {
        let program = Program::start(&["--database-url", &url, "--auth", auth]);
        let log = program.whole_log();
        assert!(log.contains(part), "{log}");
        assert_eq!(log.contains("orders-api keys create NAME"), auth != "off", "{log}");
    }
    let program = Program::start(&["--database-url", &url]);
    program.send_with("GET", "/orders", &[("Host", "evil.example")], "");
    let line = program.logs("a request was rejected");
    assert!(line.contains("WARN") && line.contains("orders-api keys create NAME"), "{line}");
}
