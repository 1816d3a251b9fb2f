//! Whether the feed has every version of an order, and only changes that an operation made.

use std::collections::HashMap;

use orders_core::{Change, ChangeType, Order, OrderId};

use crate::cluster::CLIENT;
use crate::history::{OperationId, ReceivedChange};
use crate::http::Request;

use super::super::CheckResult;
use super::Feed;

/// The versions of an order are consecutive from 1, and so is the version of a deletion. A deletion shows the order as
/// it last was. Each operation made at most one change.
pub(in crate::checks) fn in_sequence(feed: &Feed<'_>) -> CheckResult {
    let invariant = "the feed has every version of an order once, and one operation made each";
    let mut result = CheckResult::new(invariant, "changes");
    let mut last: HashMap<&OrderId, &ReceivedChange> = HashMap::new();
    let mut writers: HashMap<OperationId, &ReceivedChange> = HashMap::new();
    if !feed.is_complete {
        return result;
    }
    for entry in &feed.entries {
        result.examined += 1;
        let (received, change) = (entry.received, entry.change());
        let id = &change.data.id;
        let before = last.insert(id, received);
        if !follows(before.map(|received| &received.change.change), change) {
            let (kind, version) = (change.change_type, change.data.version);
            let message = format!("order {id}: {kind} with version {version} cannot be next");
            result.violated(message, before.into_iter().chain([received]));
        }
        if change.client.as_deref() != Some(CLIENT) {
            result.violated(format!("order {id} was changed by another client"), [received]);
        }
        let Some(operation) = entry.operation else { continue };
        let is_its_kind = match change.change_type {
            ChangeType::Created => matches!(operation.request, Request::Create { .. }),
            ChangeType::Updated => matches!(operation.request, Request::Replace { .. }),
            ChangeType::Deleted => continue,
        };
        let other = writers.insert(operation.id, received);
        if !is_its_kind || other.is_some() {
            let evidence = other.into_iter().chain([received]).map(ToString::to_string);
            let message = format!("{} did not make all of these changes", operation.id);
            result.violated(message, evidence.chain([operation.to_string()]));
        }
    }
    result
}

/// Whether `change` can be the next one of its order after `before`.
fn follows(before: Option<&Change>, change: &Change) -> bool {
    let version = before.map_or(1, |before| before.data.version + 1);
    let current = before.filter(|before| before.change_type != ChangeType::Deleted);
    let is_possible = match (change.change_type, current) {
        (ChangeType::Created, None) => true,
        (ChangeType::Updated, Some(current)) => change.data.created_at == current.data.created_at,
        (ChangeType::Deleted, Some(current)) => {
            change.data == Order { version, ..current.data.clone() }
        }
        (ChangeType::Created, Some(_)) | (ChangeType::Updated | ChangeType::Deleted, None) => false,
    };
    is_possible
        && change.data.version == version
        && before.is_none_or(|before| before.timestamp <= change.timestamp)
}
