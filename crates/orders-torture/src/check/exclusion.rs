//! Whether clients ever saw two orders too close.

use std::collections::HashMap;

use orders_core::{CalendarId, OrderId, Slot, Timestamp};

use crate::answer::Answer;
use crate::history::{History, Moment};

use super::Finding;
use super::gaps::Gaps;
use super::spans::OrderSpans;

/// A time when an order certainly stood.
struct Stood<'a> {
    id: &'a OrderId,
    datetime: Timestamp,
    from: Moment,
    until: Moment,
    written: u32,
}

/// Two orders of a calendar that certainly stood at one time are not closer than the gap which the
/// calendar certainly had then.
pub(super) fn seen_by_writers(history: &History, orders: &OrderSpans, gaps: &Gaps) -> Finding {
    let claim = "no two orders that certainly stood at one time were closer than the gap then";
    let mut finding = Finding::new(claim, "pairs that stood at one time");
    let mut calendars: HashMap<&CalendarId, Vec<Stood<'_>>> = HashMap::new();
    for (id, spans) in orders {
        for span in spans {
            if let (Some((from, until)), Some(calendar)) = (span.certain, &span.state.calendar) {
                let written = span.mark.map_or(0, |mark| mark.0);
                let datetime = span.state.datetime;
                let stood = Stood { id, datetime, from, until, written };
                calendars.entry(calendar).or_default().push(stood);
            }
        }
    }
    for (calendar, mut stood) in calendars {
        stood.sort_by_key(|stood| (stood.from, stood.written));
        let mut standing: Vec<&Stood<'_>> = Vec::new();
        for new in &stood {
            standing.retain(|old| old.until >= new.from);
            for old in standing.iter().filter(|old| old.id != new.id) {
                finding.looked_at += 1;
                let until = old.until.min(new.until);
                let Some(gap) = gaps.widest_certain(calendar, new.from, until) else { continue };
                if Slot::new(old.datetime, gap).conflicts_with(Slot::new(new.datetime, gap)) {
                    let what = format!(
                        "calendar {calendar} (gap {gap}) was booked twice from {} to {until} s: \
                         {} at {} and {} at {}",
                        new.from, old.id, old.datetime, new.id, new.datetime
                    );
                    let shown = history
                        .records
                        .iter()
                        .filter(|record| [old.written, new.written].contains(&record.mark.0));
                    finding.violated(what, shown);
                }
            }
            standing.push(new);
        }
    }
    finding
}

/// A list is what stood at one instant: sorted, each order once, and no two too close.
pub(super) fn seen_in_lists(history: &History, gaps: &Gaps) -> Finding {
    let claim = "no list shows two orders closer than the gap then";
    let mut finding = Finding::new(claim, "lists");
    for record in &history.records {
        let Answer::Orders(orders) = &record.answer else { continue };
        finding.looked_at += 1;
        if !orders.is_sorted_by(|a, b| (a.datetime, &a.id) < (b.datetime, &b.id)) {
            finding.violated("a list is out of order", [record]);
        }
        for (place, first) in orders.iter().enumerate() {
            let Some(gap) = gaps.at_least(&first.calendar, record.start, record.end) else {
                continue;
            };
            let slot = Slot::new(first.datetime, gap);
            let mut later = orders[place + 1..].iter().filter(|o| o.calendar == first.calendar);
            if let Some(second) =
                later.find(|order| slot.conflicts_with(Slot::new(order.datetime, gap)))
            {
                let what = format!(
                    "a list shows calendar {} (gap {gap}) booked twice: {} at {} and {} at {}",
                    first.calendar, first.id, first.datetime, second.id, second.datetime
                );
                finding.violated(what, [record]);
            }
        }
    }
    finding
}
