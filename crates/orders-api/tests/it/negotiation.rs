//! Representations of responses: media types, compression, `HEAD`, `OPTIONS`.

use crate::app::{App, NDJSON};
use crate::samples::{lines, order};
use crate::wire::Wire;

const CSV_CONTENT_TYPE: &str = "text/csv; charset=utf-8; header=present";

/// A server with 50 orders.
fn start() -> App {
    let app = App::start();
    app.place_all(&(0..50).map(|n| order(n, n * 3)).collect::<Vec<_>>());
    app
}

#[test]
fn a_list_has_the_preferred_media_type() {
    let app = start();
    for (accept, kind) in [
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        ("application/x-ndjson", NDJSON),
        ("application/x-ndjson;q=0.5, application/json;q=0.4", NDJSON),
        ("application/x-ndjson;q=0.4, application/json;q=0.5", "application/json"),
        ("text/html, */*;q=0.1", "application/json"),
        ("application/json;q=0, */*", NDJSON),
        ("text/csv", CSV_CONTENT_TYPE),
        ("text/*", CSV_CONTENT_TYPE),
        ("text/csv;q=0.5, application/x-ndjson;q=0.4", CSV_CONTENT_TYPE),
        ("text/csv;q=0.4, application/json;q=0.5", "application/json"),
    ] {
        let answer = app.send("GET", "/orders", &[("Accept", accept)]);
        assert_eq!(answer.status, 200, "{accept}");
        assert_eq!(answer.header("Content-Type"), kind, "{accept}");
        assert_eq!(answer.header("Vary"), "Accept, Accept-Encoding", "{accept}");
    }
    assert_eq!(app.get("/orders").header("Content-Type"), "application/json");
}

#[test]
fn an_unknown_media_type_is_not_acceptable() {
    let app = start();
    for accept in ["text/html", "application/xml, text/plain", "application/json;q=0", "*/*;q=0"] {
        let answer = app.send("GET", "/orders", &[("Accept", accept)]);
        let problem = answer.is_problem(406, "not-acceptable");
        let offers = "application/json, application/x-ndjson and text/csv";
        assert_eq!(problem["detail"], format!("there is only {offers}"));
    }
    let problem =
        app.send("GET", "/changes", &[("Accept", "image/png")]).is_problem(406, "not-acceptable");
    let offers = "application/json, application/x-ndjson and text/event-stream";
    assert_eq!(problem["detail"], format!("there is only {offers}"));
}

#[test]
fn lists_are_compressed_if_the_client_accepts_that() {
    let app = start();
    let plain = app.get("/orders").body;
    for (accept, coding) in [
        ("gzip", Some("gzip")),
        ("br, gzip;q=0.5", Some("gzip")),
        ("br", None),
        ("identity", None),
        ("gzip;q=0", None),
    ] {
        for (path, kind) in [
            ("/orders", "application/json"),
            ("/orders", NDJSON),
            ("/orders", "text/csv"),
            ("/changes", "application/json"),
            ("/changes", NDJSON),
        ] {
            let headers = [("Accept-Encoding", accept), ("Accept", kind)];
            let answer = app.send("GET", path, &headers);
            let said = answer.headers.get("Content-Encoding").map(|said| said.to_str().unwrap());
            assert_eq!(answer.status, 200, "{accept}");
            assert_eq!(said, coding, "{accept}");
            let vary: Vec<_> = answer.headers.get_all("Vary").iter().collect();
            assert_eq!(vary, ["Accept, Accept-Encoding"], "{accept}");
            if coding.is_some() {
                assert_eq!(&answer.body[..2], b"\x1f\x8b", "{accept}");
                assert!(answer.body.len() < plain.len() / 3, "{accept}");
            }
        }
    }
}

#[test]
fn responses_with_a_strong_etag_are_not_compressed() {
    let app = start();
    let gzip = ("Accept-Encoding", "gzip");
    let json = ("Content-Type", "application/json");
    let (new, put) = (order("new", 1000).to_string(), order("1", 1006).to_string());
    for answer in [
        app.send("GET", "/orders/1", &[gzip]),
        app.send_bytes("POST", "/orders", &[gzip, json], new.as_bytes()),
        app.send_bytes("PUT", "/orders/1", &[gzip, json], put.as_bytes()),
        app.send_bytes("PATCH", "/orders/1", &[gzip, json], b"{}"),
    ] {
        assert!(!answer.headers.contains_key("Content-Encoding"), "{answer:?}");
        assert!(answer.header("ETag").starts_with('"'));
        assert!(answer.json().is_object());
    }
}

#[test]
fn head_has_the_headers_of_get_and_no_body() {
    let app = start();
    for (path, accept) in [
        ("/orders", "*/*"),
        ("/orders?limit=5&order=desc", "*/*"),
        ("/orders", NDJSON),
        ("/orders", "text/csv"),
        ("/orders", "text/html"),
        ("/orders?limit=0", "*/*"),
        ("/orders/1", "*/*"),
        ("/orders/nobody", "*/*"),
        ("/services", "*/*"),
        ("/calendars/default", "*/*"),
        ("/availability?from=2030-01-01T00:00:00Z&to=2030-01-02T00:00:00Z", "*/*"),
    ] {
        let get = app.send("GET", path, &[("Accept", accept)]);
        let head = app.send("HEAD", path, &[("Accept", accept)]);
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
        for name in [
            "Content-Type",
            "Content-Length",
            "ETag",
            "Link",
            "Vary",
            "Cache-Control",
            "Transfer-Encoding",
            "Content-Disposition",
        ] {
            assert_eq!(head.headers.get(name), get.headers.get(name), "{name} of {path}");
        }
    }
}

#[test]
fn the_connection_can_be_used_after_head() {
    let app = start();
    let mut wire = Wire::open(&app, &format!("HEAD /orders HTTP/1.1\nAccept: {NDJSON}"));
    assert!(wire.reading.head().starts_with("HTTP/1.1 200 "));
    wire.sending.raw(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    assert!(wire.reading.head().starts_with("HTTP/1.1 200 "));
}

#[test]
fn options_returns_the_methods_and_the_patch_format() {
    let app = App::start();
    for (path, allow) in [
        ("/orders/1", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
        ("/orders", "GET, HEAD, POST, OPTIONS"),
        // It is also the path of an order with this id.
        ("/orders/import", "GET, HEAD, PUT, PATCH, DELETE, POST, OPTIONS"),
    ] {
        let answer = app.send("OPTIONS", path, &[]);
        answer.is(204);
        assert_eq!(answer.header("Allow"), allow);
        let patch = answer.headers.get("Accept-Patch").map(|kind| kind.to_str().unwrap());
        let expected = allow.contains("PATCH").then_some("application/merge-patch+json");
        assert_eq!(patch, expected, "{path}");
    }
}

#[test]
fn an_import_returns_lines_whatever_the_client_accepts() {
    let app = App::start();
    for (n, accept) in ["*/*", "application/json", NDJSON].into_iter().enumerate() {
        let headers = [("Content-Type", NDJSON), ("Accept", accept), ("Accept-Encoding", "gzip")];
        let body = lines(&[order(n, n * 3)]);
        let answer = app.send_bytes("POST", "/orders/import", &headers, body.as_bytes());
        assert_eq!((answer.status, answer.header("Content-Type")), (200, NDJSON));
        assert_eq!(answer.lines()[0]["id"], n.to_string());
    }
}
