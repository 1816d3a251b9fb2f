//! Copies that are not what they ought to be.

use orders_core::{Change, Order};
use orders_torture::history::{Export, OperationId, OrderHistory};

use super::followed;
use crate::history_builder::{HistoryBuilder, cursor, order, order_id, received, second};

const TABLE: &str = "replaying the feed gives the table";
const HISTORIES: &str = "the history of an order has the same bytes as the feed";
const EXPORTS: &str = "an export, and a copy that began with it, is the feed replayed";

#[test]
fn a_row_that_the_feed_does_not_explain_is_found() {
    let mut history = followed();
    history.rows.orders[0].version = 2;
    history.assert_violates(TABLE);
    let mut history = followed();
    history.rows.orders[0].updated_at = history.rows.orders[0].created_at;
    history.assert_valid();
    history.rows.orders[0].updated_at = cursor(77).assigned_at;
    history.assert_violates(TABLE);
    followed().row(("c", 4), (4, 1, 4)).assert_violates(TABLE);
}

#[test]
fn an_order_that_only_the_feed_has_is_found() {
    let mut history = followed();
    history.rows.orders.clear();
    history.assert_violates(TABLE);
}

#[test]
fn a_version_that_is_only_in_the_database_is_found() {
    let mut history = followed();
    history.rows.versions = 5;
    history.assert_violates(TABLE);
}

/// A follower that began with an export of these orders after so many changes, and received the others.
fn exported(after: usize, orders: Vec<Order>) -> HistoryBuilder {
    let mut history = followed();
    let rest = history.changes()[0].split_off(after);
    let mut history = followed();
    history = history.exported(Export { cursor: cursor(after), orders }, &rest);
    history
}

#[test]
fn an_export_is_the_state_at_its_cursor() {
    let id = OperationId;
    let before = || order("a", 0, id(0), 1, id(0));
    let moved = || order("a", 9, id(1), 2, id(0));
    let other = || order("b", 0, id(2), 1, id(2));
    exported(0, vec![]).assert_valid();
    exported(1, vec![before()]).assert_valid();
    exported(2, vec![moved()]).assert_valid();
    exported(3, vec![moved(), other()]).assert_valid();
    exported(4, vec![other()]).assert_valid();
    // Too new, too old, too many, too few.
    exported(1, vec![moved()]).assert_violates(EXPORTS);
    exported(2, vec![before()]).assert_violates(EXPORTS);
    exported(2, vec![moved(), other()]).assert_violates(EXPORTS);
    exported(3, vec![moved()]).assert_violates(EXPORTS);
}

#[test]
fn a_copy_that_began_with_an_export_is_compared_with_the_table() {
    let other = order("c", 4, OperationId(2), 1, OperationId(2));
    exported(4, vec![other]).assert_violates(TABLE);
}

#[test]
fn a_history_is_the_changes_of_the_order_in_the_feed() {
    // Order a is changed at 2, 4 and 8 s, and its history is requested at 6 s.
    let history = |shown: &[usize], edit: fn(&mut Change)| {
        let mut history = followed();
        let changes = history.changes()[0].clone();
        let shown = shown.iter().map(|&index| {
            let mut change = changes[index].change.change.clone();
            edit(&mut change);
            received(9, change)
        });
        let (id, changes) = (order_id("a"), shown.collect());
        history.history.order_histories = vec![OrderHistory { id, invoked: second(6), changes }];
        history
    };
    let as_it_is = |_: &mut Change| {};
    history(&[0, 1], as_it_is).assert_valid();
    history(&[0, 1, 3], as_it_is).assert_valid();
    for shown in [&[][..], &[0], &[1], &[0, 3], &[0, 1, 2], &[0, 1, 3, 3], &[1, 0, 3]] {
        history(shown, as_it_is).assert_violates(HISTORIES);
    }
    history(&[0, 1], |change| change.client = None).assert_violates(HISTORIES);
}
