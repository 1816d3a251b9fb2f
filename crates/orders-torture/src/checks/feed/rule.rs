//! Whether the rule holds after every change that is replayed.

use std::collections::{BTreeSet, HashMap};

use orders_core::{CalendarId, ChangeType, Order, OrderId, Slot, Timestamp};

use super::super::CheckResult;
use super::super::intervals::Gaps;
use super::Feed;

/// The calendar and time of an order.
type Place<'a> = (&'a CalendarId, Timestamp);

/// No change brings an order closer to another one than the gap that the calendar had then.
pub(in crate::checks) fn minimum_gap(feed: &Feed<'_>, gaps: &Gaps) -> CheckResult {
    let invariant = "after every replayed change, no two orders are closer than the gap";
    let mut result = CheckResult::new(invariant, "changes");
    let mut places: HashMap<&OrderId, Place<'_>> = HashMap::new();
    let mut calendars: HashMap<&CalendarId, BTreeSet<(Timestamp, &OrderId)>> = HashMap::new();
    if !feed.is_complete {
        return result;
    }
    for entry in &feed.entries {
        result.examined += 1;
        let change = entry.change();
        let Order { id, calendar, datetime, .. } = &change.data;
        if let Some((calendar, datetime)) = places.remove(id) {
            calendars.entry(calendar).or_default().remove(&(datetime, id));
        }
        if change.change_type == ChangeType::Deleted {
            continue;
        }
        let booked = calendars.entry(calendar).or_default();
        let gap = gaps.lower_bound(calendar, entry.earliest.min(entry.latest), entry.latest);
        let before = booked.range(..(*datetime, id)).next_back();
        let after = booked.range((*datetime, id)..).next();
        for (other_at, other) in before.into_iter().chain(after) {
            let slot = |at| gap.map(|gap| Slot::new(at, gap));
            let is_too_close = slot(*other_at)
                .zip(slot(*datetime))
                .is_some_and(|(one, other)| one.conflicts_with(other));
            if is_too_close {
                let gap = gap.map(|gap| gap.to_string()).unwrap_or_default();
                let message = format!(
                    "calendar {calendar} (gap {gap}) is double-booked after position {}: \
                     {other} at {other_at} and {id} at {datetime}",
                    entry.position()
                );
                let operation = entry.operation.map(ToString::to_string);
                let evidence = [Some(entry.received.to_string()), operation];
                result.violated(message, evidence.into_iter().flatten());
            }
        }
        booked.insert((*datetime, id));
        places.insert(id, (calendar, *datetime));
    }
    result
}
