//! `GET /orders` as pages: filters, order, limits, cursors.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

use crate::app::App;
use crate::samples::{ids, order, order_in, time};

/// 40 orders in 3 calendars, some of them at the same time, with one service or two.
fn samples() -> (App, Vec<Value>) {
    let app = App::start().with_calendars(["roof", "cellar"]);
    let orders: Vec<_> = (0..40)
        .map(|n| {
            let calendar = ["default", "roof", "cellar"][n % 3];
            let mut order = order_in(calendar, format!("o{}", n * 7 % 40), n / 3 * 4);
            order["services"] = match n % 4 {
                0 => json!([{ "id": "123" }]),
                1 => json!([{ "id": "456" }, { "id": "123" }]),
                2 => json!([{ "id": "456" }]),
                _ => json!([{ "id": "123" }, { "id": "456" }]),
            };
            order
        })
        .collect();
    app.place_all(&orders);
    (app, orders)
}

/// The orders by time and then id; the times of the samples can be sorted as text.
fn sorted(mut orders: Vec<Value>, descending: bool) -> Vec<Value> {
    let key =
        |order: &Value| [&order["datetime"], &order["id"]].map(|v| v.as_str().unwrap().to_owned());
    orders.sort_by_key(key);
    if descending {
        orders.reverse();
    }
    orders
}

fn has_service(order: &Value, service: &str) -> bool {
    order["services"].as_array().unwrap().iter().any(|named| named["id"] == service)
}

#[test]
fn every_combination_of_filters_returns_the_matching_orders_in_order() {
    let (app, orders) = samples();
    let (early, late) = (time(12), time(32));
    for calendar in [None, Some("default"), Some("roof"), Some("nobody")] {
        for service in [None, Some("123"), Some("456"), Some("789"), Some("nothing")] {
            for (from, to) in [
                (None, None),
                (Some(&early), None),
                (None, Some(&late)),
                (Some(&early), Some(&late)),
                (Some(&late), Some(&early)),
                (Some(&early), Some(&early)),
            ] {
                for descending in [false, true] {
                    let mut path =
                        format!("/orders?order={}", if descending { "desc" } else { "asc" });
                    for (name, value) in [
                        ("calendar", calendar),
                        ("service", service),
                        ("from", from.map(String::as_str)),
                        ("to", to.map(String::as_str)),
                    ] {
                        path.extend(value.map(|value| format!("&{name}={value}")));
                    }
                    let matching = |order: &&Value| {
                        let datetime = order["datetime"].as_str().unwrap();
                        calendar.is_none_or(|calendar| order["calendar"] == calendar)
                            && service.is_none_or(|service| has_service(order, service))
                            && from.is_none_or(|from| datetime >= from.as_str())
                            && to.is_none_or(|to| datetime < to.as_str())
                    };
                    let matching = orders.iter().filter(matching).cloned().collect();
                    let matching = sorted(matching, descending);
                    let listed = app.walk(&path);
                    assert_eq!(ids(&listed), ids(&matching), "{path}");
                    let walked = app.walk(&format!("{path}&limit=7"));
                    assert_eq!(walked, listed, "{path}");
                }
            }
        }
    }
}

#[test]
fn instants_may_be_written_in_any_time_zone() {
    let app = App::start();
    app.place_all(&[order("1", 12), order("2", 15)]);
    let path = "/orders?from=2030-01-01T17:00:00%2B02:00&to=2030-01-01T10:00:00-05:00";
    assert_eq!(app.get(path).is(200), json!([]));
    let path = "/orders?from=2030-01-01T17:00:00%2B02:00&limit=1";
    assert_eq!(ids(&app.walk(path)), ["2"]);
}

#[test]
fn orders_at_one_instant_in_many_calendars_are_listed_once_each() {
    let calendars: Vec<_> = (0..30).map(|n| format!("c{n}")).collect();
    let app = App::start().with_calendars(calendars.iter().map(String::as_str));
    let orders =
        calendars.iter().enumerate().map(|(n, calendar)| order_in(calendar, format!("o{n}"), 0));
    let orders: Vec<_> = orders.collect();
    app.place_all(&orders);
    for limit in [1, 7, 15, 30] {
        for (direction, descending) in [("asc", false), ("desc", true)] {
            for filter in ["", "&service=123", "&from=2030-01-01T00:00:00Z"] {
                let path = format!("/orders?limit={limit}&order={direction}{filter}");
                let expected = sorted(orders.clone(), descending);
                assert_eq!(ids(&app.walk(&path)), ids(&expected), "{path}");
            }
        }
    }
}

#[test]
fn a_page_has_100_orders_by_default() {
    let app = App::start();
    let orders: Vec<_> = (0..101).map(|n| order(n, n * 3)).collect();
    app.place_all(&orders);
    for (query, length, more) in [
        ("", 100, true),
        ("?limit=1", 1, true),
        ("?limit=100", 100, true),
        ("?limit=101", 101, false),
        ("?limit=1000", 101, false),
    ] {
        let page = app.get(&format!("/orders{query}"));
        assert_eq!(page.is(200).as_array().unwrap().len(), length, "{query}");
        assert_eq!(page.headers.contains_key("Link"), more, "{query}");
    }
    assert_eq!(app.walk("/orders").len(), 101);
}

#[test]
fn a_link_keeps_the_parameters_of_the_request() {
    let app = App::start();
    app.place_all(&[order("a_1~.-", 0), order("2", 3), order("3", 6)]);
    let asked = "calendar=default&service=123&from=2030-01-01T00:00:00Z&to=2031-01-01T00:00:00Z";
    let page = app.get(&format!("/orders?limit=1&{asked}"));
    let link = page.header("Link");
    assert!(link.starts_with("</orders?") && link.contains(asked), "{link}");
    assert!(link.contains("limit=1") && link.ends_with("; rel=\"next\""), "{link}");
    assert_eq!(ids(&app.walk(&format!("/orders?limit=1&{asked}"))), ["a_1~.-", "2", "3"]);
}

#[test]
fn invalid_parameters_are_malformed() {
    let app = App::start();
    for query in [
        "limit=0",
        "limit=1001",
        "limit=-1",
        "limit=1.5",
        "limit=",
        "limit=ten",
        "limit=99999999999999999999",
        "limit=1&limit=1",
        "order=up",
        "order=ASC",
        "order=",
        "from=yesterday",
        "from=2030-01-01",
        "from=",
        "to=2030-01-01T00:00:00",
        "to=2030-01-01T00:00:00+01:00",
        "calendar=",
        "calendar=a/b",
        "service=a%20b",
        "after=",
        "after=x",
        "after=a1",
        "after=a1_",
        "after=a1_a%2Fb",
        "after=1_1",
        "after=a999999999999999999999_1",
        "after=a9223372036854775807_1",
        "page=2",
        "offset=10",
        "Limit=1",
        "limit",
    ] {
        let problem = app.get(&format!("/orders?{query}")).is_problem(400, "malformed-request");
        let name = query.split('=').next().unwrap();
        assert!(problem["detail"].as_str().unwrap().contains(name), "{problem}");
    }
}

#[test]
fn a_cursor_of_one_direction_is_rejected_in_the_other() {
    let app = App::start();
    app.place_all(&[order("1", 0), order("2", 3)]);
    for (direction, other) in [("asc", "desc"), ("desc", "asc")] {
        let page = app.get(&format!("/orders?limit=1&order={direction}"));
        let link = page.header("Link");
        let cursor = link.split("after=").nth(1).unwrap().split('>').next().unwrap();
        let path = format!("/orders?order={other}&after={cursor}");
        app.get(&path).is_problem(400, "malformed-request");
    }
}

#[test]
fn a_cursor_remains_valid_after_its_order_is_deleted() {
    let app = App::start();
    app.place_all(&[order("1", 0), order("2", 3), order("3", 6)]);
    let walked = app.walk_with("/orders?limit=1", |pages| {
        if pages == 2 {
            app.delete("/orders/2").is(204);
        }
    });
    assert_eq!(ids(&walked), ["1", "2", "3"]);
}

/// Follows the links through 150 orders that stay while others around them are created, moved and deleted.
#[track_caller]
fn check_walk(query: &str) {
    let app = App::start().with_calendars(["roof", "cellar"]);
    let standing: Vec<_> = (0..150).map(|n| order_in("roof", format!("s{n:03}"), n * 4)).collect();
    app.place_all(&standing);
    let moving: Vec<_> = (0..30).map(|n| order_in("cellar", format!("m{n:02}"), n * 20)).collect();
    app.place_all(&moving);

    let (stop, written) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut round = 0;
            // Limited, so that this ends if the test fails.
            while !stop.load(Ordering::Relaxed) && round < 2000 {
                let n = round * 17 % 30;
                let id = format!("m{n:02}");
                let hour = (n * 20 + round * 130 + 7) % 600;
                match round % 3 {
                    0 => drop(app.delete(&format!("/orders/{id}"))),
                    _ => drop(app.put(&format!("/orders/{id}"), order_in("cellar", &id, hour))),
                }
                app.post("/orders", order_in("cellar", &id, hour));
                round += 1;
                written.store(round, Ordering::Relaxed);
            }
        });
        while written.load(Ordering::Relaxed) < 15 {
            let walked = app.walk(&format!("/orders?limit=5{query}"));
            let mut seen = HashMap::new();
            for id in ids(&walked) {
                *seen.entry(id).or_insert(0) += 1;
            }
            for id in ids(&standing) {
                assert_eq!(seen.get(id), Some(&1), "{id} with {query}");
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn the_pages_contain_each_unmoved_order_once_during_writes() {
    check_walk("");
    check_walk("&order=desc");
}

#[test]
fn the_pages_of_a_calendar_contain_each_unmoved_order_once_during_writes() {
    check_walk("&calendar=roof");
    check_walk("&calendar=roof&order=desc");
}

#[test]
fn the_pages_of_a_service_contain_each_unmoved_order_once_during_writes() {
    check_walk("&service=123");
    check_walk("&service=123&order=desc");
}

#[test]
fn the_pages_with_all_filters_contain_each_unmoved_order_once_during_writes() {
    let span = "&from=2030-01-01T00:00:00Z&to=2040-01-01T00:00:00Z";
    check_walk(&format!("{span}&service=123&calendar=roof"));
    check_walk(&format!("{span}&order=desc"));
}

/// A page with so many bytes is not much more than the megabyte at which it ends.
const MAX_PAGE: usize = 3 << 19;

#[test]
fn pages_of_large_orders_are_limited_in_bytes() {
    let app = App::start();
    let metadata: Value = (0..20)
        .map(|n| (n.to_string(), "\u{1f600}".repeat(500).into()))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let orders: Vec<_> = (0..60)
        .map(|n| {
            let mut order = order(n, n * 3);
            order["metadata"] = metadata.clone();
            order
        })
        .collect();
    app.place_all(&orders);
    app.patch("/orders/0", json!({ "totalfee": 1 })).is(200);
    for path in ["/orders?limit=1000", "/orders?order=desc&limit=1000", "/changes?limit=1000"] {
        assert!(app.get(path).body.len() < MAX_PAGE, "{path}");
    }
    assert_eq!(app.walk("/orders?limit=1000").len(), 60);
    for n in 0..40 {
        app.patch("/orders/1", json!({ "totalfee": n })).is(200);
    }
    let history = "/orders/1/history?limit=1000";
    assert!(app.get(history).body.len() < MAX_PAGE);
    assert_eq!(app.walk(history).len(), 41);
}
