//! How many messages are sent in a second: [`Pace`].

use std::cell::Cell;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

/// How far the messages may be ahead of an even pace, because timers are not exact.
const AHEAD: Duration = Duration::from_millis(50);

/// The pace of all webhooks together. Without it, many webhooks would take the processor from the requests.
pub(super) struct Pace {
    interval: Duration,
    /// When the next turn would be at an even pace.
    due: Cell<Instant>,
}

impl Pace {
    /// So many messages in a second.
    pub(super) fn new(rate: NonZeroU32) -> Self {
        let interval = Duration::from_secs(1) / rate.get();
        Self { interval, due: Cell::new(Instant::now()) }
    }

    /// Takes the next turn: the instant from which one message may be sent.
    ///
    /// Each webhook waits for its own turn. If all waited for the next one, all would wake for each message.
    pub(super) fn take_turn(&self, now: Instant) -> Instant {
        let due = self.due.get().max(now);
        self.due.set(due + self.interval);
        due.checked_sub(AHEAD).unwrap_or(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_messages_are_sent_in_a_second() {
        let rate = NonZeroU32::new(1000).unwrap();
        let (pace, start) = (Pace::new(rate), Instant::now());
        let sent_within = |pace: &Pace, from: Instant, duration| {
            (0..10_000).take_while(|_| pace.take_turn(from) < from + duration).count()
        };
        let sent = sent_within(&pace, start, Duration::from_secs(1));
        assert!((1000..=1051).contains(&sent), "{sent}");
        // What was not sent while there was nothing to send is not made up for.
        let later = start + Duration::from_secs(100);
        let burst = sent_within(&pace, later, Duration::from_micros(1));
        assert!((50..=51).contains(&burst), "{burst}");
    }

    #[test]
    fn no_two_webhooks_have_the_same_turn() {
        let (pace, now) = (Pace::new(NonZeroU32::new(1000).unwrap()), Instant::now());
        let turns: Vec<_> = (0..100).map(|_| pace.take_turn(now)).collect();
        assert!(turns.is_sorted_by(|a, b| a < b));
    }
}
