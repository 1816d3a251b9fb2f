//! Following the changes of orders.

mod events;
mod filters;
mod gone;
mod history;
mod limits;
mod lines;
mod monitor;
mod pages;
mod stop;
mod stream;
mod wait;
mod writers;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::app::{Answer, App};

/// The path of a `Link` with this relation.
#[track_caller]
fn link<'a>(answer: &'a Answer, relation: &str) -> &'a str {
    let link = answer.header("Link");
    let target = link.strip_prefix('<').and_then(|rest| rest.split_once(">; rel="));
    let (path, found) = target.unwrap_or_else(|| panic!("{link}"));
    assert_eq!(found, format!("\"{relation}\""));
    path
}

/// The position of a cursor.
fn position(cursor: &str) -> u64 {
    cursor.split_once('_').unwrap().0.parse().unwrap()
}

/// The cursors' positions, the types, ids and versions of changes.
fn summary(changes: &[Value]) -> Vec<(u64, &str, &str, u64)> {
    changes
        .iter()
        .map(|change| {
            let order = &change["data"];
            (
                position(change["cursor"].as_str().unwrap()),
                change["type"].as_str().unwrap().strip_prefix("order.").unwrap(),
                order["id"].as_str().unwrap(),
                order["version"].as_u64().unwrap(),
            )
        })
        .collect()
}

impl App {
    /// Follows the links from this path until a page is empty. Returns the changes, and the path of the next page.
    #[track_caller]
    fn follow(&self, path: &str) -> (Vec<Value>, String) {
        let (mut changes, mut path) = (Vec::new(), path.to_owned());
        loop {
            let answer = self.get(&path);
            let page = answer.is(200);
            path = link(&answer, "next").to_owned();
            match page.as_array().unwrap().as_slice() {
                [] => return (changes, path),
                page => changes.extend_from_slice(page),
            }
        }
    }
}

/// The orders after these changes, by id; `orders` are those before.
#[track_caller]
fn replay(mut orders: BTreeMap<String, Value>, changes: &[Value]) -> BTreeMap<String, Value> {
    for change in changes {
        let order = &change["data"];
        let id = order["id"].as_str().unwrap().to_owned();
        let held = orders.get(&id).and_then(|held| held["version"].as_u64()).unwrap_or(0);
        if order["version"].as_u64().unwrap() <= held {
            continue;
        }
        if change["type"] == "order.deleted" {
            orders.remove(&id);
        } else {
            orders.insert(id, order.clone());
        }
    }
    orders
}

/// Orders by id.
fn by_id(orders: Vec<Value>) -> BTreeMap<String, Value> {
    orders.into_iter().map(|order| (order["id"].as_str().unwrap().to_owned(), order)).collect()
}
