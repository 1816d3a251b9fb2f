//! What all routes have in common: methods, request ids, problems; and health.

use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use serde_json::json;

use crate::app::{App, NDJSON};
use crate::database::maintenance;
use crate::samples::order;
use crate::wire::Wire;

#[test]
fn unknown_routes_are_problems() {
    let app = App::start();
    for path in ["/nowhere", "/orders/", "/orders/1/items", "//", "/ORDERS", "/%ff", "/orders/%00"]
    {
        app.get(path).is_problem(404, "not-found");
    }
    app.send("PUT", "/nowhere", &[]).is_problem(404, "not-found");
}

#[test]
fn a_trailing_slash_is_named_if_a_route_is_there_without_it() {
    let app = App::start();
    for (path, is_named) in
        [("/orders/", true), ("/orders/1/", true), ("/orders//", false), ("/nowhere/", false)]
    {
        let problem = app.get(path).is_problem(404, "not-found");
        let detail = problem["detail"].as_str().unwrap();
        assert_eq!(detail.contains("without the trailing slash"), is_named, "{path}: {detail}");
    }
}

#[test]
fn impossible_ids_are_not_found() {
    let app = App::start();
    for id in ["a%2Fb", "%2e%2e", "a%20b", "%F0%9F%98%80", &"x".repeat(65)] {
        for path in ["orders", "services", "calendars"] {
            app.get(&format!("/{path}/{id}")).is_problem(404, "not-found");
        }
        app.put(&format!("/orders/{id}"), "not even JSON").is_problem(404, "not-found");
    }
}

#[test]
fn other_methods_are_answered_with_the_allowed_ones() {
    let app = App::start();
    for (path, allow) in [
        ("/", "GET, HEAD, OPTIONS"),
        ("/orders", "GET, HEAD, POST, OPTIONS"),
        ("/orders/1", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
        ("/orders/import", "GET, HEAD, PUT, PATCH, DELETE, POST, OPTIONS"),
        ("/orders/1/history", "GET, HEAD, OPTIONS"),
        ("/changes", "GET, HEAD, OPTIONS"),
        ("/services", "GET, HEAD, POST, OPTIONS"),
        ("/services/1", "GET, HEAD, PUT, DELETE, OPTIONS"),
        ("/calendars", "GET, HEAD, POST, OPTIONS"),
        ("/calendars/1", "GET, HEAD, PUT, DELETE, OPTIONS"),
        ("/availability", "GET, HEAD, OPTIONS"),
        ("/healthz", "GET, HEAD, OPTIONS"),
        ("/readyz", "GET, HEAD, OPTIONS"),
        ("/problems", "GET, HEAD, OPTIONS"),
        ("/problems/not-found", "GET, HEAD, OPTIONS"),
    ] {
        for method in ["TRACE", "BREW"] {
            let answer = app.send(method, path, &[]);
            answer.is_problem(405, "method-not-allowed");
            assert_eq!(answer.header("Allow"), allow);
        }
        let options = app.send("OPTIONS", path, &[]);
        options.is(204);
        assert_eq!(options.header("Allow"), allow);
    }
    app.delete("/orders").is_problem(405, "method-not-allowed");
    app.post("/orders/1", "{}").is_problem(405, "method-not-allowed");
}

#[test]
fn head_responds_like_get_without_a_body() {
    let app = App::start();
    let (get, head) = (app.get("/services"), app.send("HEAD", "/services", &[]));
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("Content-Length"), get.header("Content-Length"));
    assert_eq!(app.send("HEAD", "/orders/1", &[]).status, 404);
}

#[test]
fn unknown_query_parameters_are_malformed() {
    let app = App::start();
    for path in
        ["/", "/orders", "/orders/1", "/services", "/services/123", "/calendars", "/problems"]
    {
        app.get(&format!("{path}?colour=red")).is_problem(400, "malformed-request");
    }
    app.post("/orders?dry_run=yes", "{}").is_problem(400, "malformed-request");
    app.post("/orders?dry_run=true&dry_run=true", "{}").is_problem(400, "malformed-request");
    app.delete("/orders/1?force=true").is_problem(400, "malformed-request");
}

#[test]
fn a_request_keeps_its_id_or_gets_a_new_one() {
    let app = App::start();
    for path in ["/healthz", "/nowhere"] {
        let answer = app.send("GET", path, &[("X-Request-Id", "abc-1")]);
        assert_eq!(answer.header("X-Request-Id"), "abc-1");
    }
    let (first, second) = (app.get("/healthz"), app.get("/healthz"));
    assert_ne!(first.header("X-Request-Id"), second.header("X-Request-Id"));
    let long = "x".repeat(129);
    assert_ne!(app.send("GET", "/", &[("X-Request-Id", &long)]).header("X-Request-Id"), long);
}

#[test]
fn browsers_do_not_guess_the_type_of_any_response() {
    let app = App::start();
    let order = app.post("/orders", order("1", 0));
    let answers = [
        app.get("/orders/1"),
        app.send("GET", "/orders/1", &[("If-None-Match", order.header("ETag"))]),
        app.send("HEAD", "/orders", &[]),
        app.send("OPTIONS", "/orders", &[]),
        app.send("GET", "/orders", &[("Accept", NDJSON)]),
        app.send("GET", "/orders", &[("Accept-Encoding", "gzip")]),
        app.send_bytes("POST", "/orders/import", &[("Content-Type", NDJSON)], b"x"),
        app.get("/changes"),
        app.get("/docs"),
        app.get("/openapi.json"),
        app.delete("/orders/1"),
        app.get("/nowhere"),
        app.send("BREW", "/orders", &[]),
        app.post("/orders", "{"),
        order,
    ];
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(
        statuses,
        [200, 304, 200, 204, 200, 200, 200, 200, 200, 200, 204, 404, 405, 400, 201]
    );
    for answer in answers {
        assert_eq!(answer.header("X-Content-Type-Options"), "nosniff", "{answer:?}");
    }
    let mut events = Wire::open(&app, "GET /changes HTTP/1.1\nAccept: text/event-stream");
    let head = events.reading.head();
    assert!(head.contains("\r\nx-content-type-options: nosniff\r\n"), "{head}");
}

#[test]
fn every_problem_explains_itself() {
    let app = App::start();
    let list = app.get("/problems").is(200);
    for kind in list.as_array().unwrap() {
        let read = app.get(kind["type"].as_str().unwrap()).is(200);
        assert_eq!(&read, kind);
        assert!(read["meaning"].as_str().unwrap().ends_with('.'));
    }
    app.get("/problems/nothing").is_problem(404, "not-found");
}

#[test]
fn the_index_leads_to_every_resource() {
    let app = App::start();
    assert_eq!(app.get("/").is(200)["orders"], "/orders");
}

#[test]
fn without_a_database_the_service_is_alive_but_not_ready() {
    let app = App::start_with(&["--request-timeout", "2s", "--queue-wait", "300ms"]);
    app.get("/readyz").is(200);
    break_database(&app);
    app.get("/healthz").is(200);
    let began = Instant::now();
    let order = json!({
        "datetime": "2022-11-01T11:11:11Z", "totalfee": 1, "services": [{ "id": "123" }]
    });
    for answer in [app.get("/readyz"), app.get("/orders"), app.post("/orders", order)] {
        let problem = answer.is_problem(503, "unavailable");
        assert_eq!(answer.header("Retry-After"), "1");
        assert!(!problem.to_string().contains("test_"), "{problem}");
    }
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn anything_but_http_is_a_bad_request() {
    let app = App::start();
    for request in ["nonsense\r\n\r\n", "GET / HTTP/1.1\r\nHost x\r\n\r\n"] {
        assert_eq!(app.send_raw(request.as_bytes()).status, 400);
    }
}

#[test]
fn a_body_that_is_not_read_to_its_end_closes_the_connection() {
    let app = App::start();
    for (path, content_type, status) in [
        ("/orders", "text/plain", "415"),
        ("/orders/import", "text/plain", "415"),
        ("/nowhere", "application/json", "404"),
    ] {
        let head = format!(
            "POST {path} HTTP/1.1\nContent-Type: {content_type}\nTransfer-Encoding: chunked"
        );
        let Wire { mut sending, mut reading } = Wire::open(&app, &head);
        thread::scope(|scope| {
            scope.spawn(|| sending.dribble(b"x"));
            let response = reading.until_closed();
            assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{response}");
        });
    }
    // One that was sent as a whole leaves it open for the next request.
    let post = "POST /nowhere HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked\n\n1\nx\n0\n\n";
    let mut wire = Wire::open(&app, &format!("{post}GET /healthz HTTP/1.1\nConnection: close"));
    let responses = wire.reading.until_closed();
    assert!(
        responses.contains("/problems/not-found") && responses.contains("alive"),
        "{responses}"
    );
}

#[test]
fn a_body_that_never_ends_times_out() {
    let app = App::start_with(&["--request-timeout", "300ms"]);
    let request = "POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                   Content-Length: 100\r\n\r\n{";
    app.send_raw(request.as_bytes()).is_problem(408, "request-timeout");
}

/// Refuses new connections to the database, and ends the present ones.
pub(crate) fn break_database(app: &App) {
    let name = app.database();
    maintenance()
        .batch_execute(&format!(
            "ALTER DATABASE {name} ALLOW_CONNECTIONS false; \
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        ))
        .unwrap();
}
