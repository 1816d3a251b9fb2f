//! Whether the copies of the followers are right.

use std::collections::BTreeMap;

use orders_core::{ChangeType, Order, OrderId, Replica};

use crate::database::{OrderRow, Rows};
use crate::history::{Following, History, OperationId};

use super::super::CheckResult;
use super::super::rows::describe;
use super::Feed;
use super::followers::beginning;

/// A copy that followed to the end is the table. The feed has as many changes as the table of versions has rows.
pub(in crate::checks) fn table(history: &History, rows: &Rows, feed: &Feed<'_>) -> CheckResult {
    let invariant = "replaying the feed gives the table";
    let mut result = CheckResult::new(invariant, "orders in copies");
    let end = feed.last_position();
    for following in &history.followings {
        let copy = followed(following);
        // It was checked that those that began with the oldest change followed to the end.
        if following.export.is_some() && copy.cursor().position != end {
            continue;
        }
        let follower = following.follower;
        result.examined += copy.len();
        for row in &rows.orders {
            let order = copy.get(&row.id);
            if !order.is_some_and(|order| is_row(order, row)) {
                let message = format!("{follower}: order {} is not as in the table", row.id);
                let order = order.map(|order| format!("copy: {order:?}"));
                result.violated(message, [Some(describe(row)), order].into_iter().flatten());
            }
        }
        for order in copy.orders().filter(|order| rows.order(&order.id).is_none()) {
            let message = format!("{follower}: order {} is not in the table", order.id);
            result.violated(message, [format!("copy: {order:?}")]);
        }
    }
    if feed.is_complete && u64::try_from(rows.versions) != Ok(end) {
        let versions = rows.versions;
        let message = format!("order_versions has {versions} rows, and the feed {end} changes");
        result.violated(message, [""; 0]);
    }
    result
}

/// An export is the feed replayed up to its cursor, and so is the copy that followed from there.
pub(in crate::checks) fn exports(history: &History, feed: &Feed<'_>) -> CheckResult {
    let invariant = "an export, and a copy that began with it, is the feed replayed";
    let mut result = CheckResult::new(invariant, "copies");
    if !feed.is_complete {
        return result;
    }
    let exports = history.followings.iter().filter(|following| following.export.is_some());
    let mut copies: Vec<(String, Replica)> = exports
        .flat_map(|following| {
            let follower = following.follower;
            let at_the_end = (format!("the copy of {follower} at its end"), followed(following));
            [(follower.to_string(), beginning(following)), at_the_end]
        })
        .collect();
    copies.sort_by_key(|(_, copy)| copy.cursor().position);
    let mut orders: BTreeMap<&OrderId, &Order> = BTreeMap::new();
    let mut entries = feed.entries.iter().peekable();
    for (name, copy) in &copies {
        result.examined += 1;
        let cursor = copy.cursor();
        while let Some(entry) = entries.next_if(|entry| entry.position() <= cursor.position) {
            let change = entry.change();
            match change.change_type {
                ChangeType::Deleted => orders.remove(&change.data.id),
                ChangeType::Created | ChangeType::Updated => {
                    orders.insert(&change.data.id, &change.data)
                }
            };
        }
        if !copy.orders().eq(orders.values().copied()) {
            let mut differences: Vec<_> = copy
                .orders()
                .filter(|order| orders.get(&order.id) != Some(order))
                .map(|order| format!("copy: {order:?}"))
                .collect();
            let replayed = orders.values().filter(|order| copy.get(&order.id) != Some(order));
            differences.extend(replayed.map(|order| format!("replayed: {order:?}")));
            result.violated(format!("{name} is not the feed up to {cursor}"), differences);
        }
    }
    result
}

/// The copy of a follower at its end. A change that it rejects is reported by another check.
fn followed(following: &Following) -> Replica {
    let mut copy = beginning(following);
    let mut changes = following.changes.iter().map(|received| received.change.change.clone());
    // OK to stop at an error.
    let _ = changes.try_for_each(|change| copy.apply(change));
    copy
}

fn is_row(order: &Order, row: &OrderRow) -> bool {
    let fee = OperationId::from_cents(row.cents).map(OperationId::fee);
    order.calendar == row.calendar
        && order.datetime == row.datetime
        && Some(order.totalfee) == fee
        && order.services.iter().eq(&row.services)
        && order.reference == row.reference
        && order.metadata == row.metadata
        && order.version == row.version
        && order.created_at == row.created_at
        && order.updated_at == row.updated_at
}
