//! Whether conflict responses name orders that may have been in the way.

use std::collections::HashMap;

use orders_core::{
    Booking, CalendarId, Conflict, MAX_PAIRS, OrderId, SEARCH_REACH_MICROS, Slot, Timestamp,
    TooClose,
};

use crate::history::{History, Operation};
use crate::http::{Outcome, Request};
use crate::workload::OWN_ID_PREFIX;

use super::CheckResult;
use super::events::Events;
use super::intervals::{Gaps, OrderIntervals};

/// Every `order-conflict` names orders that may have been there during the request, within a gap
/// that the calendar may have had.
pub(super) fn order_conflicts(
    history: &History,
    events: &Events,
    orders: &OrderIntervals,
    gaps: &Gaps,
) -> CheckResult {
    let invariant = "every order-conflict names orders that may have been in the way";
    let mut result = CheckResult::new(invariant, "rejections");
    let possible = PossibleOrders::new(history, events, orders);
    for operation in &history.operations {
        let Outcome::OrderConflict(conflict) = &operation.outcome else { continue };
        result.examined += 1;
        if let Some(message) = objection(operation, conflict, &possible, gaps) {
            result.violated(message, [operation]);
        }
    }
    result
}

/// Every `gap-too-wide` names pairs of orders that may have been that close.
pub(super) fn gaps_too_wide(
    history: &History,
    events: &Events,
    orders: &OrderIntervals,
) -> CheckResult {
    let invariant = "every gap-too-wide names pairs that may have been too close";
    let mut result = CheckResult::new(invariant, "rejections");
    let possible = PossibleOrders::new(history, events, orders);
    for operation in &history.operations {
        let (Request::SetGap { calendar, gap }, Outcome::GapTooWide(pairs)) =
            (&operation.request, &operation.outcome)
        else {
            continue;
        };
        result.examined += 1;
        if pairs.is_empty() || pairs.len() > MAX_PAIRS {
            result.violated(format!("{} pairs are named", pairs.len()), [operation]);
        }
        for TooClose { first, second } in pairs {
            let slot = |booking: &Booking| Slot::new(booking.datetime, *gap);
            if !slot(first).conflicts_with(slot(second)) || first.datetime > second.datetime {
                let message = format!("{} and {} are not too close", first.id, second.id);
                result.violated(message, [operation]);
            }
            for booking in [first, second] {
                if !possible.contains(operation, calendar, booking) {
                    result.violated(format!("{} was not there then", booking.id), [operation]);
                }
            }
        }
    }
    result
}

/// Why an `order-conflict` cannot be right.
fn objection(
    operation: &Operation,
    conflict: &Conflict,
    possible: &PossibleOrders<'_>,
    gaps: &Gaps,
) -> Option<String> {
    let (own_id, requested, datetime) = match &operation.request {
        Request::Create { id, calendar, datetime } => (id.as_ref(), Some(calendar), *datetime),
        Request::Replace { id, calendar, datetime } => (Some(id), calendar.as_ref(), *datetime),
        _ => return Some("the request books nothing".to_owned()),
    };
    let Conflict { calendar, minimum_gap: gap, conflicts_with, nearest_free, .. } = conflict;
    if requested.is_some_and(|requested| requested != calendar) {
        return Some(format!("the conflict is in calendar {calendar}"));
    }
    if !gaps.may_have_been(calendar, *gap, operation.invoked, operation.completed) {
        return Some(format!("calendar {calendar} did not have the gap {gap} then"));
    }
    if conflicts_with.is_empty() {
        return Some("no order is named".to_owned());
    }
    let slot = Slot::new(datetime, *gap);
    for booking in conflicts_with {
        if !slot.conflicts_with(Slot::new(booking.datetime, *gap)) {
            return Some(format!("{} is not within the gap", booking.id));
        }
        if own_id == Some(&booking.id) {
            return Some("an order conflicts with itself".to_owned());
        }
        if !possible.contains(operation, calendar, booking) {
            return Some(format!("{} was not there then", booking.id));
        }
    }
    // The service searches after it has found the conflict. The named order may have been deleted
    // by then, so the requested time itself may be free.
    let in_reach =
        |free: Timestamp| (free.as_micros() - datetime.as_micros()).abs() <= SEARCH_REACH_MICROS;
    let after = nearest_free.after.is_none_or(|free| free >= datetime && in_reach(free));
    let before = nearest_free.before.is_none_or(|free| free <= datetime && in_reach(free));
    (!after || !before).then(|| format!("{nearest_free:?} is not nearest"))
}

/// Where orders may have been when.
struct PossibleOrders<'a> {
    orders: &'a OrderIntervals,
    /// The creations with an unknown outcome and an id that was never observed.
    unobserved: HashMap<(&'a CalendarId, Timestamp), Vec<&'a Operation>>,
}

impl<'a> PossibleOrders<'a> {
    fn new(history: &'a History, events: &Events, orders: &'a OrderIntervals) -> Self {
        let mut unobserved: HashMap<_, Vec<_>> = HashMap::new();
        for operation in &history.operations {
            if let Request::Create { id: None, calendar, datetime } = &operation.request
                && operation.outcome.is_indeterminate()
                && !events.generated_ids.contains_key(&operation.id)
            {
                unobserved.entry((calendar, *datetime)).or_default().push(operation);
            }
        }
        Self { orders, unobserved }
    }

    /// Whether this order may have been at this time of this calendar during an operation.
    fn contains(&self, during: &Operation, calendar: &CalendarId, booking: &Booking) -> bool {
        let Booking { id, datetime } = booking;
        let intervals = self.orders.get(id).map(Vec::as_slice).unwrap_or_default();
        let was_observed = intervals.iter().any(|interval| {
            interval.state.datetime == *datetime
                && interval.state.calendar.as_ref().is_none_or(|known| known == calendar)
                && interval.may_overlap(during.invoked, during.completed)
        });
        was_observed || (is_generated(id) && self.is_unobserved(during, calendar, *datetime))
    }

    fn is_unobserved(&self, during: &Operation, calendar: &CalendarId, at: Timestamp) -> bool {
        let creations = self.unobserved.get(&(calendar, at)).map(Vec::as_slice).unwrap_or_default();
        creations.iter().any(|creation| creation.invoked <= during.completed)
    }
}

/// Whether the service generated this id.
fn is_generated(id: &OrderId) -> bool {
    !id.as_str().starts_with(OWN_ID_PREFIX)
}
