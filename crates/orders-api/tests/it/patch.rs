//! `PATCH /orders/{id}`: the fields that are present are changed, the rest stays.

use std::thread;

use serde_json::{Value, json};

use crate::app::App;
use crate::samples::{order, order_in, time};

/// A server with order 1 at midnight, order 2 six hours later, and a calendar `roof`.
fn start() -> App {
    let app = App::start().with_calendars(["roof"]);
    app.place_all(&[order("1", 0), order("2", 6)]);
    app
}

/// The patch changes just this field.
#[track_caller]
fn check(field: &str, value: Value) {
    let app = start();
    let before = app.get("/orders/1").is(200);
    let patched = app.patch("/orders/1", json!({ field: value }));
    let mut expected = before;
    expected[field] = value;
    expected["version"] = 2.into();
    let order = patched.is(200);
    expected["updated_at"] = order["updated_at"].clone();
    assert_eq!(order, expected);
    assert_eq!(patched.header("ETag"), "\"2\"");
    assert_eq!(app.get("/orders/1").is(200), expected);
}

#[test]
fn each_field_can_be_changed_alone() {
    check("datetime", time(2).into());
    check("totalfee", json!(99.95));
    check("calendar", "roof".into());
    check("services", json!([{ "id": "789" }, { "id": "123" }]));
}

#[test]
fn a_list_of_services_is_replaced_as_a_whole() {
    let app = start();
    app.patch("/orders/1", json!({ "services": [{ "id": "456" }, { "id": "789" }] })).is(200);
    let order = app.patch("/orders/1", json!({ "services": [{ "id": "789" }] })).is(200);
    assert_eq!(order["services"], json!([{ "id": "789" }]));
}

#[test]
fn an_empty_patch_changes_nothing_but_the_version() {
    let app = start();
    let before = app.get("/orders/1").is(200);
    let order = app.patch("/orders/1", "{}").is(200);
    assert_eq!(order["version"], 2);
    for field in ["id", "calendar", "datetime", "totalfee", "services", "created_at"] {
        assert_eq!(order[field], before[field]);
    }
}

#[test]
fn null_keeps_id_and_calendar_and_is_rejected_for_other_fields() {
    let app = start();
    app.patch("/orders/1", json!({ "calendar": "roof" })).is(200);
    let order = app.patch("/orders/1", json!({ "id": null, "calendar": null })).is(200);
    assert_eq!((&order["id"], &order["calendar"]), (&json!("1"), &json!("roof")));
    let nulls = json!({ "datetime": null, "totalfee": null, "services": null });
    assert_eq!(app.patch("/orders/1", nulls).pointers(), ["/datetime", "/totalfee", "/services"]);
    assert_eq!(app.get("/orders/1").is(200)["version"], 3);
}

#[test]
fn a_response_can_be_sent_back_with_a_change() {
    let app = start();
    let mut order = app.get("/orders/1").is(200);
    order["totalfee"] = 7.into();
    assert_eq!(app.patch("/orders/1", order).is(200)["totalfee"], 7);
}

#[test]
fn all_errors_are_in_one_response() {
    let app = start();
    let before = app.everything();
    let patch = json!({
        "id": "9", "calendar": "a b", "datetime": "now", "totalfee": -1, "services": [{ "id": 1.5 }],
        "fee": 1
    });
    assert_eq!(
        app.patch("/orders/1", patch).pointers(),
        ["/id", "/calendar", "/datetime", "/totalfee", "/services/0/id", "/fee"]
    );
    let patch = json!({ "calendar": "nobody", "services": [{ "id": "123" }, { "id": "x" }] });
    assert_eq!(app.patch("/orders/1", patch).pointers(), ["/calendar", "/services/1/id"]);
    assert_eq!(app.everything(), before);
}

#[test]
fn the_rule_holds_for_patches() {
    let app = start();
    let before = app.everything();
    let conflict = app.patch("/orders/1", json!({ "datetime": time(4) }));
    let conflict = conflict.is_problem(409, "order-conflict");
    assert_eq!(conflict["conflicts_with"], json!([{ "id": "2", "datetime": time(6) }]));
    assert_eq!(conflict["nearest_free"], json!({ "before": time(3), "after": time(9) }));
    assert_eq!(app.everything(), before);
    app.post("/orders", order_in("roof", "3", 1)).is(201);
    app.patch("/orders/1", json!({ "calendar": "roof" })).is_problem(409, "order-conflict");
    app.patch("/orders/1", json!({ "calendar": "roof", "datetime": time(4) })).is(200);
}

#[test]
fn an_order_does_not_conflict_with_itself() {
    let app = start();
    assert_eq!(app.patch("/orders/1", json!({ "datetime": time(1) })).is(200)["version"], 2);
    assert_eq!(app.patch("/orders/1", json!({ "datetime": time(1) })).is(200)["version"], 3);
}

#[test]
fn a_patch_without_an_order_is_not_found() {
    let app = start();
    app.patch("/orders/9", json!({ "totalfee": 1 })).is_problem(404, "not-found");
    app.patch("/orders/9?dry_run=true", json!({ "totalfee": 1 })).is_problem(404, "not-found");
}

#[test]
fn a_dry_run_responds_like_a_write_and_writes_nothing() {
    let app = start();
    let before = app.everything();
    let tried = app.patch("/orders/1?dry_run=true", json!({ "datetime": time(2) }));
    let order = tried.is(200);
    assert_eq!((&order["version"], &order["datetime"]), (&json!(2), &json!(time(2))));
    assert!(!tried.headers.contains_key("ETag"));
    let conflict = app.patch("/orders/1?dry_run=true", json!({ "datetime": time(4) }));
    conflict.is_problem(409, "order-conflict");
    assert_eq!(app.everything(), before);
}

#[test]
fn a_patch_is_declared_as_json() {
    let app = start();
    for (kind, passes) in [
        ("application/merge-patch+json", true),
        ("application/json", true),
        ("Application/Merge-Patch+JSON; charset=utf-8", true),
        ("text/plain", false),
        ("application/x-www-form-urlencoded", false),
    ] {
        let headers = [("Content-Type", kind)];
        let answer = app.send_bytes("PATCH", "/orders/1", &headers, b"{\"totalfee\":1}");
        if passes {
            answer.is(200);
        } else {
            answer.is_problem(415, "unsupported-media-type");
        }
    }
}

#[test]
fn anything_but_a_merge_patch_is_rejected() {
    let app = start();
    for body in ["", "{", "{\"totalfee\":}"] {
        app.patch("/orders/1", body).is_problem(400, "malformed-request");
    }
    let list = json!([{ "op": "replace", "path": "/totalfee", "value": 1 }]);
    for body in [list, json!(null), json!("x"), json!(7)] {
        app.patch("/orders/1", body).is_problem(422, "invalid-request");
    }
}

#[test]
fn concurrent_patches_of_different_fields_are_both_kept() {
    let app = start();
    for round in 1..=40 {
        let fee = json!({ "totalfee": round });
        let service = ["123", "456", "789"][round % 3];
        let services = json!({ "services": [{ "id": service }] });
        let datetime = json!({ "datetime": time(round % 4) });
        thread::scope(|scope| {
            for patch in [&fee, &services, &datetime] {
                let app = &app;
                scope.spawn(move || app.patch("/orders/1", patch).is(200));
            }
        });
        let order = app.get("/orders/1").is(200);
        assert_eq!(order["totalfee"], fee["totalfee"]);
        assert_eq!(order["services"], services["services"]);
        assert_eq!(order["datetime"], datetime["datetime"]);
        assert_eq!(order["version"], 1 + 3 * round);
    }
}
