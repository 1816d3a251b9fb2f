//! The log of an outage: [`OutageLog`].

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use r2d2::HandleError;

/// How often the log repeats that the database cannot be reached.
const REMINDER: Duration = Duration::from_secs(10);

/// Logs that the database cannot be reached, at once and then every 10 seconds. The pool tries to connect several times
/// a second, and each request that fails is logged on its own.
#[derive(Debug, Default)]
pub(crate) struct OutageLog {
    last_logged: Mutex<Option<Instant>>,
}

impl OutageLog {
    fn is_due(&self, now: Instant) -> bool {
        let mut last_logged = self.last_logged.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last_logged.is_none_or(|last| now.saturating_duration_since(last) >= REMINDER);
        if due {
            *last_logged = Some(now);
        }
        due
    }
}

impl<E: std::error::Error> HandleError<E> for OutageLog {
    fn handle_error(&self, error: E) {
        if self.is_due(Instant::now()) {
            let message = one_line(&error.to_string());
            log::error!("no connection to the database, trying again: {message}");
        }
    }
}

/// The text on one line. libpq splits its messages into several.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_logged_at_once_and_then_every_ten_seconds() {
        let log = OutageLog::default();
        let start = Instant::now();
        let logged: Vec<_> = (0..40).filter(|n| log.is_due(start + REMINDER / 4 * *n)).collect();
        assert_eq!(logged, [0, 4, 8, 12, 16, 20, 24, 28, 32, 36]);
    }

    #[test]
    fn an_outage_is_logged_on_one_line() {
        let message = "connection failed: refused\n\tIs the server running?\n";
        assert_eq!(one_line(message), "connection failed: refused Is the server running?");
    }
}
