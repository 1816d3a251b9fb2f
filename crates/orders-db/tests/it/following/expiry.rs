//! How long changes are kept.

use std::time::Duration;

use orders_core::{AsOf, Orders, Timestamp};
use orders_db::{Heartbeat, Settings};

use super::*;

/// Lets changes expire that are older than a moment, at most so many.
fn expire(database: &Database, most: u64) {
    let mut heartbeat = Heartbeat::new(&Settings::new(&database.url, 1));
    heartbeat.complete_feed().unwrap();
    heartbeat.expire_changes(Duration::ZERO, most).unwrap();
}

#[test]
fn changes_expire_oldest_first() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    place_all(&store, &[("a", 0), ("b", 3), ("c", 6)]);
    let start = page(&store, After::Oldest, 1).unwrap();
    let second = page(&store, After::Oldest, 2).unwrap().next;
    expire(&database, 0);
    assert_eq!(all(&store, After::Oldest).len(), 3);
    expire(&database, 2);
    let gone = page(&store, After::Cursor(start.next), 10);
    check_refused(gone, &StoreError::CursorGone(start.next));
    // Who has seen them all may go on.
    assert_eq!(said(&all(&store, After::Cursor(second))), ["created c 1 nobody"]);
    assert_eq!(said(&all(&store, After::Oldest)), ["created c 1 nobody"]);
    expire(&database, 100);
    assert_eq!(all(&store, After::Oldest), []);
    let head = head(&store);
    assert_eq!(all(&store, After::Cursor(head)), []);
    place_all(&store, &[("d", 9)]);
    assert_eq!(said(&all(&store, After::Cursor(head))), ["created d 1 nobody"]);
    database.check_promises();
}

#[test]
fn changes_are_kept_as_long_as_wanted() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    place_all(&store, &[("a", 0)]);
    head(&store);
    let mut heartbeat = Heartbeat::new(&Settings::new(&database.url, 1));
    assert_eq!(heartbeat.complete_feed().unwrap().position, 1);
    heartbeat.expire_changes(Duration::from_secs(3600), 100).unwrap();
    assert_eq!(all(&store, After::Oldest).len(), 1);
    let ago = "UPDATE order_versions SET assigned_at = assigned_at - interval '2 hours'";
    database.psql().run(ago);
    heartbeat.expire_changes(Duration::from_secs(3600), 100).unwrap();
    assert_eq!(all(&store, After::Oldest), []);
}

#[test]
fn the_present_version_is_kept_and_no_version_is_repeated() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    let id = order_id("a");
    place_all(&store, &[("a", 0), ("b", 30)]);
    store.replace(&id, draft("-", noon_plus(3)), Write).unwrap();
    store.remove(&order_id("b")).unwrap();
    head(&store);
    expire(&database, 100);
    let kept = "SELECT order_id || ' ' || version FROM order_versions ORDER BY 1";
    assert_eq!(database.psql().lines(kept), ["a 2", "b 2"]);
    let history = store.history(&id, 0, 10).unwrap().changes;
    assert_eq!(said(&history), ["updated a 2 nobody"]);
    let gone = store.order_as_of(&id, AsOf::Version(1));
    assert!(matches!(gone, Err(StoreError::VersionGone(_))), "{gone:?}");
    assert_eq!(placed(&store, draft("b", noon_plus(30))).version, 3);
    assert_eq!(said(&all(&store, After::Oldest)), ["created b 3 nobody"]);
    assert_eq!(database.psql().lines(kept), ["a 2", "b 2", "b 3"]);
    expire(&database, 100);
    assert_eq!(database.psql().lines(kept), ["a 2", "b 3"]);
    assert_eq!(
        store.remove(&id).and(store.place(draft("a", noon_plus(3)), Write)).unwrap().version,
        4
    );
}

#[test]
fn a_reader_that_begins_with_the_oldest_change_is_never_too_late() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    set_gap(&store, "PT0S");
    database.psql().run(&sql_orders("order", noon_plus(0), "1 second", 2000));
    head(&store);
    std::thread::scope(|scope| {
        let expiring = scope.spawn(|| (0..200).for_each(|_| expire(&database, 10)));
        while !expiring.is_finished() {
            page(&store, After::Oldest, 1).unwrap();
        }
    });
    assert_eq!(all(&store, After::Oldest), []);
}

#[test]
fn a_page_of_large_orders_is_short() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    let value = "x".repeat(500);
    let entries: Vec<_> = (0..20).map(|n| (format!("key-{n}"), value.as_str())).collect();
    let entries: Vec<_> = entries.iter().map(|(key, value)| (key.as_str(), *value)).collect();
    for n in 0..450 {
        let order = draft(&format!("order-{n}"), noon_plus(3 * n));
        placed(&store, orders_core::OrderDraft { metadata: metadata(&entries), ..order });
    }
    let (mut after, mut pages, mut seen) = (After::Oldest, 0, 0);
    loop {
        let page = page(&store, after, 1000).unwrap();
        (pages, seen, after) = (pages + 1, seen + page.changes.len(), After::Cursor(page.next));
        if !page.more {
            break;
        }
    }
    // A page ends after a megabyte of metadata, and each order has 10 kB.
    assert_eq!((pages, seen), (5, 450));
}

#[test]
fn changes_expire_without_a_reader() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    place_all(&store, &[("a", 0)]);
    store.replace(&order_id("a"), draft("-", noon_plus(3)), Write).unwrap();
    expire(&database, 100);
    let kept = "SELECT order_id || ' ' || version FROM order_versions";
    assert_eq!(database.psql().lines(kept), ["a 2"]);
}

#[test]
fn the_state_at_every_instant_since_then_is_known() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    let first = placed(&store, draft("a", noon_plus(0)));
    head(&store);
    expire(&database, 100);
    let second = store.replace(&first.id, draft("-", noon_plus(3)), Write).unwrap();
    let before = second.updated_at.plus_micros(-1).unwrap();
    let as_of = |at: Timestamp| store.order_as_of(&first.id, AsOf::Instant(at)).unwrap();
    assert_eq!(as_of(before), first);
    assert_eq!(as_of(second.updated_at), second);
}
