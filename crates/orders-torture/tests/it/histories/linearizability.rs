//! Histories of single orders and calendars.

use orders_core::{CalendarId, Order};
use orders_torture::history::OperationId;
use orders_torture::http::{Outcome, Request};

use crate::history_builder::{
    HistoryBuilder, create, gap_set, hour, no_response, order, order_id, replace, set_gap, written,
};

const LINEARIZABLE: &str = "every order is linearizable";

#[test]
fn a_history_of_one_order_is_valid() {
    HistoryBuilder::new()
        .created((1, 2), "a", 0)
        .read((3, 4), ("a", 0), (0, 1, 0))
        .operation((5, 6), replace("a", 9), written("a", 9, 2, 0))
        .deleted((7, 8), "a")
        .operation((9, 10), Request::Read(order_id("a")), |_| Outcome::NotFound)
        .operation((11, 12), create("a", 3), written("a", 3, 4, 5))
        .row(("a", 3), (5, 4, 5))
        .assert_valid();
}

#[test]
fn a_write_with_an_unknown_outcome_may_have_taken_effect_or_not() {
    let history = || {
        HistoryBuilder::new().long_kill().created((1, 2), "a", 0).operation(
            (3, 4),
            replace("a", 9),
            no_response,
        )
    };
    history().row(("a", 0), (0, 1, 0)).assert_valid();
    history().row(("a", 9), (1, 2, 0)).assert_valid();
    history().assert_violates(LINEARIZABLE);
}

#[test]
fn a_deletion_with_an_unknown_outcome_explains_a_missing_order() {
    HistoryBuilder::new()
        .long_kill()
        .created((1, 2), "a", 0)
        .operation((3, 4), Request::Delete(order_id("a")), no_response)
        .assert_valid();
}

#[test]
fn a_creation_without_a_response_may_have_taken_effect() {
    let request = Request::Create { id: None, calendar: CalendarId::default(), datetime: hour(0) };
    let history =
        || HistoryBuilder::new().long_kill().operation((1, 2), request.clone(), no_response);
    history().assert_valid();
    history().row(("generated-by-the-service", 0), (0, 1, 0)).assert_valid();
}

#[test]
fn a_lost_write_is_found() {
    HistoryBuilder::new().created((1, 2), "a", 0).assert_violates(LINEARIZABLE);
    HistoryBuilder::new()
        .created((1, 2), "a", 0)
        .operation((3, 4), replace("a", 9), written("a", 9, 2, 0))
        .row(("a", 0), (0, 1, 0))
        .assert_violates(LINEARIZABLE);
}

#[test]
fn a_deleted_order_that_reappears_is_found() {
    HistoryBuilder::new()
        .created((1, 2), "a", 0)
        .deleted((3, 4), "a")
        .row(("a", 0), (0, 1, 0))
        .assert_violates(LINEARIZABLE);
}

#[test]
fn versions_in_the_wrong_order_are_found() {
    let history = |first, second| {
        HistoryBuilder::new()
            .created((1, 2), "a", 0)
            .operation((3, 4), replace("a", 3), written("a", 3, first, 0))
            .operation((5, 6), replace("a", 6), written("a", 6, second, 0))
            .row(("a", 6), (2, second, 0))
    };
    history(2, 3).assert_valid();
    history(3, 2).assert_violates(LINEARIZABLE);
    history(2, 2).assert_violates(LINEARIZABLE);
    // No operation wrote version 3.
    history(2, 4).assert_violates(LINEARIZABLE);
}

#[test]
fn a_version_that_is_repeated_is_found() {
    let history = |version| {
        HistoryBuilder::new()
            .created((1, 2), "a", 0)
            .deleted((3, 4), "a")
            .operation((5, 6), create("a", 0), written("a", 0, version, 2))
            .row(("a", 0), (2, version, 2))
    };
    history(3).assert_valid();
    history(1).assert_violates(LINEARIZABLE);
    history(2).assert_violates(LINEARIZABLE);
}

#[test]
fn a_stale_read_is_found() {
    HistoryBuilder::new()
        .created((1, 2), "a", 0)
        .operation((3, 4), replace("a", 9), written("a", 9, 2, 0))
        .read((5, 6), ("a", 0), (0, 1, 0))
        .row(("a", 9), (1, 2, 0))
        .assert_violates(LINEARIZABLE);
}

#[test]
fn two_creations_of_one_id_are_found() {
    HistoryBuilder::new()
        .created((1, 2), "a", 0)
        .created((3, 4), "a", 6)
        .row(("a", 6), (1, 1, 1))
        .assert_violates(LINEARIZABLE);
}

#[test]
fn a_created_at_that_changes_is_found() {
    let history = |creator: u32| {
        HistoryBuilder::new()
            .created((1, 2), "a", 0)
            .operation((3, 4), replace("a", 3), written("a", 3, 2, creator))
            .row(("a", 3), (1, 2, creator))
    };
    history(0).assert_valid();
    history(1).assert_violates(LINEARIZABLE);
}

#[test]
fn a_created_at_of_a_deleted_order_is_found() {
    let history = |creator: u32| {
        HistoryBuilder::new()
            .created((1, 2), "a", 0)
            .deleted((3, 4), "a")
            .operation((5, 6), create("a", 3), written("a", 3, 3, creator))
            .row(("a", 3), (2, 3, creator))
    };
    history(2).assert_valid();
    history(0).assert_violates(LINEARIZABLE);

    let without_a_response = |creator: u32| {
        HistoryBuilder::new()
            .long_kill()
            .created((1, 2), "a", 0)
            .operation((3, 4), replace("a", 3), written("a", 3, 2, 0))
            .deleted((5, 6), "a")
            .operation((7, 8), create("a", 3), no_response)
            .row(("a", 3), (3, 4, creator))
    };
    without_a_response(3).assert_valid();
    without_a_response(0).assert_violates(LINEARIZABLE);
}

#[test]
fn an_order_that_changed_its_calendar_unasked_is_found() {
    let north = || CalendarId::new("north").unwrap();
    let mut history = HistoryBuilder::new()
        .created((1, 2), "a", 0)
        .operation((3, 4), replace("a", 9), |id| {
            let order = order("a", 9, id, 2, OperationId(0));
            Outcome::Order(Order { calendar: north(), ..order })
        })
        .row(("a", 9), (1, 2, 0));
    history.rows.orders[0].calendar = north();
    history.assert_violates(LINEARIZABLE);
}

#[test]
fn a_lost_gap_is_found() {
    let history = |writer: u32, gap: &str| {
        let mut history = HistoryBuilder::new()
            .operation((1, 2), set_gap("PT1H"), gap_set("PT1H"))
            .operation((3, 4), set_gap("PT2H"), gap_set("PT2H"));
        history.calendar_row(OperationId(writer).calendar_name(), gap.parse().unwrap());
        history
    };
    history(1, "PT2H").assert_valid();
    history(0, "PT1H").assert_violates("every calendar's gap is linearizable");
}
