//! The outcome of each line of an import.

use serde_json::json;

use super::outcomes;
use crate::app::{App, NDJSON};
use crate::samples::{ids, lines, order, order_in, time};

/// Imports these lines into an empty database.
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
fn a_rejected_line_is_answered_as_a_post_of_it_would_be() {
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
fn all_usual_line_endings_are_accepted() {
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
fn a_bad_line_does_not_affect_the_next() {
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
fn a_repeated_import_says_which_orders_exist_already() {
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
