//! Writers and readers at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

use orders_core::{ChangeFilter, ChangeType, MinimumGap, Order, Orders, Replica, Slot};
use orders_db::Settings;

use super::*;
use crate::database::Psql;

#[test]
fn a_read_sees_what_was_written_before_it_whatever_else_is_open() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    place_all(&store, &[("a", 0)]);
    let mut slow = database.psql();
    slow.run("BEGIN");
    slow.run(&sql_order("slow", "default", noon_plus(30)));
    let start = head(&store);
    place_all(&store, &[("b", 3)]);
    assert_eq!(said(&all(&store, After::Cursor(start))), ["created b 1 nobody"]);
    let next = head(&store);
    slow.run("COMMIT");
    place_all(&store, &[("c", 6)]);
    let late = ["created slow 1 db:orders", "created c 1 nobody"];
    assert_eq!(said(&all(&store, After::Cursor(next))), late);
    // What is rolled back is no change.
    slow.run("BEGIN; DELETE FROM orders WHERE id = 'slow'; ROLLBACK");
    assert_eq!(all(&store, After::Oldest).len(), 4);
    database.check_promises();
}

#[test]
fn a_prepared_transaction_delays_no_other_change() {
    let database = Database::with_settings(&[("max_prepared_transactions", "2")]);
    let store = database.store();
    add_services(&store);
    let mut psql = database.psql();
    psql.run("BEGIN");
    psql.run(&sql_order("prepared", "default", noon_plus(30)));
    psql.run("PREPARE TRANSACTION 'one'");
    for n in 0..3 {
        place_all(&store, &[(&format!("order-{n}"), 3 * n)]);
        assert_eq!(all(&store, After::Oldest).len() as i64, n + 1);
    }
    let start = head(&store);
    psql.run("COMMIT PREPARED 'one'");
    assert_eq!(said(&all(&store, After::Cursor(start))), ["created prepared 1 db:orders"]);
    database.check_promises();
}

#[test]
fn each_change_comes_once_and_in_sequence_and_the_rule_holds_after_each() {
    const WRITES: usize = 150;
    let database = Database::new();
    let store = database.store_of(8);
    add_services(&store);
    let start = page(&store, After::Oldest, 1).unwrap().next;
    // The version that each acknowledged write made.
    let acknowledged: Mutex<BTreeSet<(String, u64)>> = Mutex::default();
    thread::scope(|scope| {
        let writers: Vec<_> = (0..6_i64)
            .map(|writer| {
                let (store, acknowledged) = (&store, &acknowledged);
                scope.spawn(move || {
                    for n in 0..WRITES as i64 {
                        // All of them want the same few ids and times.
                        let id = format!("order-{}", (n * 7 + writer) % 9);
                        let at = noon_plus((n * 5 + writer * 3) % 24);
                        let written = match n % 4 {
                            0 | 3 => store.place(draft(&id, at), Write),
                            1 => store.replace(&order_id(&id), draft("-", at), Write),
                            _ => match store.remove(&order_id(&id)) {
                                Err(error) => Err(error),
                                Ok(()) => continue,
                            },
                        };
                        match written {
                            Ok(order) => {
                                let version = (order.id.to_string(), order.version);
                                assert!(acknowledged.lock().unwrap().insert(version), "{order:?}");
                                // It is in the feed already.
                                let last = store.history(&order.id, order.version - 1, 1).unwrap();
                                assert_eq!(last.changes[0].data, order);
                            }
                            Err(
                                StoreError::Conflict(_)
                                | StoreError::IdTaken(_)
                                | StoreError::NotFound(_)
                                | StoreError::Busy,
                            ) => {}
                            Err(error) => panic!("{error:?}"),
                        }
                    }
                })
            })
            .collect();
        let writers = Arc::new(writers);
        for limit in [1, 7, 1000] {
            let (store, writers) = (&store, Arc::clone(&writers));
            scope.spawn(move || {
                let mut replica = Replica::new(start, ChangeFilter::default(), []);
                loop {
                    let last_round = writers.iter().all(ScopedJoinHandle::is_finished);
                    let page = page(store, After::Cursor(replica.cursor()), limit).unwrap();
                    for change in page.changes {
                        replica.apply(change).unwrap();
                        check_rule(replica.orders());
                    }
                    if last_round && !page.more {
                        break;
                    }
                }
                let copy: BTreeMap<_, _> = replica.orders().map(|it| (it.id.clone(), it)).collect();
                let orders = store.orders().unwrap();
                let table: BTreeMap<_, _> = orders.iter().map(|it| (it.id.clone(), it)).collect();
                assert_eq!(copy, table);
            });
        }
    });
    let feed = all(&store, After::Oldest);
    let positions: Vec<u64> = feed.iter().map(|change| change.cursor.position).collect();
    assert_eq!(positions, (1..=feed.len() as u64).collect::<Vec<_>>());
    let written = feed.iter().filter(|change| change.change_type != ChangeType::Deleted);
    let written: Vec<_> = written.map(|it| (it.data.id.to_string(), it.data.version)).collect();
    assert_eq!(written.len(), acknowledged.lock().unwrap().len());
    assert_eq!(written.into_iter().collect::<BTreeSet<_>>(), *acknowledged.lock().unwrap());
    drop(store);
    database.check_no_deadlock();
    database.check_promises();
}

/// Asserts that no two orders of `default` are less than its gap apart.
fn check_rule<'a>(orders: impl Iterator<Item = &'a Order>) {
    let mut times: Vec<_> = orders.map(|order| order.datetime).collect();
    times.sort();
    let slot = |at| Slot::new(at, MinimumGap::default());
    for pair in times.windows(2) {
        assert!(!slot(pair[0]).conflicts_with(slot(pair[1])), "{pair:?}");
    }
}

#[test]
fn readers_wait_for_an_assignment_no_longer_than_for_any_lock() {
    let database = Database::new();
    let settings =
        Settings { lock_timeout: Duration::from_millis(100), ..Settings::new(&database.url, 2) };
    let store = PgStore::connect(&settings).unwrap();
    add_services(&store);
    place_all(&store, &[("a", 0)]);
    let mut slow = database.psql();
    slow.run("BEGIN; SELECT pg_advisory_xact_lock(2, 0)");
    let query = ChangeQuery { limit: 10, ..ChangeQuery::default() };
    let read = store.changes(&query);
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    // Nothing else waits.
    place_all(&store, &[("b", 3)]);
    slow.run("COMMIT");
    assert_eq!(all(&store, After::Oldest).len(), 2);
}

#[test]
fn positions_are_assigned_to_any_number_of_changes() {
    const CHANGES: usize = 25_000;
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    set_gap(&store, "PT0S");
    database.psql().run(&sql_orders("order", noon_plus(0), "1 second", CHANGES));
    assert_eq!(assigned_head(&store).position, CHANGES as u64);
    let first = page(&store, After::Oldest, 2).unwrap().changes;
    assert_eq!(said(&first), ["created order-0 1 db:orders", "created order-1 1 db:orders"]);
    database.psql().run("TRUNCATE orders");
    assigned_head(&store);
    assert_eq!(super::exports::export(&store).1.position, 2 * CHANGES as u64);
}

/// The cursor of the last change. Very many changes get their positions in several attempts.
fn assigned_head(store: &PgStore) -> Cursor {
    loop {
        match page(store, After::Now, 1) {
            Ok(page) => return page.next,
            Err(StoreError::Unavailable(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[test]
fn no_change_of_a_slow_transaction_is_missed() {
    const WRITERS: i64 = 4;
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let database = &database;
                scope.spawn(move || {
                    let mut psql = database.psql();
                    for n in 0..60 {
                        psql.run("BEGIN");
                        // It draws a number, and others draw theirs and commit meanwhile.
                        psql.run(&sql_order(
                            &format!("{writer}-{n}"),
                            "default",
                            noon_plus(1000 * writer + 3 * n),
                        ));
                        thread::sleep(Duration::from_millis((7 * n + 3 * writer) as u64 % 9));
                        psql.run(if n % 5 == 4 { "ROLLBACK" } else { "COMMIT" });
                    }
                })
            })
            .collect();
        while !writers.iter().all(ScopedJoinHandle::is_finished) {
            head(&store);
        }
    });
    let feed = all(&store, After::Oldest);
    let followed: BTreeSet<String> = feed.iter().map(|it| it.data.id.to_string()).collect();
    let orders = store.orders().unwrap();
    assert_eq!(orders.len() as i64, WRITERS * 48);
    assert_eq!(followed, orders.iter().map(|it| it.id.to_string()).collect());
    let waiting = "SELECT count(*) FROM order_versions WHERE position IS NULL";
    assert_eq!(database.psql().line(waiting), "0");
    // The sequence decides only on the order of the changes, also if somebody has set it back.
    database.psql().run("SELECT setval('order_versions_sequence', 1)");
    let start = head(&store);
    place_all(&store, &[("a", -1000), ("b", -900)]);
    assert_eq!(
        said(&all(&store, After::Cursor(start))),
        ["created a 1 nobody", "created b 1 nobody"]
    );
}

#[test]
fn an_open_transaction_does_not_slow_down_the_search() {
    let database = Database::alone();
    let store = database.store_of(1);
    add_services(&store);
    let mut slow = database.psql();
    slow.run("BEGIN");
    slow.run(&sql_orders("slow", noon_plus(100), "3 hours", 2000));
    head(&store);
    let mut heartbeat = orders_db::Heartbeat::new(&Settings::new(&database.url, 1));
    // Without a change, the heartbeat lets the search begin after the open transaction.
    heartbeat.complete_feed().unwrap();
    let blocks = |psql: &mut Psql| -> i64 {
        psql.run("SELECT pg_stat_clear_snapshot()");
        psql.line(
            "SELECT idx_blks_read + idx_blks_hit FROM pg_statio_user_indexes
              WHERE indexrelname = 'order_versions_without_position'",
        )
        .parse()
        .unwrap()
    };
    let mut writer = database.psql();
    for n in 0..300 {
        writer.run(&sql_order(&format!("order-{n}"), "default", noon_plus(-3 * n)));
        if n % 30 == 0 {
            head(&store);
        }
    }
    head(&store);
    // A session adds what it has read when it ends, and before that from time to time.
    drop((store, writer));
    let mut psql = database.psql();
    psql.wait_until_beside(2);
    let before = blocks(&mut psql);
    let store = database.store_of(1);
    for _ in 0..20 {
        head(&store);
    }
    drop(store);
    psql.wait_until_beside(2);
    let read = blocks(&mut psql) - before;
    assert!(read < 200, "20 searches read {read} blocks");
    slow.run("COMMIT");
    assert_eq!(all(&database.store(), After::Oldest).len(), 2300);
}

#[test]
fn an_id_is_used_again_by_many_at_once() {
    let database = Database::new();
    let store = database.store_of(8);
    add_services(&store);
    thread::scope(|scope| {
        for thread in 0..8_i64 {
            let store = &store;
            scope.spawn(move || {
                for n in 0..40 {
                    let at = noon_plus(100 * thread + 3 * n);
                    let created = match n % 2 {
                        0 => store.place(draft("a", at), Write),
                        _ => store.place_batch(vec![draft("a", at)]).unwrap().remove(0),
                    };
                    if created.is_ok() {
                        let _ = store.remove(&order_id("a"));
                    } else {
                        assert!(
                            matches!(created, Err(StoreError::IdTaken(_) | StoreError::Busy)),
                            "{created:?}"
                        );
                    }
                }
            });
        }
    });
    drop(store);
    database.check_no_deadlock();
    database.check_promises();
}
