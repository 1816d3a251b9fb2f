use orders_core::{AsOf, ChangeType, Order, Timestamp};

use super::hold_for_every_store;
use crate::samples::*;

hold_for_every_store! {
    the_history_of_an_order_is_all_its_changes,
    the_history_comes_in_pages,
    an_order_that_never_was_has_no_history,
    an_order_is_read_as_it_was_at_a_version,
    an_order_is_read_as_it_was_at_an_instant,
}

/// An order that was created, replaced, deleted and created again; and what each write returned.
fn reused(store: &impl Store) -> [Order; 3] {
    add_services(store);
    let first = placed(store, draft("a", noon_plus(0)));
    placed(store, draft("b", noon_plus(30)));
    let second = store.replace(&first.id, draft("-", noon_plus(3)), Write).unwrap();
    store.remove(&first.id).unwrap();
    [first, second, placed(store, draft("a", noon_plus(6)))]
}

fn the_history_of_an_order_is_all_its_changes(store: &impl Store) {
    let [first, second, third] = reused(store);
    let page = store.history(&first.id, 0, 100).unwrap();
    assert_eq!(page.next, None);
    let types: Vec<_> = page.changes.iter().map(|change| change.change_type).collect();
    use ChangeType::{Created, Deleted, Updated};
    assert_eq!(types, [Created, Updated, Deleted, Created]);
    let data: Vec<_> = page.changes.iter().map(|change| change.data.clone()).collect();
    assert_eq!(data, [first, second.clone(), Order { version: 3, ..second }, third]);
    // As in the feed.
    let query = orders_core::ChangeQuery { limit: 10, ..Default::default() };
    let mut feed = store.changes(&query).unwrap().changes;
    feed.retain(|change| change.data.id.as_str() == "a");
    assert_eq!(page.changes, feed);
    store.remove(&order_id("a")).unwrap();
    assert_eq!(store.history(&order_id("a"), 0, 100).unwrap().changes.len(), 5);
}

fn the_history_comes_in_pages(store: &impl Store) {
    let id = reused(store)[0].id.clone();
    let versions = |after, limit| {
        let page = store.history(&id, after, limit).unwrap();
        (page.changes.iter().map(|it| it.data.version).collect::<Vec<_>>(), page.next)
    };
    assert_eq!(versions(0, 3), (vec![1, 2, 3], Some(3)));
    assert_eq!(versions(3, 3), (vec![4], None));
    // A full page may be the last one.
    assert_eq!(versions(2, 2), (vec![3, 4], None));
    assert_eq!(versions(1, 1), (vec![2], Some(2)));
    assert_eq!(versions(4, 3), (vec![], None));
    assert_eq!(versions(u64::MAX, 3), (vec![], None));
}

fn an_order_that_never_was_has_no_history(store: &impl Store) {
    check_refused(store.history(&order_id("a"), 0, 10), &no_order("a"));
    check_refused(store.history(&order_id("a"), 7, 10), &no_order("a"));
    for as_of in [AsOf::Version(1), AsOf::Instant(Timestamp::MAX)] {
        check_refused(store.order_as_of(&order_id("a"), as_of), &no_state("a", as_of));
    }
}

fn an_order_is_read_as_it_was_at_a_version(store: &impl Store) {
    let [first, second, third] = reused(store);
    let id = first.id.clone();
    for (version, order) in [(1, first), (2, second), (4, third)] {
        assert_eq!(store.order_as_of(&id, AsOf::Version(version)).unwrap(), order);
    }
    // It was deleted at version 3, and there is no version 5 yet.
    for version in [0, 3, 5, u64::MAX] {
        let as_of = AsOf::Version(version);
        check_refused(store.order_as_of(&id, as_of), &no_state("a", as_of));
    }
}

fn an_order_is_read_as_it_was_at_an_instant(store: &impl Store) {
    let [first, second, third] = reused(store);
    let deletion = store.history(&first.id, 2, 1).unwrap().changes[0].timestamp;
    let id = &first.id;
    let as_of = |at: Timestamp, micros| {
        store.order_as_of(id, AsOf::Instant(at.plus_micros(micros).unwrap())).ok()
    };
    assert_eq!(as_of(first.created_at, -1), None);
    assert_eq!(as_of(first.created_at, 0), Some(first.clone()));
    assert_eq!(as_of(second.updated_at, -1), Some(first.clone()));
    assert_eq!(as_of(second.updated_at, 0), Some(second.clone()));
    assert_eq!(as_of(deletion, -1), Some(second));
    assert_eq!(as_of(deletion, 0), None);
    assert_eq!(as_of(third.created_at, -1), None);
    assert_eq!(as_of(third.created_at, 0), Some(third.clone()));
    assert_eq!(as_of(Timestamp::MAX, 0), Some(third));
}
