//! Whether the feed keeps the order of real time.

use crate::history::{FeedRead, History, Moment, ReadOutcome};

use super::super::CheckResult;
use super::{Entry, Feed};

/// If a change was acknowledged or received before another one was sent, it comes first.
pub(in crate::checks) fn order(feed: &Feed<'_>) -> CheckResult {
    let invariant = "a change that was acknowledged before another one was sent comes first";
    let mut result = CheckResult::new(invariant, "changes");
    let mut last_sent: Option<&Entry<'_>> = None;
    for entry in &feed.entries {
        result.examined += 1;
        if last_sent.is_none_or(|last| last.invoked() < entry.invoked()) {
            last_sent = Some(entry);
        }
        if let Some(last) = last_sent
            && last.invoked() > entry.known()
        {
            let (first, second) = (entry.position(), last.position());
            let message = format!(
                "the change at position {first} was known before the one at {second} was sent"
            );
            let operations = [entry, last].into_iter().filter_map(|entry| entry.operation);
            let operations = operations.map(ToString::to_string);
            let changes = [entry.received.to_string(), last.received.to_string()];
            result.violated(message, operations.chain(changes));
        }
    }
    result
}

/// A request that reads everything contains each change that was acknowledged or received before it was sent.
pub(in crate::checks) fn reads(history: &History, feed: &Feed<'_>) -> CheckResult {
    let invariant = "a read of the feed contains what was acknowledged before it was sent";
    let mut result = CheckResult::new(invariant, "reads");
    let mut known: Vec<(Moment, &Entry<'_>)> =
        feed.entries.iter().map(|entry| (entry.known(), entry)).collect();
    known.sort_by_key(|(moment, _)| *moment);
    let mut reads: Vec<(&FeedRead, u64)> = history
        .reads
        .iter()
        .filter_map(|read| match read.outcome {
            ReadOutcome::UpTo { cursor, complete: true } => Some((read, cursor.position)),
            _ => None,
        })
        .collect();
    reads.sort_by_key(|(read, _)| read.invoked);
    let mut known = known.into_iter().peekable();
    let mut last: Option<&Entry<'_>> = None;
    for (read, position) in reads {
        result.examined += 1;
        while let Some((_, entry)) = known.next_if(|(moment, _)| *moment < read.invoked) {
            if last.is_none_or(|last| last.position() < entry.position()) {
                last = Some(entry);
            }
        }
        if let Some(last) = last.filter(|last| last.position() > position) {
            let operation = last.operation.map(ToString::to_string);
            let evidence = [Some(read.to_string()), Some(last.received.to_string()), operation];
            let message = format!("a read did not contain the change at {}", last.position());
            result.violated(message, evidence.into_iter().flatten());
        }
    }
    result
}
