//! What is done to the database from time to time: [`Upkeep`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use orders_core::StoreError;
use orders_db::Heartbeat;

use super::vitals::Vitals;
use crate::access::snapshot::Current;

/// How often idempotency keys that have expired are deleted.
const KEYS: Duration = Duration::from_secs(60);

/// How often the feed is completed, and changes that have expired are deleted.
const CHANGES: Duration = Duration::from_secs(1);

/// The fewest changes that may expire at once.
const FEW: u64 = 500;

/// Keeps the feed complete, deletes what has expired, and stores when keys were used.
pub(super) struct Upkeep {
    current: Arc<Current>,
    vitals: Arc<Vitals>,
    keep_changes: Duration,
    next_keys: Instant,
    next_feed: Instant,
    next_expiry: Instant,
    /// The last position of the feed, and how many changes had arrived when it was completed.
    position: Option<u64>,
    arrived: u64,
    /// The most changes that may expire at once, because more took too long.
    most: u64,
}

/// A part of the upkeep, which is done if it is due.
type Step = fn(&mut Upkeep, &mut Heartbeat) -> Result<(), StoreError>;

impl Upkeep {
    /// The steps, and what each does. One that fails does not keep the others from being done.
    pub(super) const STEPS: [(&str, Step); 4] = [
        ("store when keys were used", Self::mark_used),
        ("complete the feed", Self::complete_feed),
        ("delete expired changes", Self::expire_changes),
        ("delete expired idempotency keys", Self::delete_keys),
    ];

    /// The upkeep of a database that keeps changes for so long.
    pub(super) fn new(current: Arc<Current>, vitals: Arc<Vitals>, keep_changes: Duration) -> Self {
        let now = Instant::now();
        Self {
            current,
            vitals,
            keep_changes,
            next_keys: now + KEYS,
            next_feed: now,
            next_expiry: now,
            position: None,
            arrived: 0,
            most: u64::MAX,
        }
    }

    fn mark_used(&mut self, heartbeat: &mut Heartbeat) -> Result<(), StoreError> {
        match self.current.take_uses() {
            uses if uses.is_empty() => Ok(()),
            uses => heartbeat.mark_used(&uses),
        }
    }

    fn complete_feed(&mut self, heartbeat: &mut Heartbeat) -> Result<(), StoreError> {
        let now = Instant::now();
        if now < self.next_feed {
            return Ok(());
        }
        self.next_feed = now + CHANGES;
        let feed = heartbeat.complete_feed()?;
        let before = self.position.replace(feed.position);
        self.arrived = before.map_or(0, |before| feed.position.saturating_sub(before));
        if feed.is_complete {
            self.vitals.feed.set(now);
        }
        Ok(())
    }

    /// At most twice as many changes expire as arrived before, so that this never costs much more than making them did,
    /// and those that have piled up are deleted nevertheless. If so many take too long, half as many are tried next.
    fn expire_changes(&mut self, heartbeat: &mut Heartbeat) -> Result<(), StoreError> {
        let now = Instant::now();
        if now < self.next_expiry {
            return Ok(());
        }
        self.next_expiry = now + CHANGES;
        let most = (2 * self.arrived).min(self.most).max(FEW);
        let expired = heartbeat.expire_changes(self.keep_changes, most);
        self.most = if expired.is_ok() { self.most.saturating_mul(2) } else { most / 2 };
        expired
    }

    fn delete_keys(&mut self, heartbeat: &mut Heartbeat) -> Result<(), StoreError> {
        let now = Instant::now();
        if now >= self.next_keys && !heartbeat.delete_expired_idempotency_keys()? {
            self.next_keys = now + KEYS;
        }
        Ok(())
    }
}
