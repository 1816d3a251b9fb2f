//! Histories with rejected requests.

use orders_core::{Booking, MinimumGap, TooClose};
use orders_torture::http::Outcome;

use crate::history_builder::{HistoryBuilder, conflict, create, hour, order_id, set_gap};

const ORDER_CONFLICT: &str = "every order-conflict names";

#[test]
fn a_conflict_names_an_order_that_may_have_been_there() {
    let gap = MinimumGap::default();
    let history = |seconds, outcome: Outcome| {
        HistoryBuilder::new()
            .created((3, 4), "a", 0)
            .operation(seconds, create("b", 1), |_| outcome)
            .deleted((7, 8), "a")
    };
    history((5, 6), conflict(gap, "a", 0)).assert_valid();
    history((7, 7), conflict(gap, "a", 0)).assert_valid();
    // Before it was created, and after it was deleted.
    history((1, 2), conflict(gap, "a", 0)).assert_violates(ORDER_CONFLICT);
    history((9, 10), conflict(gap, "a", 0)).assert_violates(ORDER_CONFLICT);
    // At a time at which it never was, or with an id that no order had.
    history((5, 6), conflict(gap, "a", 2)).assert_violates(ORDER_CONFLICT);
    history((5, 6), conflict(gap, "c", 0)).assert_violates(ORDER_CONFLICT);
    // With itself, or not within the gap.
    history((5, 6), conflict(gap, "b", 0)).assert_violates(ORDER_CONFLICT);
    history((5, 6), conflict(gap, "a", 4)).assert_violates(ORDER_CONFLICT);
    // For a gap that the calendar did not have.
    history((5, 6), conflict("PT2H".parse().unwrap(), "a", 0)).assert_violates(ORDER_CONFLICT);
}

#[test]
fn the_nearest_free_times_are_before_and_after_the_requested_one() {
    let history = |before: i64, after: i64| {
        let Outcome::OrderConflict(mut conflict) = conflict(MinimumGap::default(), "a", 0) else {
            unreachable!("it is a conflict");
        };
        conflict.nearest_free.before = Some(hour(before));
        conflict.nearest_free.after = Some(hour(after));
        HistoryBuilder::new()
            .created((1, 2), "a", 0)
            .operation((3, 4), create("b", 1), |_| Outcome::OrderConflict(conflict))
            .row(("a", 0), (0, 1, 0))
    };
    history(-3, 3).assert_valid();
    history(-3, 0).assert_violates(ORDER_CONFLICT);
    history(2, 3).assert_violates(ORDER_CONFLICT);
}

#[test]
fn a_gap_too_wide_names_pairs_that_may_have_been_too_close() {
    let pair = |first: (&str, i64), second: (&str, i64)| {
        let booking = |(id, at)| Booking { id: order_id(id), datetime: hour(at) };
        Outcome::GapTooWide(vec![TooClose { first: booking(first), second: booking(second) }])
    };
    let history = |outcome: Outcome| {
        HistoryBuilder::new()
            .created((1, 2), "a", 0)
            .created((3, 4), "b", 3)
            .operation((5, 6), set_gap("PT4H"), |_| outcome)
            .row(("a", 0), (0, 1, 0))
            .row(("b", 3), (1, 1, 1))
    };
    let invariant = "every gap-too-wide names";
    history(pair(("a", 0), ("b", 3))).assert_valid();
    history(pair(("a", 0), ("b", 4))).assert_violates(invariant);
    history(pair(("a", 0), ("c", 3))).assert_violates(invariant);
    history(pair(("b", 3), ("a", 0))).assert_violates(invariant);
    history(Outcome::GapTooWide(Vec::new())).assert_violates(invariant);
}
