//! `GET /changes` as pages.

use serde_json::json;

use super::{link, position, summary};
use crate::app::{App, NDJSON};
use crate::samples::{lines, order};

#[test]
fn every_write_is_one_change_with_the_order_as_it_then_was() {
    let app = App::start();
    let created = app.post("/orders", order("1", 0)).is(201);
    app.post("/orders?dry_run=true", order("2", 3)).is(200);
    app.post("/orders", order("2", 1)).is_problem(409, "order-conflict");
    let key = [("Content-Type", "application/json"), ("Idempotency-Key", "k")];
    for _ in 0..2 {
        let body = order("2", 3).to_string();
        app.send_bytes("POST", "/orders", &key, body.as_bytes()).is(201);
    }
    let replaced = app.put("/orders/1", order("1", 6)).is(200);
    let patched = app.patch("/orders/1", json!({ "totalfee": 7 })).is(200);
    app.import(lines(&[order("3", 9), order("3", 12), order("4", 15)]));
    app.delete("/orders/1").is(204);
    app.execute("UPDATE orders SET totalfee = 8 WHERE id = '2'");

    let (changes, _) = app.follow("/changes");
    assert_eq!(
        summary(&changes),
        [
            (1, "created", "1", 1),
            (2, "created", "2", 1),
            (3, "updated", "1", 2),
            (4, "updated", "1", 3),
            (5, "created", "3", 1),
            (6, "created", "4", 1),
            (7, "deleted", "1", 4),
            (8, "updated", "2", 2),
        ]
    );
    for (change, order) in [(0, &created), (2, &replaced), (3, &patched)] {
        assert_eq!(changes[change]["data"], *order);
        assert_eq!(changes[change]["timestamp"], order["updated_at"]);
        assert_eq!(changes[change].get("client"), None);
    }
    let mut deleted = patched;
    deleted["version"] = 4.into();
    assert_eq!(changes[6]["data"], deleted);
    assert!(changes[7]["client"].as_str().unwrap().starts_with("db:"), "{}", changes[7]);
}

#[test]
fn a_change_names_the_client() {
    let app = App::start();
    let key = app.new_key("web-shop", "write");
    let headers =
        [("Authorization", &*crate::access::bearer(&key)), ("Content-Type", "application/json")];
    app.send_bytes("POST", "/orders", &headers, order("1", 0).to_string().as_bytes()).is(201);
    let change = app.get_with(&key, "/changes").is(200)[0].clone();
    let names: Vec<_> = change.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["cursor", "type", "timestamp", "client", "data"]);
    assert_eq!(change["client"], "web-shop");
}

#[test]
fn every_page_links_to_the_next_one_with_the_same_parameters() {
    let app = App::start();
    let empty = app.get("/changes");
    assert_eq!(empty.is(200), json!([]));
    assert_eq!(position(link(&empty, "next").split_once("after=").unwrap().1), 0);
    assert_eq!(empty.header("Cache-Control"), "no-store");

    app.place_all(&[order("1", 0), order("2", 3), order("3", 6)]);
    let page = app.get("/changes?service=123&limit=2&calendar=default");
    let last = page.is(200)[1]["cursor"].as_str().unwrap().to_owned();
    let next = format!("/changes?after={last}&calendar=default&service=123&limit=2");
    assert_eq!(link(&page, "next"), next);
    let (rest, end) = app.follow(&next);
    assert_eq!(summary(&rest), [(3, "created", "3", 1)]);
    assert_eq!(app.get(&end).is(200), json!([]));
    assert_eq!(link(&app.get(&end), "next"), end);
    app.post("/orders", order("4", 9)).is(201);
    assert_eq!(summary(&app.follow(&end).0), [(4, "created", "4", 1)]);
    // A link continues from any page.
    let (rest, _) = app.follow(link(&empty, "next"));
    assert_eq!(rest.len(), 4);
}

#[test]
fn a_follower_may_begin_now() {
    let app = App::start();
    app.place_all(&[order("1", 0), order("2", 3)]);
    let now = app.get("/changes?after=now");
    assert_eq!(now.is(200), json!([]));
    app.delete("/orders/1").is(204);
    assert_eq!(summary(&app.follow(link(&now, "next")).0), [(3, "deleted", "1", 2)]);
}

#[test]
fn a_page_has_100_changes_by_default() {
    let app = App::start();
    app.place_all(&(0..120).map(|n| order(n, n * 3)).collect::<Vec<_>>());
    for (query, length) in [("", 100), ("?limit=1", 1), ("?limit=120", 120), ("?limit=1000", 120)] {
        let page = app.get(&format!("/changes{query}")).is(200);
        assert_eq!(page.as_array().unwrap().len(), length, "{query}");
    }
}

#[test]
fn invalid_parameters_are_malformed() {
    let app = App::start();
    for query in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "after=",
        "after=1",
        "after=1_",
        "after=_1",
        "after=01_1",
        "after=1_1_1",
        "after=-1_1",
        "after=9223372036854775808_1",
        "after=1_9223372036854775807",
        "after=Now",
        "calendar=a/b",
        "service=",
        "from=2030-01-01T00:00:00Z",
        "limit=1&limit=2",
    ] {
        let problem = app.get(&format!("/changes?{query}")).is_problem(400, "malformed-request");
        let name = query.split('=').next().unwrap();
        assert!(problem["detail"].as_str().unwrap().contains(name), "{problem}");
    }
    for query in ["limit=5", "after=1"] {
        let answer = app.send("GET", &format!("/changes?{query}"), &[("Accept", NDJSON)]);
        answer.is_problem(400, "malformed-request");
    }
    app.send("GET", "/changes", &[("Accept", "text/html")]).is_problem(406, "not-acceptable");
}
