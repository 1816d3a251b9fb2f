//! Whether an endpoint works, and when the next message is sent to one that does not: [`Health`].

use std::time::Duration;

use crate::Timestamp;

/// After so many orders in a row whose first delivery failed, only one message at a time is sent, to find out whether the
/// endpoint works again.
const MAX_FAILURES: u32 = 5;

/// While so many orders are parked, no further orders are begun.
pub const MAX_PARKED: usize = 1000;

/// A webhook is disabled if nothing was delivered for this time.
pub const GIVE_UP_AFTER: Duration = Duration::from_secs(5 * 24 * 60 * 60);

/// The pauses before the delivery of a parked order is attempted again; the last one is repeated.
const RETRIES: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 60 * 60),
    Duration::from_secs(5 * 60 * 60),
    Duration::from_secs(10 * 60 * 60),
    Duration::from_secs(24 * 60 * 60),
];

/// The pause before an endpoint is probed for the first time. Each further one is twice as long.
const FIRST_PROBE: Duration = Duration::from_secs(5);

/// The longest pause between two probes.
pub(super) const MAX_PROBE: Duration = Duration::from_secs(5 * 60);

/// The longest pause that an endpoint may ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Whether an endpoint works.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// How many orders have failed at their first delivery since the last success, and how many probes after that.
    pub failures: u32,
    /// When the first of them failed.
    pub failing_since: Option<Timestamp>,
    /// Nothing is sent before this instant.
    pub retry_at: Option<Timestamp>,
    /// Why the last delivery failed.
    pub last_error: Option<String>,
    /// Why the webhook is disabled.
    pub disabled: Option<String>,
}

/// Why a delivery failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What happened.
    pub error: String,
    /// Whether the endpoint wants no more messages: the status 410.
    pub gone: bool,
    /// How long the endpoint asks to wait.
    pub retry_after: Option<Duration>,
}

impl Health {
    /// Whether only one message at a time is sent.
    pub(super) fn is_probing(&self) -> bool {
        self.failures >= MAX_FAILURES
    }

    /// Notes a success. An endpoint that has asked for a pause gets it nevertheless.
    pub(super) fn succeeded(&mut self) {
        let retry_at = self.retry_at.filter(|_| !self.is_probing());
        *self = Self { retry_at, disabled: self.disabled.take(), ..Self::default() };
    }

    /// Notes a failure, and whether it counts. `random` is from 0 to 1.
    pub(super) fn failed(&mut self, failure: &Failure, counts: bool, now: Timestamp, random: f64) {
        self.failures = self.failures.saturating_add(u32::from(counts));
        self.failing_since.get_or_insert(now);
        self.last_error = Some(failure.error.clone());
        let probe = self.failures.checked_sub(MAX_FAILURES).map(|times| {
            let pause = FIRST_PROBE.saturating_mul(2_u32.saturating_pow(times.min(16)));
            jittered(pause.min(MAX_PROBE), random)
        });
        let pause = probe.max(failure.retry_after.map(|pause| pause.min(MAX_RETRY_AFTER)));
        self.retry_at = self.retry_at.max(pause.map(|pause| now.saturating_add(pause)));
        if failure.gone {
            self.disabled = Some(format!("the endpoint wants no more messages: {}", failure.error));
        }
    }

    /// When the webhook is given up, if nothing is delivered before.
    pub(super) fn give_up_at(&self) -> Option<Timestamp> {
        self.failing_since.map(|since| since.saturating_add(GIVE_UP_AFTER))
    }

    /// Gives up the webhook if it is time to do so. Returns whether that is new.
    pub(super) fn give_up(&mut self, now: Timestamp) -> bool {
        let is_time = self.give_up_at().is_some_and(|at| at <= now);
        if !is_time || self.disabled.is_some() {
            return false;
        }
        let since = self.failing_since.unwrap_or(now);
        let error = self.last_error.as_deref().unwrap_or_default();
        self.disabled = Some(format!("nothing was delivered for 5 days, since {since}: {error}"));
        true
    }
}

/// When the delivery of a parked order is attempted again, after so many failed attempts, at least one. `random` is from
/// 0 to 1.
pub(super) fn retry_at(
    attempts: u32,
    retry_after: Option<Duration>,
    now: Timestamp,
    random: f64,
) -> Timestamp {
    let place = (attempts.saturating_sub(1) as usize).min(RETRIES.len() - 1);
    let pause = jittered(RETRIES[place], random);
    now.saturating_add(pause.max(retry_after.unwrap_or_default().min(MAX_RETRY_AFTER)))
}

/// A pause between 0.9 and 1.1 of this one, so that endpoints and orders that failed together are not tried again together.
fn jittered(pause: Duration, random: f64) -> Duration {
    pause.mul_f64(0.9 + 0.2 * random.clamp(0.0, 1.0))
}
