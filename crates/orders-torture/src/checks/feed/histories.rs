//! Whether the histories of single orders are those in the feed.

use std::collections::HashMap;

use orders_core::OrderId;

use crate::history::{History, OrderHistory};

use super::super::CheckResult;
use super::{Entry, Feed};

/// The history of an order is the bytes of its changes in the feed, from the first one, and it contains those that were
/// acknowledged before it was requested.
pub(in crate::checks) fn histories(history: &History, feed: &Feed<'_>) -> CheckResult {
    let invariant = "the history of an order has the same bytes as the feed";
    let mut result = CheckResult::new(invariant, "histories");
    if !feed.is_complete {
        return result;
    }
    let mut changes: HashMap<&OrderId, Vec<&Entry<'_>>> = HashMap::new();
    for entry in &feed.entries {
        changes.entry(&entry.change().data.id).or_default().push(entry);
    }
    for OrderHistory { id, invoked, changes: shown } in &history.order_histories {
        result.examined += 1;
        let in_feed = changes.get(id).map(Vec::as_slice).unwrap_or_default();
        let known = in_feed.iter().filter(|entry| entry.known() < *invoked).count();
        let is_as_in_feed = shown.len() >= known
            && shown.len() <= in_feed.len()
            && shown
                .iter()
                .zip(in_feed)
                .all(|(shown, entry)| shown.change.json == entry.received.change.json);
        if !is_as_in_feed {
            let shown = shown.iter().map(|shown| format!("history: {shown}"));
            let in_feed = in_feed.iter().map(|entry| format!("feed: {}", entry.received));
            let message = format!("the history of order {id}, requested at {invoked} s, differs");
            result.violated(message, shown.chain(in_feed));
        }
    }
    result
}
