//! Whether the rows at the end obey the rule and agree with each other.

use std::collections::BTreeMap;

use orders_core::{CalendarId, MinimumGap, Slot};

use crate::database::{OrderRow, Rows};

use super::CheckResult;

/// The rule, computed from the times of the orders and the gaps of their calendars.
pub(super) fn minimum_gap(rows: &Rows) -> CheckResult {
    let invariant = "no two rows of a calendar are closer than its gap";
    let mut result = CheckResult::new(invariant, "pairs of neighbours");
    let mut calendars: BTreeMap<&CalendarId, Vec<&OrderRow>> = BTreeMap::new();
    for row in &rows.orders {
        calendars.entry(&row.calendar).or_default().push(row);
    }
    for (id, mut orders) in calendars {
        let calendar = rows.calendar(id);
        let Some(gap) = calendar.and_then(|row| MinimumGap::from_micros(row.gap).ok()) else {
            result.violated(format!("calendar {id} has orders but no valid gap"), [""; 0]);
            continue;
        };
        // If two orders are too close, so are the earlier one and its next neighbour.
        orders.sort_by_key(|row| row.datetime);
        for pair in orders.windows(2) {
            result.examined += 1;
            let slot = |row: &OrderRow| Slot::new(row.datetime, gap);
            if slot(pair[0]).conflicts_with(slot(pair[1])) {
                let message = format!("calendar {id} (gap {gap}) is double-booked");
                result.violated(message, pair.iter().map(|row| describe(row)));
            }
        }
    }
    result
}

/// The columns of an order that are derived from other columns.
pub(super) fn slots(rows: &Rows) -> CheckResult {
    let invariant = "every row's slot follows from its time and its calendar's gap";
    let mut result = CheckResult::new(invariant, "orders");
    for row in &rows.orders {
        result.examined += 1;
        if rows.calendar(&row.calendar).map(|calendar| calendar.gap) != Some(row.gap) {
            let message = format!("order {} has another gap than its calendar", row.id);
            result.violated(message, [describe(row)]);
        }
        let start = row.datetime.as_micros();
        let expected = (row.gap > 0).then(|| (start, start + row.gap));
        if row.slot != expected {
            let message = format!("order {} has the slot {:?}", row.id, row.slot);
            result.violated(message, [describe(row)]);
        }
    }
    result
}

/// The table that finds orders by service.
pub(super) fn order_services(rows: &Rows) -> CheckResult {
    let mut result = CheckResult::new("order_services matches the services of the orders", "rows");
    result.examined = rows.matching_services + rows.service_mismatches.len();
    for mismatch in &rows.service_mismatches {
        result.violated(mismatch, [""; 0]);
    }
    result
}

/// The table of the versions.
pub(super) fn versions(rows: &Rows) -> CheckResult {
    let invariant = "the newest version of every order in order_versions is its row";
    let mut result = CheckResult::new(invariant, "rows");
    result.examined = rows.matching_versions + rows.version_mismatches.len();
    for mismatch in &rows.version_mismatches {
        result.violated(mismatch, [""; 0]);
    }
    result
}

/// A row as text.
pub(super) fn describe(row: &OrderRow) -> String {
    let OrderRow { id, calendar, datetime, cents, version, created_at, gap, slot, .. } = row;
    format!(
        "row: order {id} in {calendar} at {datetime}, written by operation {cents}, \
         version {version}, created {created_at}, gap {gap} µs, slot {slot:?}"
    )
}
