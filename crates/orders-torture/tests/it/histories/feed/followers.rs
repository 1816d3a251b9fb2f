//! Followers that do not receive every change once, or not the same changes.

use orders_torture::faults::{Fault, FaultKind};
use orders_torture::history::{Follower, ReadOutcome};
use orders_torture::http::Failure;

use super::followed;
use crate::history_builder::{HistoryBuilder, cursor, received, second};

const ONCE: &str = "every follower receives every change once, in sequence";
const SAME_BYTES: &str = "a change is the same bytes for all followers";

#[test]
fn a_follower_that_misses_a_change_is_found() {
    for missing in 0..4 {
        let mut history = followed();
        history.changes()[1].remove(missing);
        history.assert_violates(ONCE);
    }
}

#[test]
fn a_follower_that_receives_a_change_twice_is_found() {
    let mut history = followed();
    let again = history.changes()[0][1].clone();
    history.changes()[0].insert(2, again);
    history.assert_violates(ONCE);
}

#[test]
fn a_follower_that_receives_changes_in_another_sequence_is_found() {
    let mut history = followed();
    history.changes()[0].swap(1, 2);
    history.assert_violates(ONCE);
}

#[test]
fn a_position_that_was_assigned_before_the_one_before_it_is_found() {
    let mut history = followed();
    for changes in history.changes() {
        let mut change = changes[3].change.change.clone();
        change.cursor.assigned_at = cursor(1).assigned_at;
        changes[3] = received(8, change);
    }
    history.assert_violates(ONCE);
}

#[test]
fn different_bytes_of_a_change_are_found() {
    let mut history = followed();
    let mut change = history.changes()[1][2].change.change.clone();
    change.client = None;
    history.changes()[1][2] = received(6, change);
    history.assert_violates(SAME_BYTES);
}

#[test]
fn a_request_of_a_follower_that_is_not_allowed_is_found() {
    let gone = ReadOutcome::Failed(Failure::Invalid("status 410".to_owned()));
    followed()
        .feed_read((5, 6), Follower::Pages, gone)
        .assert_violates("the contract allows every response");
}

#[test]
fn a_failed_request_of_a_follower_needs_a_fault() {
    let invariant = "no request fails except around a kill or a crash";
    let lost = || ReadOutcome::Failed(Failure::NoResponse("on purpose".to_owned()));
    let history = |kind, follower| {
        let fault = Fault { kind, start: second(1), end: second(3) };
        HistoryBuilder::new().fault(fault).feed_read((2, 4), follower, lost())
    };
    let (kill, crash) = (FaultKind::KillService, FaultKind::CrashPostgres);
    history(kill(0), Follower::EventStream).assert_valid();
    history(kill(1), Follower::EventStream).assert_violates(invariant);
    // An event stream goes on after the database has recovered, but lines are cut off.
    history(crash, Follower::EventStream).assert_violates(invariant);
    history(crash, Follower::Export(0)).assert_valid();
}
