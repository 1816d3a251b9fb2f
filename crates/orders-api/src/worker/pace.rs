//! How many messages are sent in a second: [`Pace`].

use std::cell::Cell;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

/// How far the messages may be ahead of an even pace, because timers are not exact.
const AHEAD: Duration = Duration::from_millis(50);

/// The pace of all webhooks together. Without it, many webhooks would take the processor from the requests.
pub(super) struct Pace {
    interval: Duration,
    /// When the next message is due at an even pace.
    due: Cell<Instant>,
}

impl Pace {
    /// So many messages in a second.
    pub(super) fn new(rate: NonZeroU32) -> Self {
        let interval = Duration::from_secs(1) / rate.get();
        Self { interval, due: Cell::new(Instant::now()) }
    }

    /// When the next message may be sent, if not now.
    pub(super) fn wait_until(&self, now: Instant) -> Option<Instant> {
        let at = self.due.get().checked_sub(AHEAD)?;
        (at > now).then_some(at)
    }

    /// Counts a message that is sent now.
    pub(super) fn sent(&self, now: Instant) {
        self.due.set(self.due.get().max(now) + self.interval);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_messages_are_sent_in_a_second() {
        let rate = NonZeroU32::new(1000).unwrap();
        let (pace, start) = (Pace::new(rate), Instant::now());
        let mut sent = 0;
        for millis in 0..1000 {
            let now = start + Duration::from_millis(millis);
            while pace.wait_until(now).is_none() {
                pace.sent(now);
                sent += 1;
            }
        }
        assert!((1000..=1051).contains(&sent), "{sent}");
        // What was not sent while there was nothing to send is not made up for.
        let later = start + Duration::from_secs(100);
        let burst =
            (0..1000).take_while(|_| pace.wait_until(later).is_none()).map(|_| pace.sent(later));
        assert!((50..=51).contains(&burst.count()));
    }
}
