//! Whether every follower receives every change once, and all receive the same.

use std::collections::HashMap;

use orders_core::{ChangeFilter, Cursor, Replica, Timestamp};

use crate::history::{Following, History, ReceivedChange};

use super::super::CheckResult;
use super::Feed;

/// The changes that a follower receives have consecutive positions, and its copy accepts them. If it began with the oldest
/// change, it receives all of them.
pub(in crate::checks) fn consecutive(history: &History, feed: &Feed<'_>) -> CheckResult {
    let invariant = "every follower receives every change once, in sequence";
    let mut result = CheckResult::new(invariant, "received changes");
    for following in &history.followings {
        let follower = following.follower;
        let mut copy = beginning(following);
        let mut last: Option<&ReceivedChange> = None;
        for received in &following.changes {
            result.examined += 1;
            let change = &received.change.change;
            let (before, found) = (copy.cursor(), change.cursor);
            let is_next = found.position == before.position + 1;
            let rejected = copy.apply(change.clone()).err();
            if let Some(error) = rejected {
                result.violated(format!("{follower}: {error}"), last.into_iter().chain([received]));
                break;
            }
            if !is_next || found.assigned_at < before.assigned_at {
                let message = format!("{follower} received {found} after {before}");
                result.violated(message, last.into_iter().chain([received]));
            }
            last = Some(received);
        }
        if following.export.is_none() && copy.cursor().position != feed.last_position() {
            let (last, end) = (copy.cursor(), feed.last_position());
            let message = format!("{follower} ended with {last}, but the feed has {end} changes");
            result.violated(message, last_read(history, following));
        }
    }
    result
}

/// The copy with which a follower began.
pub(super) fn beginning(following: &Following) -> Replica {
    // OK because 1970 is a valid year.
    let assigned_at = Timestamp::from_micros(0).expect("a time");
    let (cursor, orders) = match &following.export {
        Some(export) => (export.cursor, export.orders.clone()),
        None => (Cursor { position: 0, assigned_at }, Vec::new()),
    };
    Replica::new(cursor, ChangeFilter::default(), orders)
}

fn last_read(history: &History, following: &Following) -> Vec<String> {
    let reads = history.reads.iter().rev();
    let mut last = reads.filter(|read| read.follower == following.follower);
    last.next().map(ToString::to_string).into_iter().collect()
}

/// A position is the same bytes for all followers, whatever the media type is.
pub(in crate::checks) fn same_bytes(history: &History) -> CheckResult {
    let invariant = "a change is the same bytes for all followers";
    let mut result = CheckResult::new(invariant, "received changes");
    let mut first: HashMap<u64, &ReceivedChange> = HashMap::new();
    for received in history.followings.iter().flat_map(|following| &following.changes) {
        result.examined += 1;
        let position = received.change.change.cursor.position;
        let known = *first.entry(position).or_insert(received);
        if known.change.json != received.change.json {
            result.violated(format!("two changes at position {position}"), [known, received]);
        }
    }
    result
}
