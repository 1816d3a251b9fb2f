//! Followers that want, or may see, only some orders.

use serde_json::{Value, json};

use super::{link, summary};
use crate::access::bearer;
use crate::app::{App, NDJSON};
use crate::samples::{order, order_in};

#[test]
fn a_filtered_follower_sees_orders_come_and_leave() {
    let app = App::start().with_calendars(["roof"]);
    app.post("/orders", order("1", 0)).is(201);
    app.patch("/orders/1", json!({ "calendar": "roof" })).is(200);
    app.patch("/orders/1", json!({ "services": [{ "id": "456" }] })).is(200);
    app.patch("/orders/1", json!({ "calendar": "default" })).is(200);
    app.patch("/orders/1", json!({ "totalfee": 5 })).is(200);
    app.delete("/orders/1").is(204);
    let versions = |query: &str| -> Vec<u64> {
        let (changes, _) = app.follow(&format!("/changes?{query}"));
        summary(&changes).into_iter().map(|(.., version)| version).collect()
    };
    assert_eq!(versions("calendar=roof"), [2, 3, 4]);
    assert_eq!(versions("calendar=default"), [1, 2, 4, 5, 6]);
    assert_eq!(versions("service=123"), [1, 2, 3]);
    assert_eq!(versions("service=456"), [3, 4, 5, 6]);
    assert_eq!(versions("service=456&calendar=roof"), [3, 4]);
    assert_eq!(versions("calendar=nobody"), [] as [u64; 0]);
    // The order as it is now, in a calendar that the filter does not name.
    let left = &app.get("/changes?calendar=roof").is(200)[2];
    assert_eq!(
        (&left["type"], &left["data"]["calendar"]),
        (&"order.updated".into(), &"default".into())
    );
}

#[test]
fn an_empty_page_leads_past_changes_that_do_not_match() {
    let app = App::start().with_calendars(["roof"]);
    app.place_all(&(0..1100).map(|n| order(n, n * 3)).collect::<Vec<_>>());
    app.post("/orders", order_in("roof", "r", 0)).is(201);
    let (mut path, mut pages) = ("/changes?calendar=roof&limit=5".to_owned(), 0);
    let found = loop {
        let answer = app.get(&path);
        pages += 1;
        match answer.is(200).as_array().unwrap().as_slice() {
            [] => path = link(&answer, "next").to_owned(),
            found => break found.to_vec(),
        }
        assert!(pages < 10);
    };
    assert_eq!(summary(&found), [(1101, "created", "r", 1)]);
    assert!(pages > 1, "one page read all changes");
}

#[test]
fn a_restricted_client_sees_only_its_calendars_and_a_deletion_when_an_order_leaves() {
    let app = App::start().with_calendars(["crew"]);
    app.command("clients add crew --scope read --calendar crew");
    let key = app.command("keys create crew");
    let admin = app.new_key("ops", "admin");
    let send = |method: &str, path: &str, body: Value| {
        let authorization = bearer(&admin);
        let headers = [("Authorization", &*authorization), ("Content-Type", "application/json")];
        app.send_bytes(method, path, &headers, body.to_string().as_bytes())
    };
    send("POST", "/orders", order("secret", 0)).is(201);
    send("POST", "/orders", order_in("crew", "1", 0)).is(201);
    send("PUT", "/orders/1", order_in("default", "1", 9)).is(200);
    send("PUT", "/orders/1", order_in("default", "1", 12)).is(200);
    send("PUT", "/orders/1", order_in("crew", "1", 15)).is(200);

    let changes = app.get_with(&key, "/changes").is(200);
    let changes = changes.as_array().unwrap();
    let expected = [(2, "created", "1", 1), (3, "deleted", "1", 2), (5, "updated", "1", 4)];
    assert_eq!(summary(changes), expected);
    assert_eq!(changes[1]["data"]["datetime"], changes[0]["data"]["datetime"]);
    let authorization = bearer(&key);
    let headers = [("Authorization", &*authorization), ("Accept", NDJSON)];
    assert_eq!(app.send("GET", "/changes", &headers).lines(), *changes);
    assert_eq!(app.get_with(&key, "/orders/1/history").is(200), json!(changes));
    for path in ["/changes?calendar=default", "/changes?calendar=nobody"] {
        app.get_with(&key, path).is_problem(403, "not-permitted");
        app.send("GET", path, &headers).is_problem(403, "not-permitted");
    }
    app.get_with(&key, "/orders/secret/history").is_problem(404, "not-found");
    app.get_with(&key, "/orders/secret?version=1").is_problem(404, "not-found");
    app.get_with(&key, "/orders/1?version=2").is_problem(404, "not-found");
    assert_eq!(app.get_with(&key, "/orders/1?version=1").is(200), changes[0]["data"]);
}
