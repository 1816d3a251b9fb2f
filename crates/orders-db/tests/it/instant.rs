//! Every call acts at one instant: nobody sees half of another's write.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use orders_core::{CalendarId, Calendars, NearestFree, Orders, Timestamp};

use crate::database::Database;
use crate::samples::*;

/// Reads so often while `write` is called all the time.
fn meanwhile(write: impl Fn(usize) + Sync, mut read: impl FnMut()) {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for n in (0..).take_while(|_| !is_over.load(Ordering::Relaxed)) {
                write(n);
            }
        });
        let reads = catch_unwind(AssertUnwindSafe(|| (0..400).for_each(|_| read())));
        is_over.store(true, Ordering::Relaxed);
        if let Err(panic) = reads {
            resume_unwind(panic);
        }
    });
}

#[test]
fn a_conflict_is_told_as_of_one_instant() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    place_all(&store, &[("a", 1), ("far", 900)]);
    let moves = |n: usize| {
        let requested = draft("a", noon_plus(1 + n as i64 % 2));
        store.replace(&order_id("a"), requested, Write).unwrap();
    };
    let check = |answer| {
        let conflict = conflict::<orders_core::Order>(answer);
        let at = conflict.conflicts_with[0].datetime;
        let hours = |hours| -> Option<Timestamp> { at.plus_micros(hours * HOUR) };
        let expected = NearestFree { before: hours(-3), after: hours(3) };
        assert_eq!(conflict.nearest_free, expected, "{conflict:?}");
    };
    meanwhile(moves, || {
        check(store.place(draft("new", noon_plus(0)), Write));
        check(store.place(draft("new", noon_plus(0)), DryRun));
        check(store.replace(&order_id("far"), draft("far", noon_plus(0)), Write));
        check(store.replace(&order_id("far"), draft("far", noon_plus(0)), DryRun));
    });
}

#[test]
fn a_gap_and_the_orders_under_it_are_seen_together() {
    let database = Database::new();
    let store = database.store();
    let writer = database.store();
    add_services(&store);
    set_gap(&store, "PT1H");
    place_all(&store, &[("a", 0)]);
    // With a gap of 1 hour there are two orders, with one of 2 hours only the first.
    let changes = |_| {
        place_all(&writer, &[("b", 1)]);
        writer.remove(&order_id("b")).unwrap();
        set_gap(&writer, "PT2H");
        set_gap(&writer, "PT1H");
    };
    let window = span(noon_plus(0), noon_plus(4));
    meanwhile(changes, || {
        let free = store.availability(&CalendarId::default(), window).unwrap();
        let from = free[0].from;
        assert!(from == noon_plus(1) || from == noon_plus(2), "{free:?}");
        assert_eq!(free, [span(from, noon_plus(4))]);
        let conflict = conflict(store.place(draft("new", noon_plus(0)), DryRun));
        if conflict.minimum_gap == gap("PT2H") {
            assert_eq!(conflict.conflicts_with, [booking("a", noon_plus(0))]);
            assert_eq!(conflict.nearest_free.after, Some(noon_plus(2)));
        }
    });
    assert_eq!(store.all_calendars().unwrap().len(), 1);
}
