//! The cursor of an export.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use orders_core::{ChangeFilter, Direction, Order, OrderFilter, Orders, Replica};

use super::*;

/// All orders, and the cursor of their export.
pub(super) fn export(store: &PgStore) -> (Vec<Order>, Cursor) {
    let (mut exported, mut cursor) = (Vec::new(), None);
    let mut sink = |at, orders: Vec<Order>| {
        cursor = at;
        exported.extend(orders);
        ControlFlow::Continue(())
    };
    store.export(&OrderFilter::default(), Direction::Ascending, &mut sink).unwrap();
    (exported, cursor.unwrap())
}

#[test]
fn an_export_contains_exactly_the_changes_up_to_its_cursor() {
    let database = Database::new();
    let store = database.store_of(6);
    add_services(&store);
    set_gap(&store, "PT1H");
    let start = head(&store);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for writer in 0..3_i64 {
            let (store, stop) = (&store, &stop);
            scope.spawn(move || {
                // Limited, so that this ends if the test fails.
                for n in 0..10_000 {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let id = format!("order-{writer}-{}", n % 5);
                    let at = noon_plus(1000 * writer + n % 7 * 2);
                    let _ = match n % 3 {
                        0 => store.place(draft(&id, at), Write).map(drop),
                        1 => store.replace(&order_id(&id), draft("-", at), Write).map(drop),
                        _ => store.remove(&order_id(&id)),
                    };
                }
            });
        }
        // Another follower assigns positions all the time.
        scope.spawn(|| {
            for _ in 0..50_000 {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                head(&store);
            }
        });
        let mut replica = Replica::new(start, ChangeFilter::default(), []);
        for _ in 0..40 {
            let (mut exported, cursor) = export(&store);
            // Replay up to the cursor, and no further.
            let changes = all(&store, After::Cursor(replica.cursor()));
            for change in changes.into_iter().filter(|it| it.cursor.position <= cursor.position) {
                replica.apply(change).unwrap();
            }
            assert_eq!(replica.cursor().position, cursor.position);
            exported.sort_by(|a, b| a.id.cmp(&b.id));
            let copy: Vec<Order> = replica.orders().cloned().collect();
            assert_eq!(copy, exported);
        }
        stop.store(true, Ordering::Relaxed);
    });
    database.check_promises();
}

#[test]
fn an_export_of_a_read_only_database_has_a_cursor_if_all_versions_have_positions() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    place_all(&store, &[("a", 0)]);
    let url = format!("{}&options=-c%20default_transaction_read_only%3Don", database.url);
    let read_only = PgStore::connect(&orders_db::Settings::new(&url, 1)).unwrap();
    let cursor = || {
        let mut cursor = None;
        let mut sink = |at, _| {
            cursor = at;
            ControlFlow::Continue(())
        };
        read_only.export(&OrderFilter::default(), Direction::Ascending, &mut sink).unwrap();
        cursor
    };
    assert_eq!(cursor(), None);
    assert_eq!(Some(head(&store)), cursor());
    assert!(cursor().is_some());
}
