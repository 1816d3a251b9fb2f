//! Retries of writes that met a concurrent change: [`retry_until_resolved`].

use std::thread;
use std::time::Duration;

use orders_core::StoreError;

use crate::error::Failure;

/// How often a write is attempted.
const ATTEMPTS: u32 = 30;

/// How many of the attempts follow each other without a pause.
const IMMEDIATE_ATTEMPTS: u32 = 10;

/// The pause before each later attempt. All pauses together are 100 ms, since the caller holds a connection meanwhile.
const PAUSE: Duration = Duration::from_millis(5);

/// Repeats `attempt` until it succeeds or fails. It returns `None` if it could not write although nothing prevents
/// the write any longer: another transaction has just freed the time, or is changing the calendar.
///
/// # Errors
/// Those of `attempt`, and [`StoreError::Busy`] after the last attempt.
pub(crate) fn retry_until_resolved<T>(
    mut attempt: impl FnMut() -> Result<Option<T>, Failure>,
) -> Result<T, Failure> {
    for number in 0..ATTEMPTS {
        if number >= IMMEDIATE_ATTEMPTS {
            thread::sleep(PAUSE);
        }
        if let Some(resolved) = attempt()? {
            return Ok(resolved);
        }
    }
    Err(StoreError::Busy.into())
}
