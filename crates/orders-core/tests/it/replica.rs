//! Copies that follow the feed.

use orders_core::{
    CalendarId, Change, ChangeFilter, ChangeType, Cursor, MissingChange, Order, OrderId, Replica,
    Timestamp,
};
use proptest::prelude::*;

use crate::change::order;

fn cursor(position: u64) -> Cursor {
    Cursor { position, assigned_at: Timestamp::from_micros(1000 + position as i64).unwrap() }
}

fn change(position: u64, change_type: ChangeType, data: Order) -> Change {
    let timestamp = Timestamp::from_micros(0).unwrap();
    Change { cursor: cursor(position), change_type, timestamp, client: None, data }
}

fn created(position: u64, version: u64) -> Change {
    change(position, ChangeType::Created, order("roof", "123", version))
}

fn updated(position: u64, version: u64) -> Change {
    change(position, ChangeType::Updated, order("roof", "123", version))
}

fn deleted(position: u64, version: u64) -> Change {
    change(position, ChangeType::Deleted, order("roof", "123", version))
}

fn complete(position: u64, export: &[Order]) -> Replica {
    Replica::new(cursor(position), ChangeFilter::default(), export.iter().cloned())
}

fn of_roof(position: u64, export: &[Order]) -> Replica {
    let calendar = Some(CalendarId::new("roof").unwrap());
    Replica::new(cursor(position), ChangeFilter { calendar, service: None }, export.iter().cloned())
}

fn versions(replica: &Replica) -> Vec<u64> {
    replica.orders().map(|order| order.version).collect()
}

#[test]
fn changes_are_applied_in_sequence() {
    let mut replica = complete(0, &[]);
    for (change, held) in [
        (created(1, 1), vec![1]),
        (updated(2, 2), vec![2]),
        (deleted(3, 3), vec![]),
        // The id is used again.
        (created(4, 4), vec![4]),
    ] {
        replica.apply(change.clone()).unwrap();
        assert_eq!(versions(&replica), held);
        assert_eq!(replica.cursor(), change.cursor);
    }
    assert_eq!(replica.get(&OrderId::new("223").unwrap()).unwrap().version, 4);
}

#[test]
fn a_missing_change_is_noticed_and_changes_nothing() {
    let held = order("roof", "123", 2);
    for (export, change) in [
        (vec![held.clone()], updated(12, 3)),
        (vec![held.clone()], updated(11, 4)),
        (vec![held.clone()], deleted(11, 4)),
        (vec![held.clone()], created(11, 4)),
        (vec![], updated(11, 2)),
        (vec![], deleted(11, 2)),
    ] {
        let before = complete(10, &export);
        let mut replica = before.clone();
        assert!(replica.apply(change.clone()).is_err(), "{change:?}");
        assert_eq!(replica, before);
    }
    let error = complete(10, &[]).apply(created(12, 1)).unwrap_err();
    assert_eq!(error, MissingChange::Position { last: cursor(10), found: cursor(12) });
    assert!(
        complete(10, &[held]).apply(updated(11, 4)).unwrap_err().to_string().contains("version 2")
    );
}

#[test]
fn what_the_copy_has_is_skipped() {
    let mut replica = complete(10, &[order("roof", "123", 2)]);
    for change in [created(1, 1), updated(10, 9), deleted(9, 3)] {
        replica.apply(change).unwrap();
        assert_eq!((replica.cursor(), versions(&replica)), (cursor(10), vec![2]));
    }
    // The export may contain more than the changes up to the cursor.
    replica.apply(updated(11, 2)).unwrap();
    assert_eq!((replica.cursor(), versions(&replica)), (cursor(11), vec![2]));
}

#[test]
fn a_filtered_copy_lets_orders_enter_and_leave() {
    let mut replica = of_roof(10, &[]);
    replica.apply(updated(20, 7)).unwrap();
    assert_eq!(versions(&replica), [7]);
    replica.apply(change(21, ChangeType::Updated, order("cellar", "123", 8))).unwrap();
    assert!(replica.is_empty());
    replica.advance(cursor(30));
    assert_eq!(replica.cursor(), cursor(30));
    replica.advance(cursor(29));
    assert_eq!(replica.cursor(), cursor(30));
    replica.apply(updated(40, 11)).unwrap();
    // All changes of an order that matches are seen.
    assert!(replica.apply(updated(41, 13)).is_err());
    assert!(of_roof(10, &[]).apply(deleted(11, 2)).is_err());
}

#[test]
fn a_restricted_copy_sees_gaps_in_the_positions() {
    let mut replica = Replica::restricted(cursor(10), ChangeFilter::default(), []);
    replica.apply(updated(20, 7)).unwrap();
    assert_eq!(replica.len(), 1);
}

/// A history of a few orders: the feed, and the orders after each change.
fn history() -> impl Strategy<Value = (Vec<Change>, Vec<Vec<Order>>)> {
    proptest::collection::vec((0..4_usize, 0..3_u8), 0..40).prop_map(|steps| {
        let mut last: [(u64, bool); 4] = [(0, false); 4];
        let (mut feed, mut states) = (Vec::new(), vec![Vec::new()]);
        for (index, action) in steps {
            let (version, exists) = last[index];
            let change_type = match (exists, action) {
                (false, _) => ChangeType::Created,
                (true, 0) => ChangeType::Deleted,
                (true, _) => ChangeType::Updated,
            };
            last[index] = (version + 1, change_type != ChangeType::Deleted);
            let id = OrderId::new(index.to_string()).unwrap();
            let data = Order { id, ..order("roof", "123", version + 1) };
            let mut state: Vec<Order> = states.last().unwrap().clone();
            state.retain(|order| order.id != data.id);
            if change_type != ChangeType::Deleted {
                state.push(data.clone());
                state.sort_by(|a, b| a.id.cmp(&b.id));
            }
            states.push(state);
            feed.push(change(feed.len() as u64 + 1, change_type, data));
        }
        (feed, states)
    })
}

proptest! {
    #[test]
    fn an_export_at_any_time_and_the_changes_after_it_are_the_present(
        (feed, states) in history(),
        start in 0..41_usize,
        again in 0..5_usize,
    ) {
        let start = start.min(feed.len());
        let mut replica = complete(start as u64, &states[start]);
        // Some of the changes come again.
        for change in &feed[start.saturating_sub(again)..] {
            replica.apply(change.clone()).unwrap();
        }
        let orders: Vec<Order> = replica.orders().cloned().collect();
        prop_assert_eq!(&orders, states.last().unwrap());
    }

    #[test]
    fn no_change_can_be_left_out((feed, _) in history(), missing in 0..40_usize) {
        prop_assume!(missing + 1 < feed.len());
        let mut replica = complete(0, &[]);
        let results = feed.iter().enumerate().filter(|(index, _)| *index != missing);
        let failed = results.map(|(_, change)| replica.apply(change.clone())).position(|it| it.is_err());
        prop_assert_eq!(failed, Some(missing));
    }
}
