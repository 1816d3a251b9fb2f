//! `/calendars` and `/calendars/{id}`.

use serde_json::{Value, json};

use crate::app::App;

fn order(id: &str, datetime: &str, calendar: &str) -> Value {
    json!({
        "id": id, "calendar": calendar, "datetime": datetime, "totalfee": 1,
        "services": [{ "id": "123" }]
    })
}

#[test]
fn a_calendar_is_created_replaced_and_deleted() {
    let app = App::start();
    assert_eq!(app.get("/calendars/default").is(200)["minimum_gap"], "PT3H");
    let added =
        app.post("/calendars", json!({ "id": "roof", "name": "Roof", "minimum_gap": "PT60M" }));
    assert_eq!(added.is(201), json!({ "id": "roof", "name": "Roof", "minimum_gap": "PT1H" }));
    assert_eq!(added.header("Location"), "/calendars/roof");
    app.post("/calendars", json!({ "id": "roof", "name": "Roof" })).is_problem(409, "id-taken");
    let put = app.put("/calendars/roof", json!({ "name": "Roofs" })).is(200);
    assert_eq!(put, json!({ "id": "roof", "name": "Roofs", "minimum_gap": "PT1H" }));
    assert_eq!(app.get("/calendars").is(200).as_array().unwrap().len(), 2);
    app.delete("/calendars/roof").is(204);
    app.get("/calendars/roof").is_problem(404, "not-found");
}

#[test]
fn calendars_come_in_pages_by_id() {
    let app = App::start().with_calendars(["roof", "attic", "crew"]);
    let ids = ["attic", "crew", "default", "roof"];
    for path in ["/calendars", "/calendars?limit=1", "/calendars?limit=3", "/calendars?limit=4"] {
        assert_eq!(crate::samples::ids(&app.walk(path)), ids, "{path}");
    }
    let first = app.get("/calendars?limit=2");
    assert_eq!(first.header("Link"), "</calendars?limit=2&after=crew>; rel=\"next\"");
    app.get("/calendars?limit=0").is_problem(400, "malformed-request");
    // A restricted client sees its own.
    app.command("clients add shop --scope read --calendar roof --calendar crew --calendar nobody");
    let key = app.command("keys create shop");
    let first = app.get_with(&key, "/calendars?limit=1");
    assert_eq!(crate::samples::ids(first.is(200).as_array().unwrap()), ["crew"]);
    assert_eq!(first.header("Link"), "</calendars?limit=1&after=crew>; rel=\"next\"");
    let second = app.get_with(&key, "/calendars?limit=1&after=crew");
    assert_eq!(crate::samples::ids(second.is(200).as_array().unwrap()), ["roof"]);
    assert!(!second.headers.contains_key("Link"));
}

#[test]
fn default_and_a_calendar_in_use_are_not_deleted() {
    let app = App::start();
    app.delete("/calendars/default").is_problem(409, "calendar-in-use");
    app.post("/calendars", json!({ "id": "roof", "name": "Roof" })).is(201);
    app.post("/orders", order("1", "2022-11-01T12:00:00Z", "roof")).is(201);
    app.delete("/calendars/roof").is_problem(409, "calendar-in-use");
}

#[test]
fn a_wider_gap_is_rejected_with_the_pairs_that_are_too_close() {
    let app = App::start();
    app.post("/orders", order("1", "2022-11-01T12:00:00Z", "default")).is(201);
    app.post("/orders", order("2", "2022-11-01T15:30:00Z", "default")).is(201);
    let wider = json!({ "name": "Default", "minimum_gap": "PT4H" });
    let problem = app.put("/calendars/default", wider).is_problem(409, "gap-too-wide");
    assert_eq!(problem["minimum_gap"], "PT4H");
    assert_eq!(
        problem["too_close"],
        json!([{
            "first": { "id": "1", "datetime": "2022-11-01T12:00:00Z" },
            "second": { "id": "2", "datetime": "2022-11-01T15:30:00Z" }
        }])
    );
    assert_eq!(app.get("/calendars/default").is(200)["minimum_gap"], "PT3H");
    app.put("/calendars/default", json!({ "name": "Default", "minimum_gap": "PT3H30M" })).is(200);
    app.post("/orders", order("3", "2022-11-01T18:59:00Z", "default"))
        .is_problem(409, "order-conflict");
}

#[test]
fn invalid_calendars_are_rejected() {
    let app = App::start();
    let before = app.everything();
    let bad = json!({ "id": "..", "name": "\n", "minimum_gap": "P1M", "colour": "red" });
    assert_eq!(app.post("/calendars", bad).pointers(), ["/id", "/name", "/minimum_gap", "/colour"]);
    assert_eq!(app.everything(), before);
}
