//! Histories with orders that are too close.

use orders_torture::history::OperationId;
use orders_torture::http::{Outcome, Request};

use crate::history_builder::{HistoryBuilder, create, gap_set, order, replace, set_gap, written};

const EXISTED_AT_ONE_MOMENT: &str = "certainly existed at one moment";
const EVERY_LIST: &str = "every list is sorted, with no order twice and no two closer than the gap";

#[test]
fn orders_exactly_the_gap_apart_are_valid() {
    HistoryBuilder::new()
        .created((1, 2), "a", 0)
        .created((3, 4), "b", 3)
        .row(("a", 0), (0, 1, 0))
        .row(("b", 3), (1, 1, 1))
        .assert_valid();
}

#[test]
fn a_double_booking_is_found_in_the_rows() {
    let history = HistoryBuilder::new()
        .created((1, 2), "a", 0)
        .created((3, 4), "b", 2)
        .row(("a", 0), (0, 1, 0))
        .row(("b", 2), (1, 1, 1));
    history.assert_violates("no two rows of a calendar are closer than its gap");
    history.assert_violates(EXISTED_AT_ONE_MOMENT);
}

#[test]
fn a_double_booking_is_found_although_it_is_over() {
    HistoryBuilder::new()
        .created((1, 2), "a", 0)
        .created((3, 4), "b", 2)
        .deleted((5, 6), "a")
        .row(("b", 2), (1, 1, 1))
        .assert_violates(EXISTED_AT_ONE_MOMENT);
}

#[test]
fn orders_that_may_have_followed_each_other_are_valid() {
    HistoryBuilder::new()
        .created((1, 2), "a", 0)
        .deleted((3, 6), "a")
        .created((4, 5), "b", 2)
        .row(("b", 2), (2, 1, 2))
        .assert_valid();
}

#[test]
fn orders_are_checked_against_the_gap_at_their_moment() {
    let history = |gap: &str| {
        let mut history = HistoryBuilder::new()
            .operation((1, 2), set_gap(gap), gap_set(gap))
            .created((3, 4), "a", 0)
            .created((5, 6), "b", 1)
            .deleted((7, 8), "b")
            .deleted((9, 10), "a");
        history.calendar_row(OperationId(0).calendar_name(), gap.parse().unwrap());
        history
    };
    history("PT1H").assert_valid();
    history("PT2H").assert_violates(EXISTED_AT_ONE_MOMENT);
}

#[test]
fn a_double_booking_is_found_in_a_list() {
    let history = |second_at| {
        let (first, second) = (OperationId(0), OperationId(1));
        let both = vec![order("a", 0, first, 1, first), order("b", second_at, second, 1, second)];
        HistoryBuilder::new()
            .created((1, 2), "a", 0)
            .operation((3, 9), create("b", second_at), written("b", second_at, 1, 1))
            .operation((4, 5), Request::List, |_| Outcome::Orders(both))
            .row(("a", 0), (0, 1, 0))
            .row(("b", second_at), (1, 1, 1))
    };
    history(3).assert_valid();
    history(2).assert_violates(EVERY_LIST);
}

#[test]
fn an_order_that_is_twice_in_a_list_is_found() {
    let id = OperationId;
    let (before, after) = (order("a", 0, id(0), 1, id(0)), order("a", 9, id(1), 2, id(0)));
    let history = |list| {
        HistoryBuilder::new()
            .created((1, 2), "a", 0)
            .operation((3, 9), replace("a", 9), written("a", 9, 2, 0))
            .operation((4, 5), Request::List, |_| Outcome::Orders(list))
            .row(("a", 9), (1, 2, 0))
    };
    history(vec![before.clone()]).assert_valid();
    history(vec![after.clone()]).assert_valid();
    history(vec![before, after]).assert_violates(EVERY_LIST);
}

#[test]
fn a_list_that_is_not_sorted_is_found() {
    let id = OperationId;
    let (first, second) = (order("a", 0, id(0), 1, id(0)), order("b", 3, id(1), 1, id(1)));
    let history = |list| {
        HistoryBuilder::new()
            .created((1, 2), "a", 0)
            .created((3, 4), "b", 3)
            .operation((5, 6), Request::List, |_| Outcome::Orders(list))
            .row(("a", 0), (0, 1, 0))
            .row(("b", 3), (1, 1, 1))
    };
    history(vec![first.clone(), second.clone()]).assert_valid();
    history(vec![second, first]).assert_violates(EVERY_LIST);
}
