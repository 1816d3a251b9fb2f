//! The fields `reference` and `metadata`, and the list by reference.

use std::thread;

use serde_json::{Value, json};

use crate::access::bearer;
use crate::app::{App, NDJSON};
use crate::samples::{ids, lines, order, order_in, time};

/// An order with a reference and metadata.
fn full(id: &str, hour: usize) -> Value {
    with(order(id, hour), "PO-4711", json!({ "gate": "B", "lang": "de" }))
}

fn with(mut order: Value, reference: &str, metadata: Value) -> Value {
    order["reference"] = reference.into();
    order["metadata"] = metadata;
    order
}

#[track_caller]
fn check(order: &Value, reference: Value, metadata: Value) {
    let field = |name| order.get(name).cloned().unwrap_or_default();
    assert_eq!((field("reference"), field("metadata")), (reference, metadata), "{order}");
}

#[test]
fn they_are_returned_as_they_were_sent_and_omitted_if_they_were_not() {
    let app = App::start();
    let sent = json!({ "gate": "B", "lang": "de" });
    let created = app.post("/orders", full("1", 0)).is(201);
    check(&created, "PO-4711".into(), sent.clone());
    let keys: Vec<_> = created.as_object().unwrap().keys().collect();
    assert_eq!(keys[4..8], ["services", "reference", "metadata", "version"]);
    assert_eq!(app.get("/orders/1").is(200), created);
    let plain = app.post("/orders", with(order("2", 3), " ", json!({}))).is(201);
    check(&plain, " ".into(), Value::Null);
    let plain = app.post("/orders", order("3", 6)).is(201);
    assert!(plain.get("reference").is_none() && plain.get("metadata").is_none(), "{plain}");

    // A response can be sent back.
    let replaced = app.put("/orders/1", &created).is(200);
    check(&replaced, "PO-4711".into(), sent);
    // And what a replacement leaves out is removed.
    check(&app.put("/orders/1", order("1", 0)).is(200), Value::Null, Value::Null);
    check(&app.get("/orders/1").is(200), Value::Null, Value::Null);
}

#[test]
fn the_rules_of_the_fields_are_reported_all_at_once() {
    let app = App::start();
    app.post("/orders", full("1", 0)).is(201);
    let before = app.everything();
    let metadata = json!({
        "gate": "x".repeat(501), "ok": "", "a b": "x", "nul": "\0", "": "x", "n": 1, "null": null, "list": [],
        "k".repeat(41): "x"
    });
    let pointers = [
        "/totalfee",
        "/reference",
        "/metadata/gate",
        "/metadata/a b",
        "/metadata/nul",
        "/metadata/",
        "/metadata/n",
        "/metadata/null",
        "/metadata/list",
        &format!("/metadata/{}", "k".repeat(41)),
    ];
    let mut body = with(order("1", 0), "two\nlines", metadata);
    body["totalfee"] = (-1).into();
    for answer in [
        app.post("/orders", &body),
        app.put("/orders/1", &body),
        app.post("/orders?dry_run=true", &body),
    ] {
        assert_eq!(answer.pointers(), pointers);
    }
    let imported = app.import(body.to_string());
    assert_eq!(imported[0]["errors"].as_array().unwrap().len(), pointers.len());

    for reference in [json!(""), json!("x".repeat(201)), json!("a\u{85}"), json!(7), json!(null)] {
        let mut body = order("2", 9);
        body["reference"] = reference;
        assert_eq!(app.post("/orders", body).pointers(), ["/reference"]);
    }
    let many: Value = (0..21).map(|n| (n.to_string(), json!("x"))).collect();
    for metadata in [many, json!([]), json!("x"), json!(null), json!(7)] {
        let body = with(order("2", 9), "PO-1", metadata);
        assert_eq!(app.post("/orders", body).pointers(), ["/metadata"]);
    }
    let twice = order("2", 9).to_string().replacen('{', r#"{"metadata":{"a":"1","a":"2"},"#, 1);
    assert_eq!(app.post("/orders", twice).pointers(), ["/metadata/a"]);
    assert_eq!(app.everything(), before);
}

#[test]
fn a_patch_merges_metadata_and_null_removes() {
    let app = App::start();
    app.post("/orders", full("1", 0)).is(201);
    let check_patch = |patch: Value, reference: Value, metadata: Value| {
        let tried = app.patch("/orders/1?dry_run=true", &patch).is(200);
        check(&tried, reference.clone(), metadata.clone());
        check(&app.patch("/orders/1", &patch).is(200), reference, metadata);
    };
    check_patch(json!({ "totalfee": 5 }), json!("PO-4711"), json!({ "gate": "B", "lang": "de" }));
    check_patch(
        json!({ "metadata": { "gate": "C", "lang": null, "new": "", "missing": null } }),
        json!("PO-4711"),
        json!({ "gate": "C", "new": "" }),
    );
    check_patch(json!({ "reference": "PO-2" }), json!("PO-2"), json!({ "gate": "C", "new": "" }));
    check_patch(json!({ "reference": null }), json!(null), json!({ "gate": "C", "new": "" }));
    check_patch(json!({ "metadata": {} }), json!(null), json!({ "gate": "C", "new": "" }));
    check_patch(json!({ "metadata": null }), json!(null), json!(null));
    check_patch(json!({ "metadata": { "gate": "D" } }), json!(null), json!({ "gate": "D" }));
    check_patch(json!({ "metadata": { "gate": null } }), json!(null), json!(null));
    let patch = json!({ "reference": "", "metadata": { "a b": null, "n": 1, "ok": "x" } });
    let pointers = ["/reference", "/metadata/a b", "/metadata/n"];
    assert_eq!(app.patch("/orders/1", patch).pointers(), pointers);
}

#[test]
fn concurrent_patches_of_different_entries_are_both_kept() {
    let app = App::start();
    app.post("/orders", full("1", 0)).is(201);
    for round in 0..20 {
        let value = format!("{round}");
        thread::scope(|scope| {
            for key in ["gate", "lang", "new"] {
                let (app, patch) = (&app, json!({ "metadata": { key: value } }));
                scope.spawn(move || app.patch("/orders/1", patch).is(200));
            }
        });
        let order = app.get("/orders/1").is(200);
        check(&order, "PO-4711".into(), json!({ "gate": value, "lang": value, "new": value }));
    }
}

#[test]
fn a_patch_may_not_lead_to_more_than_20_entries() {
    let app = App::start();
    let full: Value = (0..20).map(|n| (format!("key-{n}"), json!("x"))).collect();
    app.post("/orders", with(order("1", 0), "PO-1", full)).is(201);
    let before = app.everything();
    let patch = json!({ "metadata": { "new": "x" } });
    for path in ["/orders/1", "/orders/1?dry_run=true"] {
        assert_eq!(app.patch(path, &patch).pointers(), ["/metadata"]);
    }
    assert_eq!(app.everything(), before);
    let order =
        app.patch("/orders/1", json!({ "metadata": { "new": "x", "key-7": null } })).is(200);
    assert_eq!(order["metadata"].as_object().unwrap().len(), 20);
}

#[test]
fn another_reference_or_other_metadata_is_another_body() {
    let app = App::start();
    let send = |order: &Value| {
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "k")];
        app.send_bytes("POST", "/orders", &headers, order.to_string().as_bytes())
    };
    let first = send(&full("1", 0)).is(201);
    app.delete("/orders/1").is(204);
    assert_eq!(send(&full("1", 0)).is(201), first);
    for other in [
        order("1", 0),
        with(order("1", 0), "PO-2", json!({ "gate": "B", "lang": "de" })),
        with(order("1", 0), "PO-4711", json!({ "gate": "B" })),
    ] {
        send(&other).is_problem(422, "idempotency-key-reused");
    }
}

#[test]
fn a_list_by_reference_follows_its_links() {
    const STRANGE: &str = "50% +&=#/?\"é🏗";
    let app = App::start().with_calendars(["roof"]);
    let mut orders = Vec::new();
    for n in 0..12 {
        let calendar = ["default", "roof"][n % 2];
        let order = order_in(calendar, format!("o{n:02}"), 3 * n);
        orders.push(if n % 3 == 0 { order } else { with(order, STRANGE, json!({})) });
    }
    app.place_all(&orders);
    let text: String = STRANGE.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let path = format!("/orders?reference={text}");
    let named = ["o01", "o02", "o04", "o05", "o07", "o08", "o10", "o11"];
    for limit in ["", "&limit=1", "&limit=3"] {
        assert_eq!(ids(&app.walk(&format!("{path}{limit}"))), named);
    }
    let mut descending = app.walk(&format!("{path}&order=desc&limit=3"));
    descending.reverse();
    assert_eq!(ids(&descending), named);
    let roof = format!("{path}&calendar=roof&service=123&limit=1");
    assert_eq!(ids(&app.walk(&roof)), ["o01", "o05", "o07", "o11"]);
    assert_eq!(ids(&app.walk(&format!("{path}&service=456"))), [""; 0]);
    let window = format!("{path}&from={}&to={}", time(6), time(24));
    assert_eq!(ids(&app.walk(&window)), ["o02", "o04", "o05", "o07"]);
    let all = app.send("GET", &path, &[("Accept", NDJSON)]).lines();
    assert_eq!(ids(&all), named);
    assert_eq!(ids(&app.walk("/orders?reference=50")), [""; 0]);
    for wrong in ["", "%0A", &"x".repeat(201)] {
        app.get(&format!("/orders?reference={wrong}")).is_problem(400, "malformed-request");
    }
}

#[test]
fn a_restricted_client_finds_a_reference_only_in_its_calendars() {
    let app = App::start().with_calendars(["roof"]);
    app.place_all(&[
        with(order("1", 0), "PO-1", json!({})),
        with(order_in("roof", "2", 0), "PO-1", json!({})),
        with(order_in("roof", "3", 3), "PO-2", json!({})),
    ]);
    app.command("clients add shop --scope write --calendar roof");
    let key = app.command("keys create shop");
    let found = app.get_with(&key, "/orders?reference=PO-1").is(200);
    assert_eq!(ids(found.as_array().unwrap()), ["2"]);
    app.get_with(&key, "/orders?reference=PO-1&calendar=default").is_problem(403, "not-permitted");
    let headers =
        [("Authorization", bearer(&key)), ("Content-Type", "application/json".to_owned())];
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let patch = br#"{"metadata": {"gate": "B"}}"#;
    app.send_bytes("PATCH", "/orders/1", &headers, patch).is_problem(404, "not-found");
    check(
        &app.send_bytes("PATCH", "/orders/2", &headers, patch).is(200),
        json!("PO-1"),
        json!({ "gate": "B" }),
    );
}

#[test]
fn an_export_can_be_imported() {
    let app = App::start();
    app.place_all(&[
        full("1", 0),
        order("2", 3),
        with(order("3", 6), "PO-1", json!({ "a": "\n" })),
    ]);
    let exported = app.send("GET", "/orders", &[("Accept", NDJSON)]).lines();
    app.execute("DELETE FROM orders");
    app.import(lines(&exported));
    let imported = app.walk("/orders");
    for (order, before) in imported.iter().zip(&exported) {
        check(order, before["reference"].clone(), before["metadata"].clone());
    }
    assert_eq!(ids(&imported), ["1", "2", "3"]);
}
