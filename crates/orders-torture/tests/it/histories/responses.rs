//! Histories with responses that are not allowed, and with failures.

use orders_torture::faults::{Fault, FaultKind};
use orders_torture::history::OperationId;
use orders_torture::http::{Failure, Outcome, Request};

use crate::history_builder::{HistoryBuilder, no_response, second};

#[test]
fn an_invalid_response_is_found() {
    HistoryBuilder::new()
        .operation((1, 2), Request::List, |_| {
            Outcome::Failed(Failure::Invalid("status 500".to_owned()))
        })
        .assert_violates("the contract allows every response");
}

#[test]
fn a_failure_needs_a_fault() {
    let invariant = "no request fails except around a kill or a crash";
    let fault = |kind| Fault { kind, start: second(1), end: second(3) };
    let kill = |process| fault(FaultKind::KillService(process));
    let crash = fault(FaultKind::CrashPostgres);
    let history = |seconds, outcome: fn(OperationId) -> Outcome| {
        HistoryBuilder::new().operation(seconds, Request::List, outcome)
    };
    let unavailable = |_| Outcome::Failed(Failure::Unavailable);

    history((2, 4), no_response).fault(kill(0)).assert_valid();
    history((2, 4), no_response).fault(kill(1)).assert_violates(invariant);
    history((2, 4), no_response).fault(crash).assert_violates(invariant);
    history((5, 6), no_response).fault(kill(0)).assert_violates(invariant);
    history((2, 4), unavailable).fault(crash).assert_valid();
    history((7, 8), unavailable).fault(crash).assert_valid();
    history((9, 10), unavailable).fault(crash).assert_violates(invariant);
    history((2, 4), unavailable).assert_violates(invariant);
}

#[test]
fn an_incident_is_found() {
    let mut history = HistoryBuilder::new();
    history.history.incidents.push("deadlock detected".to_owned());
    history.assert_violates("PostgreSQL detects no deadlock");
}
