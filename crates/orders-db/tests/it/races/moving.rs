//! Moves.

use super::*;

#[test]
fn of_32_who_move_to_one_time_exactly_one_wins() {
    let database = Database::new();
    let stores = two_stores(&database, 16);
    add_services(&stores[0]);
    let id = |n: usize| format!("order-{n}");
    for n in 0..32 {
        placed(&stores[0], draft(&id(n), noon_plus(-3 * n as i64)));
    }
    for round in 1..=10 {
        // Every other round the times differ but are too close.
        let apart = HOUR / 20 * (round % 2);
        check_one_won(at_once(32, |n| {
            let time = micros_after_noon(24 * HOUR * round + apart * n as i64);
            stores[n % 2].replace(&order_id(&id(n)), draft(&id(n), time), Write)
        }));
    }
    drop(stores);
    database.check_promises();
    database.check_no_deadlock();
}

#[test]
fn moves_in_a_ring_neither_deadlock_nor_fault() {
    let database = Database::new();
    let stores = two_stores(&database, 8);
    add_services(&stores[0]);
    stores[0].add_calendar(calendar_draft("crew", "PT1H")).unwrap();
    let id = |n: usize| format!("order-{n}");
    for n in 0..12 {
        placed(&stores[0], draft(&id(n), noon_plus(3 * n as i64)));
    }
    // One place is free, so that some of the ring can go on.
    at_once(12, |n| {
        for round in 1..25 {
            let place = (n + round) % 13;
            let calendar = if (n + round) % 5 == 0 { "crew" } else { "default" };
            let requested = draft_in(calendar, &id(n), noon_plus(3 * place as i64));
            match stores[n % 2].replace(&order_id(&id(n)), requested, Write) {
                Ok(_) | Err(StoreError::Conflict(_)) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    });
    drop(stores);
    database.check_promises();
    database.check_no_deadlock();
}

#[test]
fn of_two_who_swap_their_times_none_deadlocks() {
    let database = Database::new();
    let stores = two_stores(&database, 2);
    add_services(&stores[0]);
    place_all(&stores[0], &[("a", 0), ("b", 3)]);
    for _ in 0..100 {
        let times = ["a", "b"].map(|id| stores[0].order(&order_id(id)).unwrap().datetime);
        let answers = at_once(2, |n| {
            let id = ["a", "b"][n];
            stores[n].replace(&order_id(id), draft(id, times[1 - n]), Write)
        });
        for answer in answers {
            conflict(answer);
        }
    }
    drop(stores);
    database.check_no_deadlock();
}

#[test]
fn an_order_created_again_under_its_id_is_not_taken_for_the_one_before() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    store.add_calendar(calendar_draft("crew", "PT1H")).unwrap();
    place_all(&store, &[("223", 0)]);
    let mut psql = database.psql();
    let mut holder = database.psql();
    holder.run(
        "BEGIN; SELECT pg_advisory_xact_lock(1, hashint8(key)) FROM calendars WHERE id = 'default'",
    );
    thread::scope(|scope| {
        let requested = draft("223", noon_plus(1));
        let moved = scope.spawn(|| store.replace(&order_id("223"), requested, Write));
        psql.wait_for_a_waiter();
        psql.run("DELETE FROM orders");
        psql.run(&sql_order("223", "crew", noon_plus(50)));
        holder.run("COMMIT");
        // The draft names no calendar, so the order stays in the one that it is in now.
        let order = moved.join().unwrap().unwrap();
        assert_eq!((order.calendar, order.version), (calendar_id("crew"), 4));
    });
    database.check_promises();
}

/// A new reference changes an index, so PostgreSQL checks the constraint again although the order stays where it is.
#[test]
fn a_new_reference_of_an_order_neither_deadlocks_nor_faults_beside_moves_to_its_time() {
    let database = Database::new();
    let stores = two_stores(&database, 8);
    add_services(&stores[0]);
    let id = |n: usize| format!("order-{n}");
    let home = |n: usize| noon_plus(24 * (n as i64 + 1));
    for n in 0..8 {
        placed(&stores[0], draft(&id(n), home(n)));
    }
    let named = |n: usize| Some(reference(&format!("PO-{n}")));
    at_once(12, |n| {
        let store = &stores[n % 2];
        for round in 0..100 {
            let answers = match n {
                // They move to one time and back.
                0..8 => vec![
                    store.replace(&order_id(&id(n)), draft(&id(n), noon_plus(0)), Write).map(drop),
                    store.replace(&order_id(&id(n)), draft(&id(n), home(n)), Write).map(drop),
                ],
                // They create orders at that time, and give them references.
                _ => {
                    let new = draft(&format!("new-{n}"), noon_plus(0));
                    let with_reference = OrderDraft { reference: named(round), ..new.clone() };
                    let id = order_id(&format!("new-{n}"));
                    vec![
                        store.place(new, Write).map(drop),
                        store.replace(&id, with_reference, Write).map(drop),
                        store.remove(&id),
                    ]
                }
            };
            for answer in answers {
                match answer {
                    Ok(()) | Err(StoreError::Conflict(_) | StoreError::NotFound(_)) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
        }
    });
    drop(stores);
    database.check_promises();
    database.check_no_deadlock();
}
