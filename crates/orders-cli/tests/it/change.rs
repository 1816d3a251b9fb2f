//! `orders move`, `orders cancel`, `orders history`

use crate::service::{Calendar, shared};

#[test]
fn an_order_is_moved_if_its_new_time_is_free() {
    let calendar = Calendar::new();
    let (first, second) = (calendar.book("9:00"), calendar.book("12:00"));
    let (first, second) = (first["id"].as_str().unwrap(), second["id"].as_str().unwrap());
    let moved = shared().json(&["move", first, "2030-01-01 8:00"]).remove(0);
    assert_eq!(
        (&moved["datetime"], &moved["version"]),
        (&"2030-01-01T08:00:00Z".into(), &2.into())
    );
    let rejected = shared().run(&["move", first, "2030-01-01 11:00"]);
    rejected.fails(1, &format!("order {second} at"));
    rejected.fails(1, &format!("\n  orders move {first} 2030-01-01T09:00:00+00:00\n"));
    shared().run(&["move", first, "9:30", "--if-version", "1"]).fails(1, "version");
    shared().run(&["move", "nosuch", "9:30"]).fails(1, "there is no order nosuch");
}

#[test]
fn an_order_is_cancelled_only_after_a_yes() {
    let calendar = Calendar::new();
    let id = calendar.book("9:00")["id"].as_str().unwrap().to_owned();
    shared().run(&["cancel", &id]).fails(2, "--yes");
    shared().run(&["cancel", &id, "--yes", "--if-version", "7"]).fails(1, "version");
    assert_eq!(calendar.ids().len(), 1);
    let cancelled = shared().json(&["cancel", &id, "--yes"]);
    assert_eq!(cancelled[0]["id"], id.as_str());
    assert_eq!(calendar.ids().len(), 0);
    shared().run(&["cancel", &id, "--yes"]).fails(1, "there is no order");
}

#[test]
fn the_history_and_earlier_states_remain() {
    let calendar = Calendar::new();
    let id = calendar.book("9:00")["id"].as_str().unwrap().to_owned();
    shared().json(&["move", &id, "2030-01-01 8:00"]);
    shared().json(&["cancel", &id, "--yes"]);
    let history = shared().json(&["history", &id]);
    let types: Vec<_> = history.iter().map(|it| it["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["order.created", "order.updated", "order.deleted"]);
    let first = shared().json(&["show", &id, "--version", "1"]);
    assert_eq!(first[0]["datetime"], "2030-01-01T09:00:00Z");
    shared().run(&["show", &id, "--at", "2020-01-01"]).fails(1, &id);
    shared().run(&["show", &id]).fails(1, "there is no order");
}
