//! Whether the deletions in the feed are those that were sent.

use std::collections::{BTreeMap, BTreeSet};

use orders_core::{ChangeType, OrderId};

use crate::history::{History, Moment, Operation};

use super::super::CheckResult;
use super::{Entry, Feed, is_acknowledged, sent_deletions};

/// Every acknowledged deletion is in the feed, and every deletion in the feed was sent. A deletion does not say which
/// operation made it, so there must be a way to assign the operations, each of which took effect between its invocation
/// and its completion.
pub(in crate::checks) fn deletions(history: &History, feed: &Feed<'_>) -> CheckResult {
    let invariant = "the deletions in the feed are those that were sent, and all acknowledged ones";
    let mut result = CheckResult::new(invariant, "deletions");
    if !feed.is_complete {
        return result;
    }
    let mut in_feed: BTreeMap<&OrderId, Vec<&Entry<'_>>> = BTreeMap::new();
    for entry in &feed.entries {
        let change = entry.change();
        if change.change_type == ChangeType::Deleted {
            in_feed.entry(&change.data.id).or_default().push(entry);
        }
    }
    let sent = sent_deletions(history);
    let ids: BTreeSet<_> = in_feed.keys().chain(sent.keys()).copied().collect();
    for id in ids {
        let deletions = in_feed.get(id).map(Vec::as_slice).unwrap_or_default();
        let sent = sent.get(id).map(Vec::as_slice).unwrap_or_default();
        result.examined += deletions.len();
        let acknowledged: Vec<_> =
            sent.iter().copied().filter(|operation| is_acknowledged(operation)).collect();
        let (missing, _) = unmatched(&acknowledged, deletions);
        let (_, unexplained) = unmatched(sent, deletions);
        let shown = deletions.iter().map(|entry| entry.received.to_string());
        if !missing.is_empty() {
            let missing = missing.into_iter().map(ToString::to_string);
            let message = format!("an acknowledged deletion of order {id} is not in the feed");
            result.violated(message, missing.chain(shown.clone()));
        }
        if !unexplained.is_empty() {
            let message = format!("no operation can have made a deletion of order {id}");
            let unexplained = unexplained.into_iter().map(|entry| entry.received.to_string());
            let sent = sent.iter().map(ToString::to_string);
            result.violated(message, unexplained.chain(sent));
        }
    }
    result
}

/// Assigns as many operations as possible to deletions in the feed, and returns those that are left on both sides. The
/// times between which the deletions took effect are in ascending order, so the operation that had to take effect first
/// can always be taken.
fn unmatched<'a, 'e>(
    operations: &[&'a Operation],
    deletions: &[&'e Entry<'a>],
) -> (Vec<&'a Operation>, Vec<&'e Entry<'a>>) {
    let completed = |operation: &Operation| match is_acknowledged(operation) {
        true => operation.completed,
        false => Moment::NEVER,
    };
    let mut left = operations.to_vec();
    left.sort_by_key(|operation| completed(operation));
    let mut unexplained = Vec::new();
    for deletion in deletions {
        let found = left.iter().position(|operation| {
            operation.invoked <= deletion.latest && completed(operation) >= deletion.earliest
        });
        match found {
            Some(index) => drop(left.remove(index)),
            None => unexplained.push(*deletion),
        }
    }
    (left, unexplained)
}
