//! How many imports and exports run at a time.

use serde_json::json;

use crate::access::{bearer, eventually};
use crate::app::{Answer, App, NDJSON};
use crate::database::MANY;
use crate::samples::{ids, order};
use crate::wire::Wire;

/// An import of one order that is answered at once.
fn import(app: &App, headers: &[(&str, &str)]) -> Answer {
    let headers = [&[("Content-Type", NDJSON)], headers].concat();
    app.send_bytes("POST", "/orders/import", &headers, b"x")
}

/// All orders as lines, or the problem.
fn export(app: &App, headers: &[(&str, &str)]) -> Answer {
    app.send("GET", "/orders", &[&[("Accept", NDJSON)], headers].concat())
}

/// An import that goes on, and the status of its response.
fn open_import(app: &App, header: &str) -> (Wire, String) {
    let head = format!(
        "POST /orders/import HTTP/1.1\nContent-Type: {NDJSON}\nTransfer-Encoding: chunked{header}"
    );
    let mut wire = Wire::open(app, &head);
    wire.sending.chunk("x\n".repeat(1000).as_bytes()).unwrap();
    let head = wire.reading.head();
    (wire, head.split(' ').nth(1).unwrap().to_owned())
}

#[track_caller]
fn check_denied(answer: &Answer, detail: &str) {
    let problem = answer.is_problem(503, "unavailable");
    assert!(problem["detail"].as_str().unwrap().starts_with(detail), "{problem}");
    assert_eq!(answer.header("Retry-After"), "1");
}

#[test]
fn a_client_without_a_key_runs_two_imports_at_a_time() {
    let app = App::start_with(&["--stall-timeout", "3s"]);
    let [first, second] = [(); 2].map(|()| open_import(&app, ""));
    assert_eq!((first.1.as_str(), second.1.as_str()), ("200", "200"));
    check_denied(
        &import(&app, &[]),
        "the address 127.0.0.1 has as many imports running as it may (2)",
    );
    app.post("/orders", order("1", 0)).is(201);
    // One that ends gives its place to the next at once.
    let mut wire = first.0;
    wire.sending.end().unwrap();
    assert_eq!(wire.reading.rest().unwrap().len(), 1000);
    for _ in 0..20 {
        assert_eq!(import(&app, &[]).status, 200);
    }
    // So does one whose client hangs up, and one that is cut off.
    let third = open_import(&app, "");
    assert_eq!(third.1, "200");
    check_denied(
        &import(&app, &[]),
        "the address 127.0.0.1 has as many imports running as it may (2)",
    );
    third.0.sending.hang_up();
    drop(third.0.reading);
    eventually(200, || import(&app, &[]));
    let fourth = open_import(&app, "");
    assert_eq!(fourth.1, "200");
    eventually(200, || import(&app, &[]));
    drop((second, fourth));
}

#[test]
fn clients_with_keys_have_places_of_their_own() {
    let app = App::start_full(&["--max-imports", "3"]);
    let [shop, partner] = ["shop", "partner"].map(|name| app.new_key(name, "write"));
    let header = |key: &str| format!("\nAuthorization: {}", bearer(key));
    let _first = open_import(&app, &header(&shop));
    let _second = open_import(&app, &header(&shop));
    let [by_shop, by_partner] = [&shop, &partner].map(|key| bearer(key));
    let as_shop = [("Authorization", by_shop.as_str())];
    check_denied(&import(&app, &as_shop), "client shop has as many imports running as it may (2)");
    let third = open_import(&app, &header(&partner));
    assert_eq!(third.1, "200");
    let as_partner = [("Authorization", by_partner.as_str())];
    check_denied(
        &import(&app, &as_partner),
        "the service has as many imports running as it may (3)",
    );
    // Exports are counted for themselves.
    let head = format!("GET /orders HTTP/1.1\nAccept: {NDJSON}{}", header(&shop));
    let mut wire = Wire::open(&app, &head);
    assert!(wire.reading.head().starts_with("HTTP/1.1 200 "));
    check_denied(&export(&app, &as_shop), "client shop has as many exports running as it may (1)");
    assert_eq!(export(&app, &as_partner).lines().len(), MANY);
}

#[test]
fn the_service_runs_sixteen_imports_at_a_time() {
    let app = App::start_with(&["--max-imports-per-client", "30"]);
    let imports: Vec<_> = (0..30).map(|_| open_import(&app, "")).collect();
    let statuses: Vec<_> = imports.iter().map(|(_, status)| status.as_str()).collect();
    assert_eq!(statuses, [["200"; 16].as_slice(), &["503"; 14]].concat());
}

#[test]
fn a_client_runs_one_export_at_a_time() {
    let app = App::start_full(&["--stall-timeout", "1s"]);
    let mut wire = Wire::export(&app, "");
    check_denied(
        &export(&app, &[]),
        "the address 127.0.0.1 has as many exports running as it may (1)",
    );
    let head = app.send("HEAD", "/orders", &[("Accept", NDJSON)]);
    assert_eq!((head.status, head.header("Retry-After")), (503, "1"));
    app.get("/orders").is(200);
    // One that ends gives its place to the next at once.
    assert_eq!(wire.reading.rest().unwrap().len(), MANY);
    assert_eq!(ids(&export(&app, &[]).lines()).len(), MANY);
    // So does one whose client hangs up, and one that is cut off.
    let wire = Wire::export(&app, "");
    check_denied(
        &export(&app, &[]),
        "the address 127.0.0.1 has as many exports running as it may (1)",
    );
    wire.sending.hang_up();
    drop(wire.reading);
    eventually(200, || export(&app, &[]));
    let wire = Wire::export(&app, "");
    eventually(200, || export(&app, &[]));
    drop(wire);
}

#[test]
fn exports_leave_a_connection_for_a_new_gap() {
    let app = App::start_full(&["--max-exports", "2", "--max-exports-per-client", "9"]);
    let _exports = [(); 2].map(|()| Wire::export(&app, ""));
    check_denied(&export(&app, &[]), "the service has as many exports running as it may (2)");
    app.put("/calendars/default", json!({ "name": "Default", "minimum_gap": "PT2H" })).is(200);
}
