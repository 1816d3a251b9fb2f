//! Feeds with other changes than those that were made.

use orders_core::ChangeType::{Created, Deleted, Updated};
use orders_core::{Change, MinimumGap};
use orders_torture::history::OperationId;
use orders_torture::http::{Failure, Outcome, Request};

use super::{followed, operations};
use crate::history_builder::{
    HistoryBuilder, create, gap_set, hour, no_response, order_id, received, replace, set_gap,
    written,
};

const EVERY_VERSION: &str = "the feed has every version of an order once";
const RESPONSES: &str = "every acknowledged write and every order in a response";
const DELETIONS: &str = "the deletions in the feed are those that were sent";
const RULE: &str = "after every replayed change, no two orders are closer than the gap";

/// The feed with another change at this index.
fn changed(index: usize, edit: impl Fn(&mut Change)) -> HistoryBuilder {
    let mut history = followed();
    for changes in history.changes() {
        let mut change = changes[index].change.change.clone();
        edit(&mut change);
        changes[index] = received(changes[index].at.0 / 1_000_000, change);
    }
    history
}

#[test]
fn a_version_that_is_skipped_or_repeated_is_found() {
    changed(0, |change| change.data.version = 2).assert_violates(EVERY_VERSION);
    changed(1, |change| change.data.version = 1).assert_violates(EVERY_VERSION);
    changed(1, |change| change.data.version = 3).assert_violates(EVERY_VERSION);
}

#[test]
fn a_deletion_has_the_next_version_and_shows_the_order_as_it_last_was() {
    changed(3, |change| change.data.version = 2).assert_violates(EVERY_VERSION);
    changed(3, |change| change.data.version = 4).assert_violates(EVERY_VERSION);
    changed(3, |change| change.data.datetime = hour(5)).assert_violates(EVERY_VERSION);
}

#[test]
fn a_change_of_another_type_is_found() {
    changed(0, |change| change.change_type = Updated).assert_violates(EVERY_VERSION);
    changed(1, |change| change.change_type = Created).assert_violates(EVERY_VERSION);
    // Order b was created, so it cannot be replaced by the same operation.
    let twice = followed().change(9, Updated, ("b", 0), (2, 2, 2));
    twice.assert_violates(EVERY_VERSION);
}

#[test]
fn a_change_by_another_client_is_found() {
    changed(2, |change| change.client = None).assert_violates(EVERY_VERSION);
    changed(2, |change| change.client = Some("db:postgres".to_owned()))
        .assert_violates(EVERY_VERSION);
}

#[test]
fn a_reused_id_continues_after_the_version_of_the_deletion() {
    let history = |version| {
        HistoryBuilder::new()
            .created((1, 2), "a", 0)
            .deleted((3, 4), "a")
            .operation((5, 6), create("a", 0), written("a", 0, version, 2))
            .change(2, Created, ("a", 0), (0, 1, 0))
            .change(4, Deleted, ("a", 0), (0, 2, 0))
            .change(6, Created, ("a", 0), (2, version, 2))
            .row(("a", 0), (2, version, 2))
    };
    history(3).assert_valid();
    history(1).assert_violates(EVERY_VERSION);
}

#[test]
fn a_change_that_no_operation_sent_is_found() {
    let history = followed().change(9, Created, ("c", 4), (77, 1, 77));
    history.assert_violates("every observed state is what one operation sent");
}

#[test]
fn an_acknowledged_write_that_is_not_in_the_feed_is_found() {
    let history = followed().created((9, 10), "c", 4).row(("c", 4), (4, 1, 4));
    history.assert_violates(RESPONSES);
    changed(1, |change| change.data.created_at = hour(0)).assert_violates(RESPONSES);
}

#[test]
fn an_order_in_a_response_that_is_not_in_the_feed_is_found() {
    followed().read((9, 10), ("b", 0), (2, 1, 2)).assert_valid();
    let read = followed().long_kill().operation((5, 9), replace("b", 4), no_response);
    read.read((9, 10), ("b", 4), (4, 2, 2)).assert_violates(RESPONSES);
}

#[test]
fn an_acknowledged_deletion_that_is_not_in_the_feed_is_found() {
    let history = || {
        operations()
            .change(2, Created, ("a", 0), (0, 1, 0))
            .change(4, Updated, ("a", 9), (1, 2, 0))
            .change(6, Created, ("b", 0), (2, 1, 2))
    };
    history().assert_violates(DELETIONS);
    history().change(8, Deleted, ("a", 9), (1, 3, 0)).assert_valid();
}

#[test]
fn a_deletion_that_no_operation_can_have_made_is_found() {
    let history = |seconds, outcome| {
        HistoryBuilder::new()
            .long_kill()
            .created((1, 2), "a", 0)
            .operation(seconds, Request::Delete(order_id("a")), |_| outcome)
            .change(2, Created, ("a", 0), (0, 1, 0))
            .change(4, Deleted, ("a", 0), (0, 2, 0))
    };
    history((3, 4), Outcome::Deleted).assert_valid();
    history((3, 4), Outcome::Failed(Failure::Unavailable)).assert_valid();
    history((3, 4), Outcome::NotFound).assert_violates(DELETIONS);
}

#[test]
fn each_deletion_in_the_feed_is_another_operation_at_its_time() {
    // Order a is created and deleted twice; the second deletion is sent at one of these times.
    let history = |second_deletion| {
        HistoryBuilder::new()
            .created((1, 2), "a", 0)
            .deleted((3, 4), "a")
            .operation((5, 6), create("a", 0), written("a", 0, 3, 2))
            .deleted(second_deletion, "a")
            .change(2, Created, ("a", 0), (0, 1, 0))
            .change(4, Deleted, ("a", 0), (0, 2, 0))
            .change(6, Created, ("a", 0), (2, 3, 2))
            .change(9, Deleted, ("a", 0), (2, 4, 2))
    };
    history((7, 8)).assert_valid();
    history((3, 6)).assert_valid();
    history((3, 4)).assert_violates(DELETIONS);
    history((10, 11)).assert_violates(DELETIONS);
}

#[test]
fn a_replay_that_brings_orders_too_close_is_found() {
    let history = |gap: &str| {
        let mut history = HistoryBuilder::new()
            .operation((1, 2), set_gap(gap), gap_set(gap))
            .created((3, 4), "a", 0)
            .created((5, 6), "b", 1)
            .deleted((7, 8), "a")
            .change(4, Created, ("a", 0), (1, 1, 1))
            .change(6, Created, ("b", 1), (2, 1, 2))
            .change(8, Deleted, ("a", 0), (1, 2, 1))
            .row(("b", 1), (2, 1, 2));
        let gap: MinimumGap = gap.parse().unwrap();
        let micros = gap.as_micros();
        history.calendar_row(OperationId(0).calendar_name(), gap);
        let row = &mut history.rows.orders[0];
        (row.gap, row.slot) = (micros, row.slot.map(|(from, _)| (from, from + micros)));
        history
    };
    history("PT1H").assert_valid();
    history("PT2H").assert_violates(RULE);
}

#[test]
fn an_order_is_replayed_away_from_its_old_time() {
    // Order b takes the time that order a leaves.
    let operations = || {
        HistoryBuilder::new()
            .created((1, 2), "a", 0)
            .operation((3, 9), replace("a", 9), written("a", 9, 2, 0))
            .operation((3, 9), create("b", 0), written("b", 0, 1, 2))
            .row(("a", 9), (1, 2, 0))
            .row(("b", 0), (2, 1, 2))
            .change(2, Created, ("a", 0), (0, 1, 0))
    };
    let moved = |history: HistoryBuilder| history.change(9, Updated, ("a", 9), (1, 2, 0));
    let created = |history: HistoryBuilder| history.change(9, Created, ("b", 0), (2, 1, 2));
    created(moved(operations())).assert_valid();
    moved(created(operations())).assert_violates(RULE);
}
