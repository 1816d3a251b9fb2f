//! What is done to the database from time to time: [`Upkeep`].

use std::time::{Duration, Instant};

use orders_core::{StoreError, Timestamp};
use orders_db::{Heartbeat, KeyHash};

use super::vitals::LastTime;

/// How often idempotency keys that have expired are deleted.
const KEYS: Duration = Duration::from_secs(60);

/// How often changes that have expired are deleted.
const CHANGES: Duration = Duration::from_secs(1);

/// The fewest changes that may expire at once.
const FEW: u64 = 500;

/// Deletes what has expired, and stores when keys were used.
pub(super) struct Upkeep {
    keep_changes: Duration,
    next_keys: Instant,
    next_changes: Instant,
    /// The last position of the feed after the last two rounds.
    positions: [u64; 2],
}

impl Upkeep {
    /// The upkeep of a database that keeps changes for so long.
    pub(super) fn new(keep_changes: Duration) -> Self {
        let now = Instant::now();
        Self { keep_changes, next_keys: now + KEYS, next_changes: now, positions: [0; 2] }
    }

    /// Does what is due, and notes when the feed was complete.
    ///
    /// # Errors
    /// If the database cannot be used.
    pub(super) fn run(
        &mut self,
        heartbeat: &mut Heartbeat,
        now: Instant,
        uses: &[(KeyHash, Timestamp)],
        feed: &LastTime,
    ) -> Result<(), StoreError> {
        if !uses.is_empty() {
            heartbeat.mark_used(uses)?;
        }
        if now >= self.next_changes {
            if self.expire_changes(heartbeat)? {
                feed.set(now);
            }
            self.next_changes = now + CHANGES;
        }
        if now >= self.next_keys && !heartbeat.delete_expired_idempotency_keys()? {
            self.next_keys = now + KEYS;
        }
        Ok(())
    }

    /// At most twice as many changes expire as arrived before, so that this never costs much more than making them did,
    /// and those that have piled up are deleted nevertheless. Returns whether the feed is complete.
    fn expire_changes(&mut self, heartbeat: &mut Heartbeat) -> Result<bool, StoreError> {
        let [before, last] = self.positions;
        let arrived = if before == 0 { 0 } else { last.saturating_sub(before) };
        let feed = heartbeat.expire_changes(self.keep_changes, (2 * arrived).max(FEW))?;
        self.positions = [last, feed.position];
        Ok(feed.is_complete)
    }
}
