//! Creating, listing and deleting feeds.

use super::*;
use crate::samples::ids;

#[test]
fn a_feed_is_created_listed_and_deleted() {
    let app = App::start().with_calendars(["crew", "site"]);
    let created = app.post("/feeds", json!({ "name": "Crews", "calendars": ["site", "crew"] }));
    let mut feed = created.is(201);
    let location = created.header("Location").to_owned();
    assert_eq!(location, format!("/feeds/{}", feed["id"].as_str().unwrap()));
    let path = path(&feed);
    assert_eq!(feed["url"], format!("http://{}{path}", app.address()));
    feed.as_object_mut().unwrap().remove("url");
    let expected = json!({ "id": feed["id"], "name": "Crews", "calendars": ["crew", "site"] });
    assert_eq!(feed, expected);
    assert_eq!(app.get("/feeds").is(200), json!([feed]));
    assert_eq!(app.get(&path).status, 200);
    app.delete(&location).is(204);
    assert_eq!(app.get("/feeds").is(200), json!([]));
    app.get(&path).is_problem(404, "not-found");
    app.delete(&location).is_problem(404, "not-found");
}

#[test]
fn feeds_come_in_pages_by_id() {
    let app = App::start();
    let feeds: Vec<_> = (0..3).map(|_| app.add_feed(&["default"])).collect();
    for path in ["/feeds", "/feeds?limit=1", "/feeds?limit=2", "/feeds?limit=3"] {
        assert_eq!(ids(&app.walk(path)), ids(&feeds), "{path}");
    }
}

#[test]
fn bad_fields_are_rejected_at_once() {
    let app = App::start().with_calendars(["crew"]);
    let pointers = |body: Value| {
        let mut pointers = app.post("/feeds", body).pointers();
        pointers.sort();
        pointers
    };
    assert_eq!(pointers(json!({})), ["/calendars", "/name"]);
    let bad = json!({ "name": " ", "calendars": ["a/b", "crew"], "id": "mine", "url": "x" });
    assert_eq!(pointers(bad), ["/calendars/0", "/id", "/name", "/url"]);
    assert_eq!(pointers(json!({ "name": "a", "calendars": [] })), ["/calendars"]);
    assert_eq!(pointers(json!({ "name": "a", "calendars": ["crew", "crew"] })), ["/calendars/1"]);
    let unknown = json!({ "name": "a", "calendars": ["roof", "crew", "x"] });
    assert_eq!(pointers(unknown), ["/calendars/0", "/calendars/2"]);
    assert_eq!(app.get("/feeds").is(200), json!([]));
}

#[test]
fn there_are_at_most_a_thousand_feeds() {
    let app = App::start();
    app.execute(
        "INSERT INTO calendar_feeds (id, name, token)
         SELECT 'f' || n, 'x', sha256(convert_to(n::text, 'UTF8')) FROM generate_series(1, 1000) AS n",
    );
    let refused = app.post("/feeds", json!({ "name": "a", "calendars": ["default"] }));
    refused.is_problem(409, "too-many-feeds");
}

#[test]
fn links_have_the_public_url() {
    let app = App::start_with(&["--public-url", "https://example.com/orders/"]);
    let url = app.add_feed(&["default"])["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with("https://example.com/orders/feeds/ordf_"), "{url}");
}

#[test]
fn without_a_public_url_links_lead_to_where_the_request_was_sent() {
    let app = App::start_with(&["--auth", "off"]);
    let body = json!({ "name": "a", "calendars": ["default"] }).to_string();
    for (headers, base) in [
        (vec![("Host", "orders.example:8080")], "http://orders.example:8080"),
        // As a reverse proxy with TLS says it.
        (
            vec![
                ("Host", "10.0.0.1"),
                ("X-Forwarded-Proto", "https"),
                ("X-Forwarded-Host", "orders.example"),
            ],
            "https://orders.example",
        ),
    ] {
        let headers = [headers, vec![("Content-Type", "application/json")]].concat();
        let feed = app.send_bytes("POST", "/feeds", &headers, body.as_bytes()).is(201);
        let url = feed["url"].as_str().unwrap();
        assert!(url.starts_with(&format!("{base}/feeds/ordf_")), "{url}");
    }
    let headers = [("Host", "orders.example/x?y"), ("Content-Type", "application/json")];
    let answer = app.send_bytes("POST", "/feeds", &headers, body.as_bytes());
    answer.is_problem(400, "malformed-request");
}
