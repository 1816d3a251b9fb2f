//! One request does not affect those that are executed together with it.

use std::sync::Arc;
use std::thread;

use orders_core::{CalendarId, Calendars, Client, Orders, Precondition, StoreError};
use orders_db::requests::{CreateOrder, DeleteOrder, FindAvailability, GetOrder, ReplaceOrder};

use super::*;
use crate::access::acting;
use crate::database::Database;
use crate::races::{at_once, two_stores};

#[test]
fn an_order_that_waits_for_another_transaction_does_not_hold_up_the_others() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    let mut psql = database.psql();
    psql.run(&format!("BEGIN; {}", sql_order("open", "default", noon_plus(3))));

    let requests = creations(&[("a", 0), ("b", 3), ("c", 6)]);
    let outcomes = CreateOrder::execute_together(&store, &requests);
    assert!(outcomes.iter().all(Option::is_none), "nothing was done: {outcomes:?}");
    assert_eq!(store.orders().unwrap(), []);
    // While that transaction is still open, the others are created.
    for (index, id) in [(0, "a"), (2, "c")] {
        let order = requests[index].clone().execute(&store).unwrap();
        assert_eq!(order.id, order_id(id));
    }
    psql.run("ROLLBACK");
    assert_eq!(requests[1].clone().execute(&store).unwrap().id, order_id("b"));
    drop(store);
    database.check_promises();
}

#[test]
fn a_service_that_is_being_deleted_does_not_fail_the_others() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    let mut psql = database.psql();
    psql.run("BEGIN; DELETE FROM services WHERE id = '456'");
    let mut requests = creations(&[("a", 0), ("b", 3)]);
    requests[1].draft.services = services(&["456"]);
    let outcomes = CreateOrder::execute_together(&store, &requests);
    assert!(outcomes.iter().all(Option::is_none), "{outcomes:?}");
    assert_eq!(requests[0].clone().execute(&store).unwrap().id, order_id("a"));
    psql.run("COMMIT");
    check_refused(requests[1].clone().execute(&store), &unknown(None, &[(0, "456")]));
}

#[test]
fn an_order_whose_calendar_gets_a_new_gap_is_left_out() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    store.add_calendar(calendar_draft("crew", "PT1H")).unwrap();
    let mut psql = database.psql();
    psql.run("BEGIN; UPDATE calendars SET minimum_gap = '02:00' WHERE id = 'crew'");
    let mut requests = creations(&[("a", 0), ("b", 0)]);
    requests[1].draft.calendar = Some(calendar_id("crew"));
    let mut outcomes = CreateOrder::execute_together(&store, &requests).into_iter();
    assert_eq!(outcomes.next().unwrap().unwrap().unwrap().id, order_id("a"));
    assert!(outcomes.next().unwrap().is_none());
    psql.run("COMMIT");
    assert_eq!(requests[1].clone().execute(&store).unwrap().id, order_id("b"));
}

#[test]
fn a_locked_order_does_not_hold_up_the_others() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    place_all(&store, &[("a", 0), ("b", 3), ("c", 6)]);
    let mut psql = database.psql();
    psql.run("BEGIN; SELECT FROM orders WHERE id = 'b' FOR UPDATE");
    let condition = Precondition::None;
    let replacements: Vec<_> = [("a", 0), ("b", 3)]
        .map(|(id, hours)| ReplaceOrder {
            client: None,
            id: order_id(id),
            condition: condition.clone(),
            draft: draft(id, noon_plus(hours)),
        })
        .into();
    let outcomes = ReplaceOrder::execute_together(&store, &replacements);
    assert!(outcomes.iter().all(Option::is_none), "{outcomes:?}");
    assert_eq!(replacements[0].clone().execute(&store).unwrap().version, 2);
    let deletions: Vec<_> = ["b", "c"]
        .map(|id| DeleteOrder { client: None, id: order_id(id), condition: condition.clone() })
        .into();
    let outcomes = DeleteOrder::execute_together(&store, &deletions);
    assert!(outcomes.iter().all(Option::is_none), "{outcomes:?}");
    deletions[1].clone().execute(&store).unwrap();
    psql.run("COMMIT");
    deletions[0].clone().execute(&store).unwrap();
}

#[test]
fn a_lost_connection_leaves_it_open_whether_orders_were_created_but_reads_are_repeated() {
    let database = Database::new();
    let store = database.store_of(1);
    add_services(&store);
    place_all(&store, &[("a", 0)]);
    let (mut psql, mut other) = (database.psql(), database.psql());
    let end_waiters = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE datname = current_database() AND wait_event_type = 'Lock'";

    psql.run(&format!("BEGIN; {}", sql_order("open", "default", noon_plus(6))));
    let outcomes = thread::scope(|scope| {
        let requests = creations(&[("b", 3), ("c", 6)]);
        let creating = {
            let store = &store;
            scope.spawn(move || {
                loop {
                    // Within its short wait for the lock, the session may not have been found.
                    let outcomes = CreateOrder::execute_together(store, &requests);
                    if outcomes.iter().any(Option::is_some) {
                        return outcomes;
                    }
                }
            })
        };
        while !creating.is_finished() {
            other.run(end_waiters);
        }
        creating.join().unwrap()
    });
    for outcome in outcomes {
        assert!(matches!(outcome, Some(Err(StoreError::Unavailable(_)))), "{outcome:?}");
    }
    psql.run("ROLLBACK");

    psql.run("BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE");
    let results = thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let get = |id| GetOrder { client: None, id: order_id(id) };
            GetOrder::execute_together(&store, &[get("a"), get("missing")])
        });
        other.wait_for_a_waiter();
        other.run(end_waiters);
        other.wait_for_a_waiter();
        psql.run("ROLLBACK");
        reading.join().unwrap()
    });
    let results: Vec<_> = results.into_iter().map(Option::unwrap).collect();
    assert_eq!(results[0].as_ref().unwrap().id, order_id("a"));
    check_refused(results.into_iter().nth(1).unwrap(), &no_order("missing"));
}

#[test]
fn a_result_that_cannot_be_understood_does_not_mean_that_nothing_was_done() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    place_all(&store, &[("a", 0), ("b", 3)]);
    let mut psql = database.psql();
    psql.run(
        "ALTER TABLE orders DROP CONSTRAINT orders_created_at_is_in_range;
         SET orders.client = 'shop';
         UPDATE orders SET created_at = '20000-01-01', version = version + 1 WHERE id = 'b'",
    );
    let requests = [("a", 0), ("b", 3)].map(|(id, hours)| ReplaceOrder {
        client: None,
        id: order_id(id),
        condition: Precondition::None,
        draft: draft(id, noon_plus(hours)),
    });
    for outcome in ReplaceOrder::execute_together(&store, &requests) {
        assert!(matches!(outcome, Some(Err(StoreError::Bug(_)))), "{outcome:?}");
    }
    assert_eq!(psql.lines("SELECT version::text FROM orders ORDER BY id"), ["2", "3"]);
}

/// Creates orders of two calendars in batches whose ids cross: two batches each hold an order whose id the other wants
/// for a later one.
fn create_in_opposite_orders(database: &Database) {
    let stores = two_stores(database, 4);
    add_services(&stores[0]);
    stores[0].add_calendar(calendar_draft("crew", "PT1H")).unwrap();
    let results = at_once(8, |thread| {
        let mut results = Vec::new();
        for round in 0..40 {
            let request = |n: i64| {
                let id = if thread % 2 == 0 { n } else { 9 - n };
                let calendar = ["default", "crew"][n as usize % 2];
                let time = micros_after_noon((1000 * round + 3 * n) * HOUR + thread as i64);
                CreateOrder {
                    client: None,
                    draft: draft_in(calendar, &format!("order-{round}-{id}"), time),
                }
            };
            let mut requests: Vec<_> = (0..10).map(request).collect();
            requests.rotate_left(thread);
            results.extend(execute(&stores[thread % 2], &requests));
        }
        results
    });
    let (created, rejected): (Vec<_>, Vec<_>) =
        results.into_iter().flatten().partition(Result::is_ok);
    for rejection in &rejected {
        let expected = matches!(rejection, Err(StoreError::Conflict(_) | StoreError::IdTaken(_)));
        assert!(expected, "{rejection:?}");
    }
    assert!(created.len() > 200 && rejected.len() > 200);
    drop(stores);
    database.check_promises();
}

#[test]
fn batches_in_opposite_orders_do_not_deadlock() {
    let database = Database::new();
    create_in_opposite_orders(&database);
    database.check_no_deadlock();
}

#[test]
fn batches_whose_deadlock_postgresql_breaks_get_the_same_responses() {
    create_in_opposite_orders(&Database::with_settings(&[("deadlock_timeout", "1ms")]));
}

#[test]
fn of_batches_for_the_same_times_exactly_one_wins_each() {
    let database = Database::new();
    let stores = two_stores(&database, 4);
    add_services(&stores[0]);
    let results = at_once(8, |thread| {
        let hours = |n: i64| if thread % 2 == 0 { n } else { 29 - n };
        let ids: Vec<_> = (0..30).map(|n| (format!("order-{thread}-{n}"), 3 * hours(n))).collect();
        let ids: Vec<_> = ids.iter().map(|(id, hours)| (id.as_str(), *hours)).collect();
        execute(&stores[thread % 2], &creations(&ids))
    });
    assert_eq!(created(results.into_iter().flatten().collect()).len(), 30);
    drop(stores);
    database.check_promises();
    database.check_no_deadlock();
}

#[test]
fn each_client_is_itself() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    store.add_calendar(calendar_draft("crew", "PT1H")).unwrap();
    let (shop, crew) = (acting("shop", None), acting("crew", Some(&["crew"])));
    let create = |client: &Option<Arc<Client>>, calendar, id| CreateOrder {
        client: client.clone(),
        draft: draft_in(calendar, id, noon_plus(0)),
    };
    let results = execute(
        &store,
        &[
            create(&shop, "default", "a"),
            create(&crew, "crew", "b"),
            create(&crew, "default", "c"),
            create(&None, "default", "d"),
        ],
    );
    let texts: Vec<_> = results.iter().map(text).collect();
    assert!(results[0].is_ok() && results[1].is_ok(), "{texts:?}");
    let not_permitted = StoreError::NotPermitted(CalendarId::default());
    assert_eq!(texts[2], text::<()>(&Err(not_permitted)));
    assert!(matches!(results[3], Err(StoreError::Conflict(_))));
    let writers = database.psql().lines("SELECT updated_by FROM orders ORDER BY id");
    assert_eq!(writers, ["shop", "crew"]);

    let get = |client: &Option<Arc<Client>>| GetOrder { client: client.clone(), id: order_id("a") };
    let read = execute(&store, &[get(&shop), get(&crew)]);
    assert!(read[0].is_ok());
    assert_eq!(text(&read[1]), text::<()>(&Err(no_order("a"))));

    let find = |client: &Option<Arc<Client>>, calendar| FindAvailability {
        client: client.clone(),
        calendar: calendar_id(calendar),
        window: span(noon_plus(0), noon_plus(9)),
    };
    let found =
        execute(&store, &[find(&crew, "default"), find(&shop, "none"), find(&crew, "crew")]);
    assert_eq!(text(&found[0]), text::<()>(&Err(StoreError::NotPermitted(CalendarId::default()))));
    assert_eq!(text(&found[1]), text::<()>(&Err(no_calendar("none"))));
    assert_eq!(found[2].as_ref().unwrap().len(), 1);

    let delete = |client: &Option<Arc<Client>>, id| DeleteOrder {
        client: client.clone(),
        id: order_id(id),
        condition: Precondition::None,
    };
    // Together with a client that may delete everything.
    let deletions = [delete(&shop, "c"), delete(&crew, "a"), delete(&crew, "b")];
    assert!(DeleteOrder::execute_together(&store, &deletions).iter().all(Option::is_none));
    let deleted = execute(&store, &deletions[1..]);
    assert_eq!(text(&deleted[0]), text::<()>(&Err(no_order("a"))));
    assert!(deleted[1].is_ok());
    let writer = "SELECT client FROM order_versions WHERE type = 'deleted'";
    assert_eq!(database.psql().lines(writer), ["crew"]);
}
