//! The thread that reads each change once: [`Reader`].

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use orders_core::{After, ChangePage, StoreError};
use orders_db::PgStore;

use super::Shared;
use super::ring::{Entry, Ring};
use crate::http::log_text::LogText;

/// How long changes of other instances and of `psql` may remain unnoticed.
const POLL: Duration = Duration::from_millis(100);

/// The pause after changes were found, during which others may join the next ones: for itself, and for each follower,
/// because each of them costs a system call.
const REST: Duration = Duration::from_millis(3);
const REST_PER_FOLLOWER: Duration = Duration::from_micros(250);

/// The pause after the database could not be read.
const RETRY: Duration = Duration::from_millis(500);

/// The most changes that are read at once.
const PAGE: usize = 1000;

pub(super) struct Reader {
    store: PgStore,
    shared: Arc<Shared>,
    /// Whether the last attempt failed.
    failed: bool,
}

/// What a page of the feed contained.
enum Read {
    Nothing,
    /// Changes, and there were no more.
    Some,
    /// As many changes as fit on a page.
    Full,
}

impl Reader {
    pub(super) fn new(store: PgStore, shared: Arc<Shared>) -> Self {
        Self { store, shared, failed: false }
    }

    /// Reads changes while there are followers, until the service stops.
    pub(super) fn run(mut self) {
        let (mut least, mut most) = (Duration::ZERO, Duration::ZERO);
        while let Some(followers) = self.shared.wait(least, most) {
            let read = self.read();
            self.log(&read);
            (least, most) = match read {
                Ok(Read::Nothing) => (Duration::ZERO, POLL),
                Ok(Read::Some) => ((REST + REST_PER_FOLLOWER * followers as u32).min(POLL), POLL),
                Ok(Read::Full) => (Duration::ZERO, Duration::ZERO),
                Err(StoreError::CursorGone(_)) => {
                    self.discard();
                    (Duration::ZERO, Duration::ZERO)
                }
                Err(_) => (RETRY, RETRY),
            };
        }
    }

    fn read(&self) -> Result<Read, StoreError> {
        let head = self.shared.head();
        let after = head.map_or(After::Now, After::Cursor);
        let ChangePage { changes, next, more } = self.store.feed(after, PAGE)?;
        if head.is_some() && changes.is_empty() {
            return Ok(Read::Nothing);
        }
        let entries = changes.into_iter().map(Entry::new).collect::<Result<Vec<_>, _>>()?;
        // The first change read serves only to mark where the ring begins: the cursor before it is not known.
        let first = entries.first().map_or(next, Entry::cursor);
        {
            let mut ring = self.shared.ring.write().unwrap_or_else(PoisonError::into_inner);
            let ring = ring.get_or_insert_with(|| Ring::new(first));
            entries.into_iter().for_each(|entry| ring.push(entry));
        }
        self.shared.news.send_replace(());
        Ok(if more { Read::Full } else { Read::Some })
    }

    /// Ends the followers of a history that the database has discarded. They may continue at a cursor of the past that
    /// both histories share.
    fn discard(&self) {
        log::warn!(
            "the database has lost its latest changes, or it was restored; ending the event streams"
        );
        self.shared.replace_ring(None);
        self.shared.life.send_modify(|life| life.history += 1);
    }

    /// Logs the first of several failures, and the end of them.
    fn log(&mut self, read: &Result<Read, StoreError>) {
        let error = read.as_ref().err().filter(|error| !matches!(error, StoreError::CursorGone(_)));
        match error {
            Some(error) if !self.failed => {
                let cause = error.to_string();
                log::warn!("the changes cannot be read, trying again: {}", LogText(&cause));
            }
            None if self.failed => log::info!("the changes can be read again"),
            Some(_) | None => {}
        }
        self.failed = error.is_some();
    }
}
