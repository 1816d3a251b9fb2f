//! Whether refusals were right.

use std::collections::HashMap;

use orders_core::{
    Booking, CalendarId, MAX_PAIRS, OrderId, SEARCH_REACH_MICROS, Slot, Timestamp, TooClose,
};

use crate::answer::{Answer, Refusal};
use crate::history::{History, Record};
use crate::request::Request;

use super::Finding;
use super::gaps::Gaps;
use super::spans::OrderSpans;
use super::steps::Steps;

/// Every `order-conflict` names orders which can have stood there while it was asked, within a gap
/// that the calendar can have had.
pub(super) fn plausible(
    history: &History,
    steps: &Steps,
    orders: &OrderSpans,
    gaps: &Gaps,
) -> Finding {
    let claim = "every order-conflict names orders that can have been in the way";
    let mut finding = Finding::new(claim, "refusals");
    let stood = Standing::of(history, steps, orders);
    for record in &history.records {
        let Answer::Conflict(refusal) = &record.answer else { continue };
        finding.looked_at += 1;
        if let Some(what) = wrong(record, refusal, &stood, gaps) {
            finding.violated(what, [record]);
        }
    }
    finding
}

/// Every `gap-too-wide` names pairs which can have stood that close.
pub(super) fn gaps_too_wide(history: &History, steps: &Steps, orders: &OrderSpans) -> Finding {
    let claim = "every gap-too-wide names pairs that can have been too close";
    let mut finding = Finding::new(claim, "refusals");
    let stood = Standing::of(history, steps, orders);
    for record in &history.records {
        let (Request::SetGap { calendar, gap }, Answer::GapTooWide(pairs)) =
            (&record.request, &record.answer)
        else {
            continue;
        };
        finding.looked_at += 1;
        if pairs.is_empty() || pairs.len() > MAX_PAIRS {
            finding.violated(format!("{} pairs are named", pairs.len()), [record]);
        }
        for TooClose { first, second } in pairs {
            let slot = |booking: &Booking| Slot::new(booking.datetime, *gap);
            if !slot(first).conflicts_with(slot(second)) || first.datetime > second.datetime {
                let what = format!("{} and {} are not too close", first.id, second.id);
                finding.violated(what, [record]);
            }
            for booking in [first, second] {
                if !stood.may_have(record, calendar, booking) {
                    let what = format!("{} did not stand there then", booking.id);
                    finding.violated(what, [record]);
                }
            }
        }
    }
    finding
}

/// What is wrong with a refusal.
fn wrong(record: &Record, refusal: &Refusal, stood: &Standing<'_>, gaps: &Gaps) -> Option<String> {
    let (own, asked, datetime) = match &record.request {
        Request::Place { id, calendar, datetime } => (id.as_ref(), Some(calendar), *datetime),
        Request::Replace { id, calendar, datetime } => (Some(id), calendar.as_ref(), *datetime),
        _ => return Some("nothing was to be booked".to_owned()),
    };
    let Refusal { calendar, minimum_gap: gap, conflicts_with, nearest_free } = refusal;
    if asked.is_some_and(|asked| asked != calendar) {
        return Some(format!("the conflict is in {calendar}"));
    }
    if !gaps.may_be(calendar, *gap, record.start, record.end) {
        return Some(format!("{calendar} did not have the gap {gap} then"));
    }
    if conflicts_with.is_empty() {
        return Some("no order is named".to_owned());
    }
    let wished = Slot::new(datetime, *gap);
    for booking in conflicts_with {
        if !wished.conflicts_with(Slot::new(booking.datetime, *gap)) {
            return Some(format!("{} is not within the gap", booking.id));
        }
        if own == Some(&booking.id) {
            return Some("an order conflicts with itself".to_owned());
        }
        if !stood.may_have(record, calendar, booking) {
            return Some(format!("{} did not stand there then", booking.id));
        }
    }
    // It is looked for after the conflict was found, so it need not be free of that any more.
    let near =
        |free: Timestamp| (free.as_micros() - datetime.as_micros()).abs() <= SEARCH_REACH_MICROS;
    let after = nearest_free.after.is_none_or(|free| free >= datetime && near(free));
    let before = nearest_free.before.is_none_or(|free| free <= datetime && near(free));
    (!after || !before).then(|| format!("{nearest_free:?} is not nearest"))
}

/// Where orders can have stood when.
struct Standing<'a> {
    orders: &'a OrderSpans,
    /// Placements without an id whose outcome nobody knows, and whose id nobody saw.
    nameless: HashMap<(&'a CalendarId, Timestamp), Vec<&'a Record>>,
}

impl<'a> Standing<'a> {
    fn of(history: &'a History, steps: &Steps, orders: &'a OrderSpans) -> Self {
        let mut nameless: HashMap<_, Vec<_>> = HashMap::new();
        for record in &history.records {
            if let Request::Place { id: None, calendar, datetime } = &record.request
                && record.answer.is_unknown()
                && !steps.given.contains_key(&record.mark)
            {
                nameless.entry((calendar, *datetime)).or_default().push(record);
            }
        }
        Self { orders, nameless }
    }

    /// Whether this order can have stood at this time in this calendar while a request was answered.
    fn may_have(&self, record: &Record, calendar: &CalendarId, booking: &Booking) -> bool {
        let Booking { id, datetime } = booking;
        let known = self.orders.get(id).map(Vec::as_slice).unwrap_or_default();
        let may_be = known.iter().any(|span| {
            span.state.datetime == *datetime
                && span.state.calendar.as_ref().is_none_or(|known| known == calendar)
                && span.may_touch(record.start, record.end)
        });
        may_be
            || (is_made_by_the_service(id) && self.nameless_may_have(record, calendar, *datetime))
    }

    fn nameless_may_have(&self, record: &Record, calendar: &CalendarId, at: Timestamp) -> bool {
        let placed = self.nameless.get(&(calendar, at)).map(Vec::as_slice).unwrap_or_default();
        placed.iter().any(|placed| placed.start <= record.end)
    }
}

fn is_made_by_the_service(id: &OrderId) -> bool {
    !id.as_str().starts_with("own-")
}
