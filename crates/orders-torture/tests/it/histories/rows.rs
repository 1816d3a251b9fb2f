//! Rows that do not agree with each other.

use crate::history_builder::HistoryBuilder;

#[test]
fn a_slot_that_does_not_follow_from_the_time_is_found() {
    let mut history = HistoryBuilder::new().created((1, 2), "a", 0).row(("a", 0), (0, 1, 0));
    history.assert_valid();
    history.rows.orders[0].slot = None;
    history.assert_violates("every row's slot");
}

#[test]
fn a_missing_row_in_order_services_is_found() {
    let mut history = HistoryBuilder::new();
    history.rows.service_mismatches.push("a repair is missing".to_owned());
    history.assert_violates("order_services");
}

#[test]
fn a_row_that_differs_from_its_newest_version_is_found() {
    let mut history = HistoryBuilder::new();
    history.rows.version_mismatches.push("order a has another version".to_owned());
    history.assert_violates("order_versions");
}
