//! The link from an export to the changes after it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::{Value, json};

use super::{by_id, link, replay};
use crate::app::{Answer, App, NDJSON};
use crate::samples::{order, order_in};

fn export(app: &App, query: &str) -> Answer {
    app.send("GET", &format!("/orders{query}"), &[("Accept", NDJSON)])
}

#[test]
fn an_export_links_to_the_changes_after_it_if_they_can_be_selected_likewise() {
    let app = App::start();
    app.place_all(&[order("1", 0), order("2", 3)]);
    let cursor = app.get("/changes").is(200)[1]["cursor"].as_str().unwrap().to_owned();
    for (query, rest) in [
        ("", ""),
        ("?order=desc", ""),
        ("?calendar=default", "&calendar=default"),
        ("?service=123", "&service=123"),
        ("?calendar=nobody&service=123", "&calendar=nobody&service=123"),
    ] {
        let expected = format!("/changes?after={cursor}{rest}");
        assert_eq!(link(&export(&app, query), "monitor"), expected);
    }
    for query in [
        "?from=2030-01-01T00:00:00Z",
        "?to=2030-01-01T00:00:00Z&calendar=default",
        "?reference=PO-4711",
    ] {
        assert!(!export(&app, query).headers.contains_key("Link"), "{query}");
    }
    let head = app.send("HEAD", "/orders", &[("Accept", NDJSON)]);
    assert_eq!(link(&head, "monitor"), format!("/changes?after={cursor}"));
}

#[test]
fn an_export_and_the_changes_after_it_are_the_table_whatever_is_written_meanwhile() {
    let app = App::start().with_calendars(["c0", "c1", "c2"]);
    let stop = AtomicBool::new(false);
    let copies: Vec<(String, Vec<Value>, String)> = thread::scope(|scope| {
        for writer in 0..3 {
            let (app, stop) = (&app, &stop);
            scope.spawn(move || {
                for n in 0..3000 {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let id = format!("{writer}-{}", n % 11);
                    let calendar = ["c0", "c1", "c2"][(n + writer) % 3];
                    match n % 4 {
                        0 => drop(app.delete(&format!("/orders/{id}"))),
                        1 => {
                            let path = format!("/orders/{id}");
                            drop(app.patch(&path, json!({ "calendar": calendar })));
                        }
                        _ => drop(app.post("/orders", order_in(calendar, id, n * 3))),
                    }
                }
            });
        }
        let copies = (0..8).map(|n| {
            let filter = ["", "?calendar=c1"][n % 2];
            let export = export(&app, filter);
            (filter.to_owned(), export.lines(), link(&export, "monitor").to_owned())
        });
        let copies = copies.collect();
        stop.store(true, Ordering::Relaxed);
        copies
    });
    for (filter, export, monitor) in copies {
        let (changes, _) = app.follow(&monitor);
        // The export has no version that comes after it.
        let mut copy = by_id(export.clone());
        for change in &changes {
            let order = &change["data"];
            if let Some(held) = copy.get(order["id"].as_str().unwrap()) {
                assert!(held["version"].as_u64() < order["version"].as_u64(), "{change}");
            }
        }
        copy = replay(copy, &changes);
        copy.retain(|_, order| filter.is_empty() || order["calendar"] == "c1");
        assert_eq!(copy, by_id(app.walk(&format!("/orders{filter}"))), "{filter}");
    }
}
