//! Changes that are not known any more.

use serde_json::json;

use super::{link, summary};
use crate::access::eventually;
use crate::app::{App, NDJSON};
use crate::samples::order;

/// Takes the database back to the time before its last change, as a failover to a server that lacked it does.
const DISCARD_LAST: &str = "
    BEGIN;
    SET LOCAL session_replication_role = replica;
    DELETE FROM orders USING order_versions
     WHERE id = order_id AND position = (SELECT max(position) FROM order_versions);
    DELETE FROM order_versions WHERE position = (SELECT max(position) FROM order_versions);
    UPDATE change_feed SET position = last.position, assigned_at = last.assigned_at
      FROM (SELECT position, assigned_at FROM order_versions ORDER BY position DESC LIMIT 1) AS last;
    COMMIT;";

impl App {
    /// Discards the last change, which created an order.
    pub(super) fn discard_last_change(&self) {
        self.execute(DISCARD_LAST);
    }
}

#[test]
fn a_cursor_of_a_discarded_history_is_gone_and_one_of_the_shared_past_continues() {
    let app = App::start();
    app.post("/orders", order("1", 0)).is(201);
    let shared = link(&app.get("/changes"), "next").to_owned();
    app.post("/orders", order("2", 3)).is(201);
    let discarded = link(&app.get("/changes"), "next").to_owned();
    app.discard_last_change();
    let check = || {
        for accept in ["application/json", NDJSON] {
            let answer = app.send("GET", &discarded, &[("Accept", accept)]);
            answer.is_problem(410, "cursor-gone");
        }
    };
    check();
    // The position is used again.
    app.post("/orders", order("3", 6)).is(201);
    let (changes, next) = app.follow(&shared);
    assert_eq!(summary(&changes), [(2, "created", "3", 1)]);
    assert_ne!(next, discarded);
    check();
    app.get("/changes?after=7_1667124180123456").is_problem(410, "cursor-gone");
}

#[test]
fn changes_expire_except_the_present_version_of_each_order() {
    let app = App::start_with(&["--keep-changes", "1h"]);
    app.post("/orders", order("1", 0)).is(201);
    app.patch("/orders/1", json!({ "totalfee": 2 })).is(200);
    app.patch("/orders/1", json!({ "totalfee": 3 })).is(200);
    app.post("/orders", order("2", 3)).is(201);
    app.delete("/orders/2").is(204);
    let changes = app.follow("/changes").0;
    app.execute(
        "UPDATE order_versions SET assigned_at = assigned_at - interval '2 hours';
         UPDATE change_feed SET assigned_at = assigned_at - interval '2 hours'",
    );
    let [start, end] = [&changes[0], &changes[4]].map(|change| {
        let (position, micros) = change["cursor"].as_str().unwrap().split_once('_').unwrap();
        let micros = micros.parse::<i64>().unwrap() - 2 * 60 * 60 * 1_000_000;
        format!("/changes?after={position}_{micros}")
    });
    eventually(410, || app.get(&start)).is_problem(410, "cursor-gone");

    assert_eq!(app.follow("/changes"), (vec![], end.clone()));
    app.post("/orders", order("3", 6)).is(201);
    assert_eq!(summary(&app.follow(&end).0), [(6, "created", "3", 1)]);
    assert_eq!(summary(&app.follow("/changes").0), [(6, "created", "3", 1)]);

    let history = app.get("/orders/1/history").is(200);
    assert_eq!(summary(history.as_array().unwrap()), [(3, "updated", "1", 3)]);
    app.get("/orders/1?version=2").is_problem(410, "version-gone");
    app.get("/orders/1?at=2001-01-01T00:00:00Z").is_problem(410, "version-gone");
    assert_eq!(app.get("/orders/1?version=3").is(200)["totalfee"], 3);
    app.get("/orders/1?version=4").is_problem(404, "not-found");
    assert_eq!(app.post("/orders", order("2", 3)).is(201)["version"], 3);
}
