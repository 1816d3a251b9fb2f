use std::ops::ControlFlow;

use orders_core::{
    After, Change, ChangeFilter, ChangeQuery, ChangeType, Cursor, Direction, Order, OrderDraft,
    OrderFilter, OrderPatch, Precondition, Replica, StoreError, Timestamp,
};

use super::hold_for_every_store;
use crate::samples::*;

hold_for_every_store! {
    every_write_is_one_change,
    what_writes_nothing_is_no_change,
    a_deletion_is_the_order_as_it_last_was,
    a_version_is_never_repeated_for_an_id,
    a_replaced_creation_with_a_key_has_its_own_version,
    pages_follow_each_other,
    a_page_begins_now_if_wanted,
    a_filtered_follower_sees_orders_enter_and_leave,
    a_cursor_that_was_never_given_is_gone,
    an_export_and_the_changes_after_it_are_the_present,
}

/// The changes after a position, up to the present.
fn all(store: &impl Store, after: After) -> Vec<Change> {
    page(store, after, ChangeFilter::default(), 1000).0
}

/// A page: its changes, where the next one begins, and whether there are more.
fn page(
    store: &impl Store,
    after: After,
    filter: ChangeFilter,
    limit: usize,
) -> (Vec<Change>, Cursor, bool) {
    let page = store.changes(&ChangeQuery { after, filter, limit }).unwrap();
    (page.changes, page.next, page.more)
}

/// What changes did: the type, the id and the version of each.
fn said(changes: &[Change]) -> Vec<(&str, &str, u64)> {
    let said = changes.iter().map(|it| {
        let verb = it.change_type.as_str().strip_prefix("order.").unwrap();
        (verb, it.data.id.as_str(), it.data.version)
    });
    said.collect()
}

fn every_write_is_one_change(store: &impl Store) {
    add_services(store);
    store.add_calendar(calendar_draft("crew", "PT3H")).unwrap();
    let id = order_id("a");
    let mut orders = vec![placed(store, draft("a", noon_plus(0)))];
    orders.push(store.replace(&id, draft("-", noon_plus(0)), Write).unwrap());
    orders.push(store.replace(&id, draft("-", noon_plus(3)), Write).unwrap());
    let patch = OrderPatch { calendar: Some(calendar_id("crew")), ..OrderPatch::default() };
    orders.push(store.patch_if(&id, &Precondition::None, &patch, Write).unwrap());
    let batch = vec![draft("b", noon_plus(6)), draft("c", noon_plus(7)), draft("d", noon_plus(9))];
    orders.extend(store.place_batch(batch).unwrap().into_iter().filter_map(Result::ok));
    orders.push(store.place_idempotent(draft("e", noon_plus(12)), &key("k")).unwrap().order);
    // A new gap changes no order.
    set_gap(store, "PT1H");
    store.remove(&order_id("b")).unwrap();

    let changes = all(store, After::Oldest);
    assert_eq!(
        said(&changes),
        [
            ("created", "a", 1),
            ("updated", "a", 2),
            ("updated", "a", 3),
            ("updated", "a", 4),
            ("created", "b", 1),
            ("created", "d", 1),
            ("created", "e", 1),
            ("deleted", "b", 2),
        ]
    );
    let data: Vec<Order> = changes[..7].iter().map(|change| change.data.clone()).collect();
    assert_eq!(data, orders);
    for (index, change) in changes.iter().enumerate() {
        assert_eq!(change.cursor.position, index as u64 + 1);
        if change.change_type != ChangeType::Deleted {
            assert_eq!(change.timestamp, change.data.updated_at);
        }
        assert_eq!(change.client, None);
    }
}

fn what_writes_nothing_is_no_change(store: &impl Store) {
    add_services(store);
    place_all(store, &[("a", 0)]);
    let id = order_id("a");
    store.place(draft("b", noon_plus(6)), DryRun).unwrap();
    store.replace(&id, draft("-", noon_plus(6)), DryRun).unwrap();
    conflict(store.place(draft("b", noon_plus(1)), Write));
    store.place(draft("a", noon_plus(6)), Write).unwrap_err();
    store.remove(&order_id("b")).unwrap_err();
    store.replace_if(&id, &versions(&[2]), draft("-", noon_plus(6)), Write).unwrap_err();
    assert_eq!(said(&all(store, After::Oldest)), [("created", "a", 1)]);
}

fn a_deletion_is_the_order_as_it_last_was(store: &impl Store) {
    add_services(store);
    let full = OrderDraft {
        services: services(&["456", "123"]),
        reference: Some(reference("PO-4711")),
        metadata: metadata(&[("gate", "B"), ("lang", "de")]),
        ..draft("223", noon_plus(0))
    };
    let order = placed(store, full);
    store.remove(&order.id).unwrap();
    let changes = all(store, After::Oldest);
    assert_eq!(changes[1].change_type, ChangeType::Deleted);
    assert_eq!(changes[1].data, Order { version: 2, ..order.clone() });
    assert!(changes[1].timestamp >= order.updated_at);
}

fn a_version_is_never_repeated_for_an_id(store: &impl Store) {
    add_services(store);
    let id = order_id("a");
    place_all(store, &[("a", 0)]);
    store.remove(&id).unwrap();
    assert_eq!(placed(store, draft("a", noon_plus(0))).version, 3);
    // The first client's version is another one now.
    let refused = store.remove_if(&id, &versions(&[1]));
    assert!(matches!(refused, Err(StoreError::VersionMismatch { current: 3, .. })));
    store.remove(&id).unwrap();
    assert_eq!(store.place(draft("a", noon_plus(0)), DryRun).unwrap().version, 5);
    let batch = store.place_batch(vec![draft("a", noon_plus(0))]).unwrap();
    assert_eq!(batch[0].as_ref().unwrap().version, 5);
    store.replace(&id, draft("-", noon_plus(3)), Write).unwrap();
    store.remove(&id).unwrap();
    assert_eq!(placed(store, draft("a", noon_plus(0))).version, 8);
    let versions: Vec<u64> = said(&all(store, After::Oldest)).iter().map(|(.., it)| *it).collect();
    assert_eq!(versions, [1, 2, 3, 4, 5, 6, 7, 8]);
}

fn a_replaced_creation_with_a_key_has_its_own_version(store: &impl Store) {
    add_services(store);
    place_all(store, &[("a", 0)]);
    store.remove(&order_id("a")).unwrap();
    let first = store.place_idempotent(draft("a", noon_plus(0)), &key("k")).unwrap();
    let again = store.place_idempotent(draft("a", noon_plus(0)), &key("k")).unwrap();
    assert_eq!(first.order.version, 3);
    assert_eq!(again.order, first.order);
    assert!(again.replayed);
}

fn pages_follow_each_other(store: &impl Store) {
    add_services(store);
    let (none, start, more) = page(store, After::Oldest, ChangeFilter::default(), 10);
    assert_eq!((none.len(), more), (0, false));
    place_all(store, &[("a", 0), ("b", 3), ("c", 6), ("d", 9), ("e", 12)]);
    let mut after = start;
    let mut pages = Vec::new();
    for _ in 0..3 {
        let (changes, next, _) = page(store, After::Cursor(after), ChangeFilter::default(), 2);
        assert_eq!(changes.last().unwrap().cursor, next);
        pages.push(changes.len());
        after = next;
    }
    assert_eq!(pages, [2, 2, 1]);
    // There is nothing more until something happens.
    let (none, next, more) = page(store, After::Cursor(after), ChangeFilter::default(), 2);
    assert_eq!((none.len(), next, more), (0, after, false));
    store.remove(&order_id("a")).unwrap();
    assert_eq!(said(&all(store, After::Cursor(after))), [("deleted", "a", 2)]);
    // An earlier cursor remains valid.
    assert_eq!(all(store, After::Cursor(start)).len(), 6);
}

fn a_page_begins_now_if_wanted(store: &impl Store) {
    add_services(store);
    place_all(store, &[("a", 0)]);
    let (none, now, _) = page(store, After::Now, ChangeFilter::default(), 10);
    assert_eq!(none, []);
    place_all(store, &[("b", 3)]);
    assert_eq!(said(&all(store, After::Cursor(now))), [("created", "b", 1)]);
}

fn a_filtered_follower_sees_orders_enter_and_leave(store: &impl Store) {
    add_services(store);
    store.add_calendar(calendar_draft("crew", "PT3H")).unwrap();
    let id = order_id("a");
    place_all(store, &[("a", 0), ("b", 3)]);
    store.replace(&id, draft_in("crew", "-", noon_plus(0)), Write).unwrap();
    store.replace(&id, draft_in("crew", "-", noon_plus(1)), Write).unwrap();
    let back = draft_in("default", "-", noon_plus(0));
    store.replace(&id, OrderDraft { services: services(&["456"]), ..back }, Write).unwrap();
    store.remove(&id).unwrap();
    let seen = |calendar: Option<&str>, service: Option<&str>| {
        let filter =
            ChangeFilter { calendar: calendar.map(calendar_id), service: service.map(service_id) };
        let (changes, next, more) = page(store, After::Oldest, filter, 100);
        assert_eq!((next.position, more), (6, false));
        changes.iter().map(|change| change.cursor.position).collect::<Vec<_>>()
    };
    assert_eq!(seen(Some("crew"), None), [3, 4, 5]);
    assert_eq!(seen(Some("default"), None), [1, 2, 3, 5, 6]);
    assert_eq!(seen(None, Some("456")), [5, 6]);
    assert_eq!(seen(Some("crew"), Some("456")), [0; 0]);
    let filter = ChangeFilter { calendar: Some(calendar_id("crew")), service: None };
    let (first, next, more) = page(store, After::Oldest, filter, 1);
    assert_eq!((first[0].cursor, more), (next, true));
}

fn a_cursor_that_was_never_given_is_gone(store: &impl Store) {
    add_services(store);
    place_all(store, &[("a", 0), ("b", 3)]);
    let known = all(store, After::Oldest)[0].cursor;
    let assigned_at = Timestamp::from_micros(known.assigned_at.as_micros() + 1).unwrap();
    for cursor in [
        Cursor { assigned_at, ..known },
        Cursor { position: 3, ..known },
        Cursor { position: i64::MAX as u64, ..known },
        Cursor { position: 0, ..known },
    ] {
        let query =
            ChangeQuery { after: After::Cursor(cursor), limit: 10, ..ChangeQuery::default() };
        check_refused(store.changes(&query), &StoreError::CursorGone(cursor));
    }
}

fn an_export_and_the_changes_after_it_are_the_present(store: &impl Store) {
    add_services(store);
    place_all(store, &[("a", 0), ("b", 3), ("c", 6)]);
    store.remove(&order_id("b")).unwrap();
    let (mut exported, mut cursor) = (Vec::new(), None);
    let mut sink = |at, orders: Vec<Order>| {
        cursor = at;
        exported.extend(orders);
        ControlFlow::Continue(())
    };
    store.export(&OrderFilter::default(), Direction::Ascending, &mut sink).unwrap();
    let cursor = cursor.unwrap();
    assert_eq!(cursor.position, 4);
    let mut replica = Replica::new(cursor, ChangeFilter::default(), exported);
    store.replace(&order_id("a"), draft("-", noon_plus(3)), Write).unwrap();
    store.remove(&order_id("c")).unwrap();
    place_all(store, &[("b", 9)]);
    for change in all(store, After::Cursor(cursor)) {
        replica.apply(change).unwrap();
    }
    let mut orders: Vec<Order> = replica.orders().cloned().collect();
    orders.sort_by_key(|order| order.datetime);
    assert_eq!(orders, store.orders().unwrap());
}
