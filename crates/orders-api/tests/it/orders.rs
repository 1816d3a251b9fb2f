//! `/orders` and `/orders/{id}`.

use serde_json::{Value, json};

use crate::app::App;

const TIME: &str = "2022-11-01T11:11:11.111Z";

fn order(id: &str, datetime: &str, service: &str) -> Value {
    json!({ "id": id, "datetime": datetime, "totalfee": 100, "services": [{ "id": service }] })
}

#[test]
fn three_orders_at_one_time_are_placed_at_the_suggested_times() {
    let app = App::start();
    let placed = app.post("/orders", order("223", TIME, "123"));
    let first = placed.is(201);
    assert_eq!(placed.header("Location"), "/orders/223");
    assert_eq!(placed.header("ETag"), "\"1\"");
    assert_eq!(first["calendar"], "default");
    assert_eq!(first["version"], 1);

    let conflict = app.post("/orders", order("224", TIME, "789")).is_problem(409, "order-conflict");
    assert_eq!(conflict["title"], "Another order is too close");
    assert_eq!(conflict["calendar"], "default");
    assert_eq!(conflict["minimum_gap"], "PT3H");
    assert_eq!(conflict["conflicts_with"], json!([{ "id": "223", "datetime": TIME }]));
    assert_eq!(
        conflict["nearest_free"],
        json!({ "before": "2022-11-01T08:11:11.111Z", "after": "2022-11-01T14:11:11.111Z" })
    );
    app.get("/orders/224").is_problem(404, "not-found");

    let free = conflict["nearest_free"]["after"].as_str().unwrap();
    app.post("/orders", order("224", free, "789")).is(201);

    let mut third = order("225", TIME, "456");
    third["calendar"] = "analysis".into();
    assert_eq!(app.post("/orders", &third).pointers(), ["/calendar"]);
    app.post("/calendars", json!({ "id": "analysis", "name": "Analysis crew" })).is(201);
    let third = app.post("/orders", &third).is(201);
    assert_eq!((&third["calendar"], &third["datetime"]), (&"analysis".into(), &TIME.into()));

    let put = app.put("/orders/223", order("223", TIME, "123"));
    assert_eq!(put.is(200)["version"], 2);
    assert_eq!(put.header("ETag"), "\"2\"");
    let refused = app.put("/orders/223", order("223", free, "123"));
    assert_eq!(refused.is_problem(409, "order-conflict")["conflicts_with"][0]["id"], "224");

    let read = app.get("/orders/223");
    let body = read.is(200);
    assert_eq!(read.header("ETag"), "\"2\"");
    assert_eq!(body["datetime"], TIME);
    assert_eq!(body["totalfee"], json!(100));
    assert_eq!(body["services"], json!([{ "id": "123" }]));
    assert_eq!(body["created_at"], first["created_at"]);
}

#[test]
fn orders_exactly_the_gap_apart_do_not_conflict() {
    let app = App::start();
    app.post("/orders", order("1", "2022-11-01T12:00:00Z", "123")).is(201);
    for (id, time) in [("2", "2022-11-01T14:59:59.999999Z"), ("3", "2022-11-01T09:00:00.000001Z")] {
        app.post("/orders", order(id, time, "123")).is_problem(409, "order-conflict");
    }
    app.post("/orders", order("4", "2022-11-01T16:00:00+01:00", "123")).is(201);
    app.post("/orders", order("5", "2022-11-01T09:00:00Z", "123")).is(201);
}

#[test]
fn a_list_is_sorted_by_time_and_then_id() {
    let app = App::start();
    assert_eq!(app.get("/orders").is(200), json!([]));
    for (id, hour) in [("c", 18), ("a", 12), ("b", 6)] {
        app.post("/orders", order(id, &format!("2022-11-01T{hour:02}:00:00Z"), "123")).is(201);
    }
    let list = app.get("/orders").is(200);
    let ids: Vec<_> = list.as_array().unwrap().iter().map(|order| &order["id"]).collect();
    assert_eq!(ids, ["b", "a", "c"]);
}

#[test]
fn an_order_without_an_id_gets_one() {
    let app = App::start();
    let body =
        json!({ "datetime": TIME, "totalfee": 99.95, "services": [{ "id": 789 }, { "id": 123 }] });
    let placed = app.post("/orders", body);
    let order = placed.is(201);
    let id = order["id"].as_str().unwrap();
    assert_eq!(id.len(), 36);
    assert_eq!(placed.header("Location"), format!("/orders/{id}"));
    assert_eq!(app.get(placed.header("Location")).is(200), order);
    assert_eq!(order["services"], json!([{ "id": "789" }, { "id": "123" }]));
    assert!(String::from_utf8(placed.body).unwrap().contains("\"totalfee\":99.95,"));
}

#[test]
fn a_response_can_be_sent_back() {
    let app = App::start();
    app.post("/orders", order("223", TIME, "123")).is(201);
    let read = app.get("/orders/223").is(200);
    let put = app.put("/orders/223", &read).is(200);
    assert_eq!(put["version"], 2);
    assert_eq!(put["services"], read["services"]);
}

#[test]
fn a_replacement_without_a_calendar_keeps_the_calendar() {
    let app = App::start();
    app.post("/calendars", json!({ "id": "roof", "name": "Roof crew" })).is(201);
    let mut body = order("223", TIME, "123");
    body["calendar"] = "roof".into();
    app.post("/orders", &body).is(201);
    let put = app.put("/orders/223", order("223", TIME, "789")).is(200);
    assert_eq!(put["calendar"], "roof");
}

#[test]
fn a_deleted_order_frees_its_time() {
    let app = App::start();
    app.post("/orders", order("1", TIME, "123")).is(201);
    let deleted = app.delete("/orders/1");
    deleted.is(204);
    assert!(deleted.body.is_empty());
    app.delete("/orders/1").is_problem(404, "not-found");
    app.post("/orders", order("2", TIME, "123")).is(201);
}

#[test]
fn a_dry_run_responds_like_a_write_and_writes_nothing() {
    let app = App::start();
    app.post("/orders", order("1", TIME, "123")).is(201);
    let before = app.everything();
    let free = order("2", "2022-11-02T11:00:00Z", "123");
    let tried = app.post("/orders?dry_run=true", &free);
    assert_eq!(tried.is(200)["id"], "2");
    assert!(!tried.headers.contains_key("Location") && !tried.headers.contains_key("ETag"));
    app.post("/orders?dry_run=true", order("2", TIME, "123")).is_problem(409, "order-conflict");
    app.post("/orders?dry_run=true", order("1", TIME, "123")).is_problem(409, "id-taken");
    let moved = order("1", "2022-11-03T11:00:00Z", "123");
    assert_eq!(app.put("/orders/1?dry_run=true", moved).is(200)["version"], 2);
    assert_eq!(app.everything(), before);
    app.post("/orders?dry_run=false", free).is(201);
}

#[test]
fn a_taken_id_and_an_unknown_service_are_different_problems() {
    let app = App::start();
    app.post("/orders", order("1", TIME, "123")).is(201);
    app.post("/orders", order("1", "2030-01-01T00:00:00Z", "123")).is_problem(409, "id-taken");
    let mut body = order("2", "2030-01-01T00:00:00Z", "123");
    body["services"] = json!([{ "id": "x" }, { "id": "123" }, { "id": "y" }]);
    body["calendar"] = "z".into();
    assert_eq!(
        app.post("/orders", &body).pointers(),
        ["/calendar", "/services/0/id", "/services/2/id"]
    );
    app.put("/orders/2", order("2", TIME, "123")).is_problem(404, "not-found");
}

#[test]
fn one_of_many_clients_wins_a_race_for_a_time() {
    let app = App::start();
    let won = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..16)
            .map(|n| {
                let app = &app;
                scope.spawn(move || app.post("/orders", order(&n.to_string(), TIME, "123")).status)
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(won.iter().filter(|&&status| status == 201).count(), 1, "{won:?}");
    assert_eq!(won.iter().filter(|&&status| status == 409).count(), 15, "{won:?}");
}
