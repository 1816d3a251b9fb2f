//! What the service does to the database once a second, besides asking whether it is there.

use std::thread;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::json;

use crate::app::{App, STALL_TIMEOUT};
use crate::metrics::value;
use crate::samples::order;

/// Lets each deletion of changes run this statement, with the number of the versions that were deleted as `count`.
fn on_expiry(app: &App, statement: &str) {
    app.execute(&format!(
        "CREATE FUNCTION on_expiry() RETURNS trigger LANGUAGE plpgsql AS $$
         DECLARE
             count bigint := (SELECT count(*) FROM deleted);
         BEGIN
             {statement};
             RETURN NULL;
         END $$;
         CREATE TRIGGER on_expiry AFTER DELETE ON order_versions REFERENCING OLD TABLE AS deleted
            FOR EACH STATEMENT EXECUTE FUNCTION on_expiry()"
    ));
}

/// Lets all changes be so old that they expire.
fn age_changes(app: &App) {
    app.execute(
        "UPDATE order_versions SET assigned_at = assigned_at - interval '2 hours';
         UPDATE change_feed SET assigned_at = assigned_at - interval '2 hours'",
    );
}

/// How many changes have expired.
fn expired(app: &App) -> i64 {
    let expired = diesel::dsl::sql::<BigInt>("(SELECT expired_position FROM change_feed)");
    diesel::select(expired).get_result(&mut app.sql()).unwrap()
}

/// Waits until the feed was completed a few times: its lag falls then, and grows in between.
fn wait_for_rounds(app: &App) {
    let lag = || value(app, "orders_feed_lag_seconds");
    let (began, mut last, mut rounds) = (Instant::now(), lag(), 0);
    while rounds < 3 {
        assert!(began.elapsed() < STALL_TIMEOUT, "{last}");
        thread::sleep(Duration::from_millis(20));
        let lag = lag();
        rounds += u32::from(lag < last);
        last = lag;
    }
}

#[test]
fn changes_that_are_too_many_for_one_statement_expire_nevertheless() {
    let app = App::start_with(&["--keep-changes", "1h"]);
    // The heartbeat gives a statement one second.
    on_expiry(&app, "IF count > 500 THEN PERFORM pg_sleep(2); END IF");
    let orders: Vec<_> = (0..700).map(|n| order(n, 3 * n)).collect();
    app.place_all(&orders);
    wait_for_rounds(&app);
    // As many changes may expire at once as a large change brings.
    app.execute("UPDATE orders SET totalfee = totalfee + 1");
    app.get("/changes?limit=1").is(200);
    age_changes(&app);
    let began = Instant::now();
    while expired(&app) < 1400 {
        assert!(began.elapsed() < STALL_TIMEOUT, "{}", expired(&app));
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn the_feed_is_completed_while_no_change_can_expire() {
    let app = App::start_with(&["--keep-changes", "1h"]);
    on_expiry(&app, "RAISE EXCEPTION 'not now'");
    app.post("/orders", order("1", 0)).is(201);
    app.patch("/orders/1", json!({ "totalfee": 2 })).is(200);
    app.get("/changes").is(200);
    age_changes(&app);
    wait_for_rounds(&app);
}

#[test]
fn the_service_is_ready_while_the_upkeep_takes_long() {
    let app = App::start();
    // Both to complete the feed and to let changes expire.
    app.execute(
        "CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
             PERFORM pg_sleep(0.8);
             RETURN NULL;
         END $$;
         CREATE TRIGGER be_slow BEFORE UPDATE ON change_feed FOR EACH STATEMENT EXECUTE FUNCTION be_slow()",
    );
    thread::scope(|scope| {
        for n in 0..6 {
            let app = &app;
            scope.spawn(move || {
                // One asks while another one waits.
                thread::sleep(n * Duration::from_millis(400));
                app.post("/orders", order(n, 3 * n as usize)).is(201);
                app.get("/readyz").is(200);
            });
        }
    });
}
