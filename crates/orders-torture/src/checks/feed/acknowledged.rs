//! Whether the feed has what responses contained.

use std::collections::HashMap;

use orders_core::{Change, ChangeType, Order, OrderId};

use crate::history::{History, Operation};
use crate::http::Outcome;

use super::super::CheckResult;
use super::{Entry, Feed};

/// Every acknowledged write is in the feed, and so is every order that a response contained.
pub(in crate::checks) fn responses(history: &History, feed: &Feed<'_>) -> CheckResult {
    let invariant =
        "every acknowledged write and every order in a response is a change in the feed";
    let mut check = Responses {
        changes: HashMap::new(),
        result: CheckResult::new(invariant, "orders in responses"),
    };
    if !feed.is_complete {
        return check.result;
    }
    for change in feed.entries.iter().map(Entry::change) {
        check.changes.insert((&change.data.id, change.data.version), change);
    }
    for operation in &history.operations {
        match &operation.outcome {
            Outcome::Order(order) => check.order(order, operation),
            Outcome::Orders(orders) => {
                orders.iter().for_each(|order| check.order(order, operation));
            }
            _ => {}
        }
    }
    check.result
}

struct Responses<'a> {
    /// By order and version.
    changes: HashMap<(&'a OrderId, u64), &'a Change>,
    result: CheckResult,
}

impl Responses<'_> {
    fn order(&mut self, order: &Order, operation: &Operation) {
        self.result.examined += 1;
        let Order { id, version, .. } = order;
        let change = self.changes.get(&(id, *version));
        let is_as_shown = change.is_some_and(|change| {
            change.change_type != ChangeType::Deleted && change.data == *order
        });
        if !is_as_shown {
            let message = match change {
                Some(_) => format!("version {version} of order {id} is different in the feed"),
                None => format!("version {version} of order {id} is not in the feed"),
            };
            let change = change.map(|change| format!("{change:?}"));
            let evidence = [Some(operation.to_string()), change].into_iter().flatten();
            self.result.violated(message, evidence);
        }
    }
}
