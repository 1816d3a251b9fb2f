//! The feed of changes, as the followers received it: [`Feed`].

mod acknowledged;
mod copies;
mod deletions;
mod followers;
mod histories;
mod real_time;
mod rule;
mod versions;

use std::collections::{BTreeMap, HashMap};

use orders_core::{Change, ChangeType, OrderId};

use crate::history::{History, Moment, Operation, OperationId, ReceivedChange};
use crate::http::{Outcome, Request};

use super::events::Events;

pub(super) use acknowledged::responses;
pub(super) use copies::{exports, table};
pub(super) use deletions::deletions;
pub(super) use followers::{consecutive, same_bytes};
pub(super) use histories::histories;
pub(super) use real_time::{order, reads};
pub(super) use rule::minimum_gap;
pub(super) use versions::in_sequence;

/// All changes that any follower received, by their positions.
pub(super) struct Feed<'a> {
    pub(super) entries: Vec<Entry<'a>>,
    /// Whether a follower began with the oldest change, so that no change may be missing.
    pub(super) is_complete: bool,
}

/// A change in the feed.
pub(super) struct Entry<'a> {
    /// The first time that it was received.
    pub(super) received: &'a ReceivedChange,
    /// The operation that made it, as far as it is known.
    pub(super) operation: Option<&'a Operation>,
    /// The feed says that it took effect after this moment: neither it nor a change before it was sent earlier.
    pub(super) earliest: Moment,
    /// The feed says that it took effect before this moment, when it or a change after it was known.
    pub(super) latest: Moment,
}

impl<'a> Entry<'a> {
    pub(super) fn change(&self) -> &'a Change {
        &self.received.change.change
    }

    pub(super) fn position(&self) -> u64 {
        self.change().cursor.position
    }

    /// When the operation was sent.
    fn invoked(&self) -> Moment {
        self.operation.map_or(Moment(0), |operation| operation.invoked)
    }

    /// When the change was acknowledged or first received.
    fn known(&self) -> Moment {
        let acknowledged = self.operation.filter(|operation| is_acknowledged(operation));
        let acknowledged = acknowledged.map_or(Moment::NEVER, |operation| operation.completed);
        acknowledged.min(self.received.at)
    }
}

impl<'a> Feed<'a> {
    pub(super) fn new(history: &'a History, events: &Events) -> Self {
        let mut changes: BTreeMap<u64, &ReceivedChange> = BTreeMap::new();
        for received in history.followings.iter().flat_map(|following| &following.changes) {
            let position = received.change.change.cursor.position;
            let first = changes.entry(position).or_insert(received);
            if received.at < first.at {
                *first = received;
            }
        }
        let deletions = only_deletions(history, changes.values().copied());
        let entries = changes.into_values().map(|received| {
            let Change { change_type, data, .. } = &received.change.change;
            let operation = match change_type {
                ChangeType::Deleted => deletions.get(&data.id).copied(),
                ChangeType::Created | ChangeType::Updated => {
                    let writer = OperationId::from_fee(data.totalfee);
                    let index = writer.and_then(|writer| events.indices.get(&writer));
                    index.map(|&index| &history.operations[index])
                }
            };
            Entry { received, operation, earliest: Moment(0), latest: Moment::NEVER }
        });
        let mut entries: Vec<_> = entries.collect();
        let mut earliest = Moment(0);
        for entry in &mut entries {
            earliest = earliest.max(entry.invoked());
            entry.earliest = earliest;
        }
        let mut latest = Moment::NEVER;
        for entry in entries.iter_mut().rev() {
            latest = latest.min(entry.known());
            entry.latest = latest;
        }
        let is_complete = history.followings.iter().any(|following| following.export.is_none());
        Self { entries, is_complete }
    }

    fn last_position(&self) -> u64 {
        self.entries.last().map_or(0, Entry::position)
    }
}

/// Whether a write was answered with success.
fn is_acknowledged(operation: &Operation) -> bool {
    matches!(operation.outcome, Outcome::Order(_) | Outcome::Deleted)
}

/// The deletions that may have taken effect, by order.
fn sent_deletions(history: &History) -> HashMap<&OrderId, Vec<&Operation>> {
    let mut sent: HashMap<_, Vec<_>> = HashMap::new();
    for operation in &history.operations {
        if let Request::Delete(id) = &operation.request
            && (is_acknowledged(operation) || operation.outcome.is_indeterminate())
        {
            sent.entry(id).or_default().push(operation);
        }
    }
    sent
}

/// The operations that deleted the orders that were deleted once.
fn only_deletions<'a>(
    history: &'a History,
    changes: impl Iterator<Item = &'a ReceivedChange>,
) -> HashMap<&'a OrderId, &'a Operation> {
    let mut counts: HashMap<_, usize> = HashMap::new();
    for Change { data, .. } in changes
        .map(|received| &received.change.change)
        .filter(|change| change.change_type == ChangeType::Deleted)
    {
        *counts.entry(&data.id).or_default() += 1;
    }
    let only = sent_deletions(history).into_iter().filter_map(|(id, sent)| match sent[..] {
        [operation] if counts.get(id) == Some(&1) => Some((id, operation)),
        _ => None,
    });
    only.collect()
}
