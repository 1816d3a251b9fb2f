//! Feeds that contradict the order of real time.

use orders_core::ChangeType::Created;
use orders_torture::history::{Follower, ReadOutcome};

use super::followed;
use crate::history_builder::{HistoryBuilder, create, cursor, no_response, written};

const COMES_FIRST: &str = "a change that was acknowledged before another one was sent comes first";
const READS: &str = "a read of the feed contains what was acknowledged before it was sent";

#[test]
fn changes_in_another_order_than_that_of_real_time_are_found() {
    let history = |first: (u64, u64), second: (u64, u64)| {
        HistoryBuilder::new()
            .operation(first, create("a", 0), written("a", 0, 1, 0))
            .operation(second, create("b", 3), written("b", 3, 1, 1))
            .change(20, Created, ("b", 3), (1, 1, 1))
            .change(20, Created, ("a", 0), (0, 1, 0))
            .row(("a", 0), (0, 1, 0))
            .row(("b", 3), (1, 1, 1))
    };
    history((3, 4), (1, 2)).assert_valid();
    history((1, 4), (2, 3)).assert_valid();
    history((1, 2), (3, 4)).assert_violates(COMES_FIRST);
}

#[test]
fn a_change_that_was_received_before_it_or_one_before_it_was_sent_is_found() {
    let history = |received| {
        HistoryBuilder::new()
            .long_kill()
            .operation((1, 9), create("a", 0), no_response)
            .operation((5, 6), create("b", 3), written("b", 3, 1, 1))
            .change(received, Created, ("b", 3), (1, 1, 1))
            .change(received, Created, ("a", 0), (0, 1, 0))
            .row(("a", 0), (0, 1, 0))
            .row(("b", 3), (1, 1, 1))
    };
    history(7).assert_valid();
    history(4).assert_violates(COMES_FIRST);
}

#[test]
fn a_read_that_lacks_an_acknowledged_change_is_found() {
    // The third change is acknowledged at 6 s, and the fourth one at 8 s.
    let history = |seconds, position, complete| {
        let outcome = ReadOutcome::UpTo { cursor: cursor(position), complete };
        followed().feed_read(seconds, Follower::Export(0), outcome)
    };
    history((7, 9), 4, true).assert_valid();
    history((7, 9), 3, true).assert_valid();
    history((7, 9), 2, true).assert_violates(READS);
    history((9, 10), 3, true).assert_violates(READS);
    // A page that is full.
    history((9, 10), 3, false).assert_valid();
}
