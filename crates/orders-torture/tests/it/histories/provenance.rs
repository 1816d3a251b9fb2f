//! Histories with states that no operation sent.

use orders_torture::history::OperationId;
use orders_torture::http::{Failure, Outcome, metadata_of, reference_of};

use crate::history_builder::{HistoryBuilder, create};

#[test]
fn an_order_that_no_operation_sent_is_found() {
    let invariant = "every observed state is what one operation sent";
    HistoryBuilder::new().row(("a", 0), (77, 1, 77)).assert_violates(invariant);
    let created = || HistoryBuilder::new().created((1, 2), "a", 0);
    let at_another_time = created().row(("a", 5), (0, 1, 0));
    at_another_time.assert_violates(invariant);
    let under_another_id = created().row(("b", 0), (0, 1, 0));
    under_another_id.assert_violates(invariant);
    let rejected = HistoryBuilder::new()
        .operation((1, 2), create("a", 0), |_| Outcome::IdTaken)
        .row(("a", 0), (0, 1, 0));
    rejected.assert_violates(invariant);
    let not_sent = HistoryBuilder::new()
        .long_kill()
        .operation((1, 2), create("a", 0), |_| Outcome::Failed(Failure::NotSent))
        .row(("a", 0), (0, 1, 0));
    not_sent.assert_violates(invariant);
}

#[test]
fn an_order_with_another_reference_or_other_metadata_than_was_sent_is_found() {
    let created = || HistoryBuilder::new().created((1, 2), "a", 0).row(("a", 0), (0, 1, 0));
    created().assert_valid();
    let invariant = "every observed state is what one operation sent";
    let mut history = created();
    history.rows.orders[0].reference = reference_of(OperationId(1));
    history.assert_violates(invariant);
    let mut history = created();
    history.rows.orders[0].metadata = metadata_of(OperationId(1));
    history.assert_violates(invariant);
}
