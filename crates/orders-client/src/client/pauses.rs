//! How long a client waits before it tries again: [`Pauses`].

use std::time::Duration;

/// The longest time in `Retry-After` for which a client waits.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// Pauses that become twice as long from one attempt to the next, with jitter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pauses {
    pub(super) first: Duration,
    pub(super) longest: Duration,
}

impl Pauses {
    /// The pause after so many failed attempts, from 1. `None` if the service asks for a longer one than a client waits.
    pub(super) fn after(
        self,
        failures: u32,
        retry_after: Option<Duration>,
        random: f64,
    ) -> Option<Duration> {
        let retry_after = retry_after.unwrap_or_default();
        if retry_after > MAX_RETRY_AFTER {
            return None;
        }
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        let shortest = self.first.saturating_mul(doubled).min(self.longest / 2).max(self.first);
        let pause = shortest.mul_f64(1.0 + random).min(self.longest);
        Some(pause.max(retry_after))
    }

    /// The pause before the next connection. There always is one: a longer time in `Retry-After` counts as a minute.
    pub(super) fn before_reconnect(self, failures: u32, retry_after: Option<Duration>) -> Duration {
        let retry_after = retry_after.map(|time| time.min(MAX_RETRY_AFTER));
        self.after(failures, retry_after, fastrand::f64()).unwrap_or(MAX_RETRY_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSES: Pauses =
        Pauses { first: Duration::from_millis(500), longest: Duration::from_secs(5) };

    #[track_caller]
    fn check(failures: u32, retry_after: Option<u64>, shortest: u64, longest: u64) {
        let pause = |random| {
            let pause = PAUSES.after(failures, retry_after.map(Duration::from_secs), random)?;
            u64::try_from(pause.as_millis()).ok()
        };
        assert_eq!((pause(0.0), pause(1.0)), (Some(shortest), Some(longest)));
    }

    #[test]
    fn pauses_double_up_to_the_longest_one() {
        check(1, None, 500, 1000);
        check(2, None, 1000, 2000);
        check(3, None, 2000, 4000);
        check(4, None, 2500, 5000);
        check(u32::MAX, None, 2500, 5000);
    }

    #[test]
    fn the_service_can_prolong_a_pause_up_to_a_minute() {
        check(1, Some(1), 1000, 1000);
        check(4, Some(3), 3000, 5000);
        check(1, Some(60), 60_000, 60_000);
        let too_long = Some(Duration::from_secs(61));
        assert_eq!(PAUSES.after(1, too_long, 0.5), None);
        assert_eq!(PAUSES.before_reconnect(1, too_long), MAX_RETRY_AFTER);
    }
}
