//! A new minimum gap that takes long: its own limit, and what other calls do meanwhile.

use std::thread;
use std::time::Duration;

use orders_core::{CalendarId, Calendars, Orders, StoreError};
use orders_db::{PgStore, Settings};

use crate::database::Database;
use crate::samples::*;

#[track_caller]
fn check_unavailable<T: std::fmt::Debug>(answer: &Result<T, StoreError>) {
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
}

fn prepare(database: &Database) {
    let store = database.store();
    add_services(&store);
    store.add_calendar(calendar_draft("crew", "PT3H")).unwrap();
    place_all(&store, &[("223", 0), ("224", 10)]);
    placed(&store, draft_in("crew", "crew", noon_plus(0)));
}

#[test]
fn bookings_of_a_calendar_that_gets_a_new_gap_are_unavailable_and_others_are_not_affected() {
    let database = Database::new();
    prepare(&database);
    // One connection, so a call that waited would keep all others waiting.
    let store = database.store_of(1);
    let mut psql = database.psql();
    let before = psql.dump();
    let mut holder = database.psql();
    holder.run("BEGIN; UPDATE calendars SET minimum_gap = '2 hours' WHERE id = 'default'");
    thread::scope(|scope| {
        let calls = scope.spawn(|| {
            check_refused(store.place(draft("new", noon_plus(5)), Write), &StoreError::Busy);
            let placed = store.place_idempotent(draft("new", noon_plus(5)), &key("k"));
            check_refused(placed, &StoreError::Busy);
            let moved = store.replace(&order_id("223"), draft("-", noon_plus(5)), Write);
            check_refused(moved, &StoreError::Busy);
            let entering = draft_in("default", "-", noon_plus(5));
            check_refused(store.replace(&order_id("crew"), entering, Write), &StoreError::Busy);
        });
        calls.join().unwrap();
        assert_eq!(psql.dump(), before);
        placed(&store, draft_in("crew", "another", noon_plus(5)));
        // In a batch, only the orders of that calendar fail.
        let drafts = (0..200).map(|n| draft(&format!("new-{n}"), noon_plus(100 + 3 * n)));
        let batch = drafts.chain([draft_in("crew", "third", noon_plus(8))]).collect();
        let mut results = store.place_batch(batch).unwrap();
        results.pop().unwrap().unwrap();
        results.into_iter().for_each(|result| check_refused(result, &StoreError::Busy));
        store.order(&order_id("223")).unwrap();
    });
    holder.run("COMMIT");
    placed(&store, draft("new", noon_plus(2)));
    database.check_promises();
}

#[test]
fn a_new_gap_may_take_longer_than_a_statement_but_not_longer_than_its_own_limit() {
    let database = Database::new();
    prepare(&database);
    let with_limit = |limit| {
        let settings = Settings {
            statement_timeout: Duration::from_millis(100),
            gap_change_timeout: limit,
            ..Settings::new(&database.url, 1)
        };
        PgStore::connect(&settings).unwrap()
    };
    let default = CalendarId::default();
    let mut holder = database.psql();
    let mut psql = database.psql();

    holder.run("BEGIN; SELECT FROM orders WHERE id = '223' FOR UPDATE");
    let store = with_limit(Duration::from_millis(200));
    let before = psql.dump();
    check_unavailable(&store.replace_calendar(&default, calendar_draft("default", "PT2H")));
    assert_eq!(psql.dump(), before);

    let store = with_limit(Duration::from_secs(60));
    thread::scope(|scope| {
        let changed =
            scope.spawn(|| store.replace_calendar(&default, calendar_draft("default", "PT2H")));
        psql.wait_for_a_waiter();
        thread::sleep(Duration::from_millis(300));
        // The connections for short work are free, and another calendar can get a new gap as well.
        store.order(&order_id("223")).unwrap();
        store.replace_calendar(&calendar_id("crew"), calendar_draft("crew", "PT1H")).unwrap();
        holder.run("COMMIT");
        assert_eq!(changed.join().unwrap().unwrap().minimum_gap, gap("PT2H"));
    });
    placed(&store, draft("new", noon_plus(2)));
    database.check_promises();
}

#[test]
fn a_new_name_waits_for_no_booking() {
    let database = Database::new();
    prepare(&database);
    let store = database.store();
    let mut holder = database.psql();
    holder.run("BEGIN; SELECT FROM calendars FOR KEY SHARE");
    let renamed =
        orders_core::CalendarDraft { name: name("Crew"), ..calendar_draft("crew", "PT3H") };
    assert_eq!(store.replace_calendar(&calendar_id("crew"), renamed).unwrap().name, name("Crew"));
    holder.run("ROLLBACK");
}
