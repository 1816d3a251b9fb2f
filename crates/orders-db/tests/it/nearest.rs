//! The nearest free times are free, are the nearest, and are looked for 366 days far.

use std::cell::RefCell;

use orders_core::{MinimumGap, Orders, SEARCH_REACH_MICROS, Schedule, Timestamp};
use proptest::prelude::*;

use crate::database::Database;
use crate::samples::*;

const DAY: i64 = 24 * HOUR;

#[test]
fn a_nearest_free_time_booked_at_once_succeeds() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    for n in 0..30 {
        placed(&store, draft(&format!("order-{n}"), noon_plus(3 * n + n / 4)));
    }
    for n in 0..20 {
        let requested = draft(&format!("new-{n}"), noon_plus(40));
        let free = conflict(store.place(requested.clone(), Write)).nearest_free;
        let time = if n % 2 == 0 { free.before } else { free.after };
        let requested = orders_core::OrderDraft { datetime: time.unwrap(), ..requested };
        placed(&store, requested);
    }
    database.check_promises();
}

#[test]
fn at_the_ends_of_the_years_one_side_is_none() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    for (n, (end, inwards)) in [(Timestamp::MIN, 1), (Timestamp::MAX, -1)].into_iter().enumerate() {
        placed(&store, draft(&format!("end-{n}"), end));
        // The second is so near the end that nothing fits in between.
        for (micros, steps) in [(0, 1), (HOUR, 1), (3 * HOUR + 1, 2)] {
            let requested = draft("new", end.plus_micros(inwards * micros).unwrap());
            if let Ok(order) = store.place(requested.clone(), Write) {
                let id = format!("end-{n}-{micros}");
                store.remove(&order.id).unwrap();
                placed(&store, draft(&id, order.datetime));
                continue;
            }
            let free = conflict(store.place(requested.clone(), Write)).nearest_free;
            let (outside, inside) =
                if n == 0 { (free.before, free.after) } else { (free.after, free.before) };
            assert_eq!(outside, None);
            assert_eq!(inside, end.plus_micros(inwards * steps * 3 * HOUR));
            placed(&store, orders_core::OrderDraft { datetime: inside.unwrap(), ..requested });
            store.remove(&order_id("new")).unwrap();
        }
    }
    database.check_promises();
}

#[test]
fn a_calendar_that_is_solid_for_more_than_366_days_has_no_nearest_free_time() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    let count = 2 * 367 * 8;
    let start = noon_plus(-367 * 24);
    let mut psql = database.psql();
    psql.run(&sql_orders("solid", start, "3 hours", count + 1));
    let rejected = conflict(store.place(draft("new", noon_plus(1)), Write));
    assert_eq!(rejected.conflicts_with.len(), 2);
    assert_eq!((rejected.nearest_free.before, rejected.nearest_free.after), (None, None));

    // Just inside the reach something becomes free, and just outside it nothing does.
    let edge = |n: usize| start.plus_micros(3 * HOUR * n as i64).unwrap();
    let reach = |direction| noon_plus(1).plus_micros(direction * SEARCH_REACH_MICROS).unwrap();
    let inside = (0..=count).rev().find(|n| edge(*n) <= reach(1)).unwrap();
    store.remove(&order_id(&format!("solid-{}", inside + 1))).unwrap();
    for _ in 0..3 {
        let free = conflict(store.place(draft("new", noon_plus(1)), Write)).nearest_free;
        assert_eq!((free.before, free.after), (None, None));
    }
    store.remove(&order_id(&format!("solid-{inside}"))).unwrap();
    for _ in 0..3 {
        let free = conflict(store.place(draft("new", noon_plus(1)), Write)).nearest_free;
        assert_eq!((free.before, free.after), (None, Some(edge(inside))));
    }
    let inside = (0..=count).find(|n| edge(*n) >= reach(-1)).unwrap();
    store.remove(&order_id(&format!("solid-{inside}"))).unwrap();
    for _ in 0..3 {
        let free = conflict(store.place(draft("new", noon_plus(1)), DryRun)).nearest_free;
        assert_eq!(free.before, Some(edge(inside)));
        let free = conflict(store.place(draft("new", noon_plus(1)), Write)).nearest_free;
        assert_eq!(free.before, Some(edge(inside)));
    }
    // A time near the requested is found although longer searches went before.
    store.remove(&order_id(&format!("solid-{}", count / 2 + 3))).unwrap();
    let free = conflict(store.place(draft("new", noon_plus(1)), Write)).nearest_free;
    assert_eq!(free.after, Some(edge(count / 2 + 3)));
    placed(&store, draft("new", free.after.unwrap()));
    database.check_promises();
}

/// Gaps between orders and a requested: few enough orders with the widest gap there is to reach 366 days.
fn chains() -> impl Strategy<Value = (Vec<i64>, i64, i64)> {
    let gap = MinimumGap::MAX.as_micros();
    // Two gaps and more leave room between two orders.
    let steps = prop_oneof![
        6 => Just(gap),
        6 => gap..2 * gap,
        3 => Just(2 * gap - 1),
        1 => Just(2 * gap),
        1 => 2 * gap..3 * gap,
    ];
    let offsets = prop_oneof![-gap + 1..gap, Just(0), Just(gap - 1), Just(1 - gap)];
    // So that the room behind the chain is just at the reach.
    (prop::collection::vec(steps, 0..28), 0..28_i64, offsets)
}

#[test]
fn the_nearest_free_times_are_those_of_the_schedule_in_core() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    set_gap(&store, "P31D");
    let gap = gap("P31D");
    let mut psql = database.psql();
    let check = RefCell::new(|(steps, from, offset): (Vec<i64>, i64, i64)| {
        let mut times = vec![noon_plus(0)];
        for step in steps {
            times.push(times.last().unwrap().plus_micros(step).unwrap());
        }
        let requested = times[from as usize % times.len()].plus_micros(offset).unwrap();
        let schedule = Schedule::new(gap, times.iter().copied());
        let orders = times.iter().enumerate();
        let orders = orders.map(|(n, time)| sql_order(&format!("order-{n}"), "default", *time));
        psql.run(&format!("DELETE FROM orders; {}", orders.collect::<Vec<_>>().join("; ")));
        for mode in [Write, DryRun] {
            let conflict = conflict(store.place(draft("new", requested), mode));
            prop_assert_eq!(conflict.nearest_free, schedule.nearest_free(requested));
            let taken: Vec<_> = conflict.conflicts_with.iter().map(|it| it.datetime).collect();
            prop_assert_eq!(taken, schedule.conflicts(requested));
        }
        Ok(())
    });
    runner(100).run(&chains(), |chain| (check.borrow_mut())(chain)).unwrap();
}

#[test]
fn a_free_time_exactly_366_days_away_is_found_and_one_beyond_is_not() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    set_gap(&store, "P31D");
    let mut psql = database.psql();
    // The requested is 20 days after its only conflict; the orders behind leave no room until just there.
    for direction in [1, -1] {
        for (late, is_found) in [(0, true), (1, false)] {
            psql.run("TRUNCATE orders");
            let requested = 20 * DAY;
            let last = requested + SEARCH_REACH_MICROS - 31 * DAY + late;
            let mut times: Vec<_> =
                (0..).map(|n| 51 * DAY * n).take_while(|at| *at < last - 31 * DAY).collect();
            // Where the steps do not fit there is less than two gaps to the last one.
            if last - times[times.len() - 1] >= 62 * DAY {
                times.push(times[times.len() - 1] + 40 * DAY);
            }
            times.push(last);
            for (n, time) in times.iter().enumerate() {
                psql.run(&sql_order(
                    &format!("order-{n}"),
                    "default",
                    micros_after_noon(direction * time),
                ));
            }
            let requested = micros_after_noon(direction * requested);
            let free = conflict(store.place(draft("new", requested), Write)).nearest_free;
            let found = if direction == 1 { free.after } else { free.before };
            let edge = requested.plus_micros(direction * SEARCH_REACH_MICROS);
            assert_eq!(found, edge.filter(|_| is_found), "{direction} {late}");
        }
    }
}
