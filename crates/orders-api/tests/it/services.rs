//! `/services` and `/services/{id}`.

use serde_json::json;

use crate::app::App;

#[test]
fn a_service_is_created_replaced_and_deleted() {
    let app = App::start();
    let added = app.post("/services", json!({ "id": 1000, "name": "Painting" }));
    assert_eq!(added.is(201), json!({ "id": "1000", "name": "Painting" }));
    assert_eq!(added.header("Location"), "/services/1000");
    app.post("/services", json!({ "id": "1000", "name": "Other" })).is_problem(409, "id-taken");
    assert_eq!(app.get("/services/1000").is(200)["name"], "Painting");
    assert_eq!(app.put("/services/1000", json!({ "name": "Polishing" })).is(200)["id"], "1000");
    assert_eq!(app.get("/services").is(200).as_array().unwrap().len(), 4);
    app.delete("/services/1000").is(204);
    app.get("/services/1000").is_problem(404, "not-found");
    app.delete("/services/1000").is_problem(404, "not-found");
    app.put("/services/1000", json!({ "name": "Polishing" })).is_problem(404, "not-found");
}

#[test]
fn services_come_in_pages_by_id() {
    let app = App::start();
    for id in ["a", "B", "~"] {
        app.post("/services", json!({ "id": id, "name": id })).is(201);
    }
    let ids = ["123", "456", "789", "B", "a", "~"];
    for path in ["/services", "/services?limit=1", "/services?limit=4", "/services?limit=6"] {
        assert_eq!(crate::samples::ids(&app.walk(path)), ids, "{path}");
    }
    let first = app.get("/services?limit=2");
    assert_eq!(first.header("Link"), "</services?limit=2&after=456>; rel=\"next\"");
    assert!(!app.get("/services?limit=6").headers.contains_key("Link"));
    for query in ["limit=0", "limit=1001", "limit=x", "after=a/b", "after=", "page=1"] {
        app.get(&format!("/services?{query}")).is_problem(400, "malformed-request");
    }
}

#[test]
fn without_a_limit_a_page_has_100_services() {
    let app = App::start();
    app.execute(
        "INSERT INTO services (id, name) SELECT 's' || n, 'x' FROM generate_series(1, 98) AS n",
    );
    let first = app.get("/services");
    assert_eq!(first.is(200).as_array().unwrap().len(), 100);
    assert!(first.header("Link").starts_with("</services?after=s"));
    assert_eq!(app.walk("/services").len(), 101);
}

#[test]
fn a_service_without_an_id_gets_one() {
    let app = App::start();
    let added = app.post("/services", json!({ "name": "Painting" }));
    let id = added.is(201)["id"].as_str().unwrap().to_owned();
    assert_eq!(added.header("Location"), format!("/services/{id}"));
    assert_eq!(app.get(&format!("/services/{id}")).is(200)["name"], "Painting");
}

#[test]
fn a_service_in_use_is_not_deleted() {
    let app = App::start();
    let order = json!({
        "datetime": "2022-11-01T11:11:11Z", "totalfee": 0, "services": [{ "id": "123" }]
    });
    let order = app.post("/orders", order).is(201);
    app.delete("/services/123").is_problem(409, "service-in-use");
    app.delete(&format!("/orders/{}", order["id"].as_str().unwrap())).is(204);
    app.delete("/services/123").is(204);
}

#[test]
fn invalid_services_are_rejected() {
    let app = App::start();
    let before = app.everything();
    assert_eq!(app.post("/services", json!({})).pointers(), ["/name"]);
    assert_eq!(
        app.post("/services", json!({ "id": "a/b", "name": "" })).pointers(),
        ["/id", "/name"]
    );
    assert_eq!(app.put("/services/123", json!({ "id": "124", "name": "x" })).pointers(), ["/id"]);
    assert_eq!(app.put("/services/123", json!({ "name": "x", "price": 1 })).pointers(), ["/price"]);
    assert_eq!(app.everything(), before);
}
