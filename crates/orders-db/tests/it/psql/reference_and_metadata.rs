use orders_core::{Metadata, Orders, Reference};
use serde_json::{Value, json};

use super::{check, database, order_with};
use crate::samples::*;

#[test]
fn references_are_what_core_takes_for_one() {
    let database = database();
    let mut psql = database.psql();
    let (long, longest) = ("x".repeat(201), "\u{1F50D}".repeat(200));
    for text in [
        "",
        "two\nlines",
        "\t",
        "a\u{7f}",
        "a\u{85}",
        &long,
        " ",
        "a",
        "PO-4711",
        "\u{200b}",
        &longest,
    ] {
        let insert = order_with("reference", &format!("'{text}'"));
        if Reference::new(text).is_ok() {
            psql.run(&insert);
            psql.run("DELETE FROM orders WHERE id = 'new'");
        } else {
            check(&database, &insert, "orders_reference_is_a_reference");
        }
    }
}

#[test]
fn metadata_is_what_core_takes_for_it() {
    let database = database();
    let store = database.store();
    let mut psql = database.psql();
    let of = |keys: usize| (0..keys).map(|n| (n.to_string(), json!("x"))).collect::<Value>();
    let with = |key: &str, value: Value| json!({ key: value, "other": "x" });
    for json in [
        of(1),
        of(20),
        of(21),
        with(&"k".repeat(40), json!("")),
        with(&"k".repeat(41), json!("")),
        with("A.b_c-9", json!("\u{1F50D}".repeat(500))),
        with("a", json!("\u{1F50D}".repeat(501))),
        with("a", json!("two\nlines\u{1}")),
        with("", json!("x")),
        with("a b", json!("x")),
        with("a\n", json!("x")),
        with("\u{e4}", json!("x")),
        with("a", Value::Null),
        with("a", json!(1)),
        with("a", json!(true)),
        with("a", json!({})),
        with("a", json!(["x"])),
        json!(["x"]),
        json!("x"),
        json!(1),
    ] {
        let insert = order_with("metadata", &format!("'{json}'"));
        if let Ok(metadata) = serde_json::from_value::<Metadata>(json) {
            psql.run(&insert);
            assert_eq!(store.order(&order_id("new")).unwrap().metadata, metadata);
            psql.run("DELETE FROM orders WHERE id = 'new'");
        } else {
            check(&database, &insert, "orders_metadata_is_metadata");
        }
    }
    // Metadata that is not set is null, and nothing else.
    for json in ["'{}'", "'null'"] {
        check(&database, &order_with("metadata", json), "orders_metadata_is_metadata");
    }
}
