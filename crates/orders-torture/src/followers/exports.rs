//! A follower that begins again and again with an export, and reads histories of orders.

use std::time::Duration;

use fastrand::Rng;

use crate::history::{FeedRead, Follower, OrderHistory, ReadOutcome};
use crate::http::{ChangesRead, Connections, Failure, HistoryRead, OrdersRead};

use super::order_copy::OrderCopy;
use super::{Followed, Followers};

/// The longest pause before an export.
const MAX_PAUSE_BEFORE_EXPORT: Duration = Duration::from_secs(1);

/// How often the changes after an export are read at most.
const MAX_READS: usize = 20;

/// The longest pause between two reads.
const MAX_PAUSE: Duration = Duration::from_millis(100);

/// The most changes on a page of a history.
const HISTORY_LIMIT: usize = 2;

/// Exports at random times, each time from any service process, and follows the changes after each export for a while.
/// The last copy is followed to the end.
pub(super) fn follow(followers: &Followers) -> Followed {
    let mut followed = Followed::default();
    let mut connections = followers.connections();
    let mut rng = followers.rng(2);
    while !followers.is_over() {
        followers.pause(&mut rng, MAX_PAUSE_BEFORE_EXPORT);
        let is_last = followers.is_ending();
        let follower = Follower::Export(followed.followings.len());
        let Some((mut copy, mut path)) =
            export(followers, follower, &mut connections, &mut rng, &mut followed.reads)
        else {
            continue;
        };
        let mut left = rng.usize(1..=MAX_READS);
        while left > 0 || followers.is_ending() && !copy.is_finished() {
            left = left.saturating_sub(1);
            let preferred = rng.usize(..followers.endpoints.len());
            let Some((process, connection)) = connections.wait(preferred, || followers.is_over())
            else {
                break;
            };
            let invoked = followers.clock.now();
            let read = ChangesRead::lines(connection, &path);
            path = copy.apply_read((process, invoked, path), read, |_| true);
            followers.pause(&mut rng, MAX_PAUSE);
        }
        followed.order_histories.extend(history(&mut copy, &mut connections, &mut rng));
        followed.followings.push(copy.following);
        followed.reads.extend(copy.reads);
        if is_last {
            break;
        }
    }
    followed
}

/// Exports all orders. Returns the copy with them, and the path of the changes after it.
fn export<'a>(
    followers: &'a Followers,
    follower: Follower,
    connections: &mut Connections<'_>,
    rng: &mut Rng,
    reads: &mut Vec<FeedRead>,
) -> Option<(OrderCopy<'a>, String)> {
    let preferred = rng.usize(..followers.endpoints.len());
    let (process, connection) = connections.wait(preferred, || followers.is_over())?;
    let (invoked, path) = (followers.clock.now(), "/orders".to_owned());
    let export = OrdersRead::export(connection);
    let outcome = match &export {
        Ok(export) => ReadOutcome::UpTo { cursor: export.monitor.cursor, complete: true },
        Err(failure) => ReadOutcome::Failed(failure.clone()),
    };
    let completed = followers.clock.now();
    reads.push(FeedRead { follower, process, invoked, completed, path, outcome });
    let OrdersRead { orders, monitor } = export.ok()?;
    Some((OrderCopy::of_export(followers, follower, monitor.cursor, orders), monitor.path))
}

/// Reads the history of an order that the copy has received, page by page.
fn history(
    copy: &mut OrderCopy<'_>,
    connections: &mut Connections<'_>,
    rng: &mut Rng,
) -> Option<OrderHistory> {
    let followers = copy.followers;
    let id = rng.choice(&copy.following.changes)?.change.change.data.id.clone();
    let mut next = Some(format!("/orders/{id}/history?limit={HISTORY_LIMIT}"));
    let mut history = OrderHistory { id, invoked: followers.clock.now(), changes: Vec::new() };
    while let Some(path) = next {
        let preferred = rng.usize(..followers.endpoints.len());
        let (process, connection) = connections.wait(preferred, || followers.is_over())?;
        let invoked = followers.clock.now();
        let page = HistoryRead::page(connection, &path).and_then(|page| {
            let changes = page.changes.iter().map(|json| followers.receive(json));
            let changes: Vec<_> = changes.collect::<Result<_, _>>().map_err(Failure::Invalid)?;
            let cursor = changes.last().map(|received| received.change.change.cursor);
            let cursor = cursor.ok_or_else(|| Failure::Invalid("an empty page".to_owned()))?;
            history.changes.extend(changes);
            Ok((page.next, ReadOutcome::UpTo { cursor, complete: false }))
        });
        match page {
            Ok((following, outcome)) => {
                copy.record(process, invoked, path, outcome);
                next = following;
            }
            Err(failure) => {
                copy.record(process, invoked, path, ReadOutcome::Failed(failure));
                return None;
            }
        }
    }
    Some(history)
}
