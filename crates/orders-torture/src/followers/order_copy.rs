//! What every follower does: [`OrderCopy`].

use std::thread;

use orders_core::{ChangeFilter, Cursor, Order, Replica, Timestamp};

use crate::history::{Export, FeedRead, Follower, Following, Moment, ReadOutcome};
use crate::http::{ChangesRead, Failure, Link};

use super::{Followers, PAUSE_AFTER_FAILURE};

/// A copy of the orders that follows the feed, and the record of how it does. A consumer would keep the copy and its
/// cursor through crashes.
pub(super) struct OrderCopy<'a> {
    pub(super) followers: &'a Followers,
    pub(super) following: Following,
    pub(super) reads: Vec<FeedRead>,
    replica: Replica,
    /// Whether the change that came last cannot be the next one. It comes again whenever the follower asks.
    is_stuck: bool,
}

impl<'a> OrderCopy<'a> {
    /// An empty copy, before the oldest change.
    pub(super) fn empty(followers: &'a Followers, follower: Follower) -> Self {
        // OK because 1970 is a valid year.
        let assigned_at = Timestamp::from_micros(0).expect("a time");
        Self::new(followers, follower, Cursor { position: 0, assigned_at }, None)
    }

    /// A copy that begins with an export.
    pub(super) fn of_export(
        followers: &'a Followers,
        follower: Follower,
        cursor: Cursor,
        orders: Vec<Order>,
    ) -> Self {
        Self::new(followers, follower, cursor, Some(Export { cursor, orders }))
    }

    fn new(
        followers: &'a Followers,
        follower: Follower,
        cursor: Cursor,
        export: Option<Export>,
    ) -> Self {
        let orders = export.iter().flat_map(|export| export.orders.iter().cloned());
        let replica = Replica::new(cursor, ChangeFilter::default(), orders);
        let following = Following { follower, export, changes: Vec::new() };
        Self { followers, following, reads: Vec::new(), replica, is_stuck: false }
    }

    /// The last change that the copy has; `None` if it has none.
    pub(super) fn cursor(&self) -> Option<Cursor> {
        Some(self.replica.cursor()).filter(|cursor| cursor.position > 0)
    }

    /// Whether the copy has every change that it is to have.
    pub(super) fn is_complete(&self) -> bool {
        let goal = self.followers.goal.get();
        goal.is_some_and(|goal| self.replica.cursor().position >= goal.position)
    }

    /// Whether the follower stops.
    pub(super) fn is_finished(&self) -> bool {
        self.is_complete()
            || self.followers.is_over()
            || (self.is_stuck && self.followers.is_ending())
    }

    /// Applies a change.
    ///
    /// # Errors
    /// If it is malformed or cannot be the next one.
    pub(super) fn apply(&mut self, json: &str) -> Result<Cursor, Failure> {
        let received = self.followers.receive(json).map_err(Failure::Invalid)?;
        let change = received.change.change.clone();
        let cursor = change.cursor;
        let applied = self.replica.apply(change);
        self.is_stuck = applied.is_err();
        applied.map_err(|error| Failure::Invalid(error.to_string()))?;
        self.following.changes.push(received);
        Ok(cursor)
    }

    /// Continues after this cursor without a change.
    pub(super) fn advance(&mut self, cursor: Cursor) {
        self.replica.advance(cursor);
    }

    /// Applies the changes that a request returned, records the request, and returns the path of the next one. It is
    /// the same path if the request failed.
    pub(super) fn apply_read(
        &mut self,
        (process, invoked, path): (usize, Moment, String),
        read: Result<ChangesRead, Failure>,
        is_complete: impl FnOnce(usize) -> bool,
    ) -> String {
        let applied = read.and_then(|ChangesRead { changes, next }| {
            changes.iter().try_for_each(|json| self.apply(json).map(drop))?;
            let Link { path, cursor } = next;
            self.advance(cursor);
            Ok((path, ReadOutcome::UpTo { cursor, complete: is_complete(changes.len()) }))
        });
        let (next, outcome) =
            applied.unwrap_or_else(|failure| (path.clone(), ReadOutcome::Failed(failure)));
        self.record(process, invoked, path, outcome);
        next
    }

    /// Records a request that is completed.
    pub(super) fn record(
        &mut self,
        process: usize,
        invoked: Moment,
        path: String,
        outcome: ReadOutcome,
    ) {
        let (follower, completed) = (self.following.follower, self.followers.clock.now());
        let is_failed = matches!(outcome, ReadOutcome::Failed(_));
        self.reads.push(FeedRead { follower, process, invoked, completed, path, outcome });
        if is_failed {
            thread::sleep(PAUSE_AFTER_FAILURE);
        }
    }
}
