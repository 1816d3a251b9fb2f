//! Checks the history and the rows of a run against the invariants: [`check`].

mod check_result;
mod double_booking;
mod events;
mod feed;
mod intervals;
mod linearizability;
mod provenance;
mod rejections;
mod responses;
mod rows;

pub use check_result::{CheckResult, Violation};

use crate::database::Rows;
use crate::history::History;
use events::Events;
use feed::Feed;
use intervals::{Gaps, order_intervals};

/// Runs all checks.
#[must_use]
pub fn check(history: &History, rows: &Rows) -> Vec<CheckResult> {
    let events = Events::new(history, rows);
    let orders = order_intervals(&events);
    let gaps = Gaps::new(history, &events);
    let feed = Feed::new(history, &events);
    vec![
        rows::minimum_gap(rows),
        rows::slots(rows),
        rows::order_services(rows),
        rows::versions(rows),
        provenance::states(history, rows, &events, &feed),
        linearizability::orders(history, &events),
        linearizability::calendars(history, &events),
        double_booking::simultaneous_orders(history, &orders, &gaps),
        double_booking::lists(history, &gaps),
        feed::consecutive(history, &feed),
        feed::same_bytes(history),
        feed::in_sequence(&feed),
        feed::responses(history, &feed),
        feed::deletions(history, &feed),
        feed::order(&feed),
        feed::reads(history, &feed),
        feed::minimum_gap(&feed, &gaps),
        feed::table(history, rows, &feed),
        feed::exports(history, &feed),
        feed::histories(history, &feed),
        responses::allowed(history),
        responses::failures(history),
        rejections::order_conflicts(history, &events, &orders, &gaps),
        rejections::gaps_too_wide(history, &events, &orders),
        responses::incidents(history),
    ]
}
