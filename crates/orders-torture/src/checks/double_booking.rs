//! Whether clients ever observed two orders that were too close.

use std::collections::{HashMap, HashSet};

use orders_core::{CalendarId, Order, OrderId, Slot, Timestamp};

use crate::history::{History, Moment, OperationId};
use crate::http::Outcome;

use super::CheckResult;
use super::intervals::{Gaps, OrderIntervals};

/// An order that certainly was at one time of a calendar, from one moment to another.
struct Booked<'a> {
    id: &'a OrderId,
    datetime: Timestamp,
    from: Moment,
    until: Moment,
    writer: Option<OperationId>,
}

/// Two orders of a calendar that certainly existed at the same moment are not closer than the gap
/// that the calendar certainly had then.
pub(super) fn simultaneous_orders(
    history: &History,
    orders: &OrderIntervals,
    gaps: &Gaps,
) -> CheckResult {
    let invariant = "no two orders that certainly existed at one moment were closer than the gap";
    let mut result = CheckResult::new(invariant, "pairs that existed at one moment");
    for (calendar, booked) in by_calendar(orders) {
        let mut current: Vec<&Booked<'_>> = Vec::new();
        for new in &booked {
            current.retain(|old| old.until >= new.from);
            for old in current.iter().filter(|old| old.id != new.id) {
                result.examined += 1;
                let until = old.until.min(new.until);
                let Some(gap) = gaps.widest_certain(calendar, new.from, until) else { continue };
                if Slot::new(old.datetime, gap).conflicts_with(Slot::new(new.datetime, gap)) {
                    let message = format!(
                        "calendar {calendar} (gap {gap}) was double-booked from {} to {until} s: \
                         {} at {} and {} at {}",
                        new.from, old.id, old.datetime, new.id, new.datetime
                    );
                    let writers = [old.writer, new.writer];
                    let operations = history.operations.iter();
                    result.violated(
                        message,
                        operations.filter(|operation| writers.contains(&Some(operation.id))),
                    );
                }
            }
            current.push(new);
        }
    }
    result
}

/// When which order certainly was where, by calendar, sorted by time.
fn by_calendar(orders: &OrderIntervals) -> HashMap<&CalendarId, Vec<Booked<'_>>> {
    let mut calendars: HashMap<&CalendarId, Vec<Booked<'_>>> = HashMap::new();
    for (id, intervals) in orders {
        for interval in intervals {
            let state = &interval.state;
            if let (Some((from, until)), Some(calendar)) = (interval.certain, &state.calendar) {
                let (datetime, writer) = (state.datetime, interval.writer);
                let booked = Booked { id, datetime, from, until, writer };
                calendars.entry(calendar).or_default().push(booked);
            }
        }
    }
    for booked in calendars.values_mut() {
        booked.sort_by_key(|booked| (booked.from, booked.writer));
    }
    calendars
}

/// A list shows one instant: it is sorted, contains every order once, and no two orders are too
/// close.
pub(super) fn lists(history: &History, gaps: &Gaps) -> CheckResult {
    let invariant = "every list is sorted, with no order twice and no two closer than the gap";
    let mut result = CheckResult::new(invariant, "lists");
    for operation in &history.operations {
        let Outcome::Orders(orders) = &operation.outcome else { continue };
        result.examined += 1;
        if !orders.is_sorted_by(|a, b| (a.datetime, &a.id) < (b.datetime, &b.id)) {
            result.violated("a list is not sorted", [operation]);
        }
        let mut ids = HashSet::new();
        if let Some(order) = orders.iter().find(|order| !ids.insert(&order.id)) {
            result.violated(format!("a list contains order {} twice", order.id), [operation]);
        }
        for (index, first) in orders.iter().enumerate() {
            let Order { calendar, datetime, .. } = first;
            let (start, end) = (operation.invoked, operation.completed);
            let Some(gap) = gaps.lower_bound(calendar, start, end) else { continue };
            let slot = Slot::new(*datetime, gap);
            let mut later = orders[index + 1..].iter().filter(|o| o.calendar == *calendar);
            if let Some(second) =
                later.find(|order| slot.conflicts_with(Slot::new(order.datetime, gap)))
            {
                let message = format!(
                    "a list shows calendar {calendar} (gap {gap}) double-booked: {} at {datetime} \
                     and {} at {}",
                    first.id, second.id, second.datetime
                );
                result.violated(message, [operation]);
            }
        }
    }
    result
}
