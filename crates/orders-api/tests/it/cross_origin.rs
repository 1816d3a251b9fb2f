//! Web pages of other origins.

use crate::app::{Answer, App};
use crate::samples::order;

const SHOP: &str = "https://shop.example";

#[track_caller]
fn list(app: &App, origin: &str, allowed: bool) {
    let answer = app.send("GET", "/orders", &[("Origin", origin)]);
    answer.is(200);
    let named = answer.headers.get("Access-Control-Allow-Origin");
    assert_eq!(named.map(|named| named.to_str().unwrap()), allowed.then_some(origin));
}

/// What a browser asks before a page may create an order with a key.
fn ask(app: &App, origin: &str) -> Answer {
    let asked = [
        ("Origin", origin),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "authorization,content-type,idempotency-key"),
    ];
    app.send("OPTIONS", "/orders", &asked)
}

#[test]
fn pages_of_allowed_origins_may_use_the_service() {
    let app = App::start_with(&[
        "--auth",
        "required",
        "--allow-origin",
        "https://shop.example,http://localhost:5173",
    ]);
    for origin in [SHOP, "http://localhost:5173"] {
        let answer = ask(&app, origin);
        answer.is(204);
        assert_eq!(answer.header("Access-Control-Allow-Origin"), origin);
        assert!(answer.header("Access-Control-Allow-Methods").contains("POST"));
        assert_eq!(answer.header("Access-Control-Allow-Headers"), "Authorization, *");
        // A page must be able to read why it was rejected.
        let rejected = app.send("GET", "/orders", &[("Origin", origin)]);
        rejected.is_problem(401, "authentication-required");
        assert_eq!(rejected.header("Access-Control-Allow-Origin"), origin);
        assert_eq!(rejected.header("Access-Control-Expose-Headers"), "*");
    }
}

#[test]
fn pages_of_other_origins_may_not() {
    let app = App::start_with(&["--allow-origin", SHOP]);
    list(&app, SHOP, true);
    for origin in
        ["https://evil.example", "https://shop.example.evil.example", "http://shop.example", "null"]
    {
        list(&app, origin, false);
        let answer = ask(&app, origin);
        answer.is(204);
        assert!(!answer.headers.contains_key("Access-Control-Allow-Origin"), "{answer:?}");
        assert!(!answer.headers.contains_key("Access-Control-Allow-Methods"), "{answer:?}");
    }
    // Without the setting there is no such origin.
    list(&app.start_another(&[]), SHOP, false);
}

#[test]
fn caches_keep_the_responses_to_different_origins_apart() {
    let app = App::start_with(&["--allow-origin", SHOP]);
    app.post("/orders", order("1", 0)).is(201);
    for origin in [&[][..], &[("Origin", SHOP)], &[("Origin", "null")]] {
        let answer = app.send("GET", "/orders", origin);
        let varies: Vec<_> = answer.headers.get_all("Vary").iter().collect();
        assert!(varies.iter().any(|field| *field == "Origin"), "{varies:?}");
        assert!(
            varies.iter().any(|field| field.to_str().unwrap().contains("Accept")),
            "{varies:?}"
        );
    }
}
