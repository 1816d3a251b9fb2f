//! Whether what the database keeps obeys the rule.

use std::collections::BTreeMap;

use orders_core::{CalendarId, MinimumGap, Slot};

use crate::keep::{Keep, OrderRow};

use super::Finding;

/// The rule, computed from the orders' times and the calendars' gaps.
pub(super) fn rows(keep: &Keep) -> Finding {
    let claim = "no two orders of a calendar are closer than its gap";
    let mut finding = Finding::new(claim, "pairs of neighbours");
    let mut calendars: BTreeMap<&CalendarId, Vec<&OrderRow>> = BTreeMap::new();
    for row in &keep.orders {
        calendars.entry(&row.calendar).or_default().push(row);
    }
    for (id, mut rows) in calendars {
        let known = keep.calendars.iter().find(|calendar| calendar.id == *id);
        let Some(gap) = known.and_then(|row| MinimumGap::from_micros(row.gap).ok()) else {
            finding.violated(format!("calendar {id} has orders and no valid gap"), [""; 0]);
            continue;
        };
        rows.sort_by_key(|row| row.datetime);
        for pair in rows.windows(2) {
            finding.looked_at += 1;
            let slot = |row: &OrderRow| Slot::new(row.datetime, gap);
            if slot(pair[0]).conflicts_with(slot(pair[1])) {
                let what = format!("calendar {id} (gap {gap}) is booked twice");
                finding.violated(what, pair.iter().map(|row| show(row)));
            }
        }
    }
    finding
}

/// The columns that follow from others.
pub(super) fn slots(keep: &Keep) -> Finding {
    let mut finding =
        Finding::new("every order's slot is its time and its calendar's gap", "orders");
    for row in &keep.orders {
        finding.looked_at += 1;
        let gap = keep.calendars.iter().find(|calendar| calendar.id == row.calendar);
        if gap.map(|calendar| calendar.gap) != Some(row.gap) {
            finding.violated(
                format!("order {} holds another gap than its calendar", row.id),
                [show(row)],
            );
        }
        let start = row.datetime.as_micros();
        let slot = (row.gap > 0).then(|| (start, start + row.gap));
        if row.slot != slot {
            finding.violated(format!("order {} has the slot {:?}", row.id, row.slot), [show(row)]);
        }
    }
    finding
}

/// The table that lists orders by service.
pub(super) fn mirror(keep: &Keep) -> Finding {
    let mut finding = Finding::new("order_services mirrors the orders", "rows");
    finding.looked_at = keep.mirrored + keep.mirror_faults.len();
    for fault in &keep.mirror_faults {
        finding.violated(fault, [""; 0]);
    }
    finding
}

/// A row in words.
pub(super) fn show(row: &OrderRow) -> String {
    format!(
        "row: order {} in {} at {}, written by operation {}, version {}, created {}, gap {} µs, slot {:?}",
        row.id,
        row.calendar,
        row.datetime,
        row.cents,
        row.version,
        row.created_at,
        row.gap,
        row.slot
    )
}
