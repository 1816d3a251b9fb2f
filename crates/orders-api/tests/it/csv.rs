//! `GET /orders` as a table, read with a parser of CSV.

use ::csv::{ReaderBuilder, StringRecord};
use orders_core::Order;
use serde_json::{Value, json};

use crate::access::bearer;
use crate::app::{Answer, App, NDJSON};
use crate::database::MANY;
use crate::framework::break_database;
use crate::samples::{ids, order, order_in, time};
use crate::wire::Wire;

const CSV: (&str, &str) = ("Accept", "text/csv");

const NAMES: &str =
    "id,calendar,datetime,totalfee,services,reference,metadata,version,created_at,updated_at";

#[track_caller]
fn table(app: &App, query: &str) -> Answer {
    let answer = app.send("GET", &format!("/orders{query}"), &[CSV]);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("Content-Type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(answer.header("Content-Disposition"), "attachment; filename=\"orders.csv\"");
    answer
}

/// The orders of a table, read as the documentation says.
#[track_caller]
fn orders(table: &[u8]) -> Vec<Value> {
    let mut reader = ReaderBuilder::new().has_headers(false).from_reader(table);
    let mut records: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.remove(0), NAMES.split(',').collect::<Vec<_>>());
    records.iter().map(order_of).collect()
}

fn order_of(record: &StringRecord) -> Value {
    let plain = |index: usize| record[index].to_owned();
    let chosen = |index: usize| record[index].strip_prefix('\'').unwrap_or(&record[index]);
    let services: Vec<_> = chosen(4).split('|').map(|id| json!({ "id": id })).collect();
    let mut order = json!({
        "id": chosen(0), "calendar": chosen(1), "datetime": plain(2),
        "totalfee": serde_json::from_str::<Value>(&record[3]).unwrap(), "services": services,
    });
    if !record[5].is_empty() {
        order["reference"] = chosen(5).into();
    }
    if !record[6].is_empty() {
        order["metadata"] = serde_json::from_str(&record[6]).unwrap();
    }
    order["version"] = record[7].parse::<u64>().unwrap().into();
    order["created_at"] = plain(8).into();
    order["updated_at"] = plain(9).into();
    let _: Order = serde_json::from_value(order.clone()).unwrap();
    order
}

#[test]
fn a_table_has_the_orders_of_the_lines() {
    let app = App::start().with_calendars(["roof"]);
    let empty = table(&app, "");
    assert_eq!(empty.body, format!("{NAMES}\r\n").into_bytes());
    app.place_all(&(0..1200).map(|n| order(format!("d{n:04}"), n * 3)).collect::<Vec<_>>());
    app.place_all(
        &(0..30).map(|n| order_in("roof", format!("r{n:02}"), n * 3)).collect::<Vec<_>>(),
    );
    for query in [
        String::new(),
        "?order=desc".to_owned(),
        "?calendar=roof&service=123".to_owned(),
        "?calendar=nobody".to_owned(),
        format!("?from={}&to={}", time(30), time(90)),
    ] {
        let lines = app.send("GET", &format!("/orders{query}"), &[("Accept", NDJSON)]);
        let table = table(&app, &query);
        assert_eq!(orders(&table.body), lines.lines(), "{query}");
        assert_eq!(table.headers.get("Link"), lines.headers.get("Link"), "{query}");
    }
}

#[test]
fn every_value_can_be_read_again() {
    let app = App::start();
    let references = [
        "a,b",
        "\"quoted\"",
        "=1+1",
        "-2",
        "+3",
        "@x",
        "'=x",
        "'",
        "＝1",
        "a;=1",
        " ",
        "ü\u{1f600}",
    ];
    for (n, reference) in references.into_iter().enumerate() {
        let mut order = order(format!("-{n}"), n * 3);
        order["totalfee"] = serde_json::from_str("0.10").unwrap();
        order["services"] = json!([{ "id": "456" }, { "id": "123" }]);
        order["reference"] = reference.into();
        order["metadata"] = json!({ "lines": "one\r\ntwo,\tthree", "formula": "=1+1", "x": "\"'" });
        app.post("/orders", order).is(201);
    }
    let table = table(&app, "");
    let read = orders(&table.body);
    assert_eq!(read, app.get("/orders").json().as_array().unwrap().clone());
    let read: Vec<_> = read.iter().map(|order| order["reference"].as_str().unwrap()).collect();
    assert_eq!(read, references);
    let text = String::from_utf8(table.body).unwrap();
    for row in text.split("\r\n").skip(1).filter(|row| !row.is_empty()) {
        assert!(row.starts_with("'-"), "{row}");
    }
    assert!(
        text.contains(",'=1+1,") && text.contains(",'-2,") && text.contains(",456|123,"),
        "{text}"
    );
    assert!(text.ends_with("\r\n") && !text.replace("\r\n", "").contains(['\r', '\n']), "{text}");
}

#[test]
fn page_parameters_are_rejected_for_a_table() {
    let app = App::start();
    for query in ["limit=10", "after=a1_1", "order=up"] {
        let answer = app.send("GET", &format!("/orders?{query}"), &[CSV]);
        answer.is_problem(400, "malformed-request");
    }
}

#[test]
fn a_restricted_client_gets_the_rows_of_its_calendars() {
    let app = App::start().with_calendars(["crew"]);
    app.place_all(&[order("1", 0), order_in("crew", "2", 0)]);
    app.command("clients add crew --scope read --calendar crew");
    let authorization = bearer(&app.command("keys create crew"));
    let answer = app.send("GET", "/orders", &[CSV, ("Authorization", &authorization)]);
    assert_eq!(ids(&orders(&answer.body)), ["2"]);
}

#[test]
fn a_table_has_the_limits_of_an_export() {
    let app = App::start_full(&[]);
    let mut wire = Wire::open(&app, "GET /orders HTTP/1.1\nAccept: text/csv");
    assert!(wire.reading.head().starts_with("HTTP/1.1 200 "));
    for accept in ["text/csv", NDJSON] {
        app.send("GET", "/orders", &[("Accept", accept)]).is_problem(503, "unavailable");
    }
    let mut rows = 0;
    while wire.reading.text().unwrap().is_some() {
        rows += 1;
    }
    assert_eq!(rows, MANY + 1);
    assert_eq!(app.send("HEAD", "/orders", &[CSV]).status, 200);
}

#[test]
fn a_table_that_loses_its_database_is_cut_off() {
    let app = App::start_full(&[]);
    let mut wire = Wire::open(&app, "GET /orders HTTP/1.1\nAccept: text/csv");
    assert!(wire.reading.head().starts_with("HTTP/1.1 200 "));
    wire.reading.text().unwrap();
    break_database(&app);
    let end = std::iter::from_fn(|| wire.reading.text().transpose()).find(Result::is_err);
    assert!(end.is_some(), "the table has a good end");
}
