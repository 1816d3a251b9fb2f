//! When the database last was as it should be: [`Vitals`].

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// When the database last was as it should be. At first, this is the start of the service.
#[derive(Debug, Default)]
pub(crate) struct Vitals {
    /// It answered, and accepted writes.
    pub(crate) heartbeat: LastTime,
    /// The feed had all committed changes.
    pub(crate) feed: LastTime,
}

/// The last time at which something was true.
#[derive(Debug)]
pub(crate) struct LastTime(Mutex<Instant>);

impl Default for LastTime {
    fn default() -> Self {
        Self(Mutex::new(Instant::now()))
    }
}

impl LastTime {
    pub(super) fn set(&self, at: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    /// How long ago that was.
    pub(crate) fn age(&self) -> Duration {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }
}
