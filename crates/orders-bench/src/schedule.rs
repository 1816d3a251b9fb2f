//! When the requests of an open loop are due: [`Schedule`].

use std::time::Duration;

/// A stretch of time with so many requests a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Phase {
    /// Requests a second.
    pub rate: f64,
    /// How long.
    pub duration: Duration,
}

/// The times since the start at which requests are due, evenly spaced in each phase.
#[derive(Debug, Clone)]
pub struct Schedule {
    phases: std::vec::IntoIter<Phase>,
    current: Option<Phase>,
    began: Duration,
    sent: u32,
}

impl Schedule {
    /// The phases one after the other.
    #[must_use]
    pub fn new(phases: Vec<Phase>) -> Self {
        let mut phases = phases.into_iter();
        let current = phases.next();
        Self { phases, current, began: Duration::ZERO, sent: 0 }
    }
}

impl Iterator for Schedule {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        loop {
            let Phase { rate, duration } = self.current?;
            let since = Duration::from_secs_f64(f64::from(self.sent) / rate.max(f64::MIN_POSITIVE));
            if rate > 0.0 && since < duration {
                self.sent += 1;
                return Some(self.began + since);
            }
            self.began += duration;
            self.sent = 0;
            self.current = self.phases.next();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_evenly_spaced_in_each_phase() {
        let second = Duration::from_secs(1);
        let phases =
            vec![Phase { rate: 2.0, duration: second }, Phase { rate: 4.0, duration: second }];
        let due: Vec<_> = Schedule::new(phases).map(|due| due.as_millis()).collect();
        assert_eq!(due, [0, 500, 1000, 1250, 1500, 1750]);
    }

    #[test]
    fn nothing_is_due_at_no_rate() {
        let second = Duration::from_secs(1);
        assert_eq!(Schedule::new(vec![Phase { rate: 0.001, duration: second }]).count(), 1);
        assert_eq!(Schedule::new(Vec::new()).count(), 0);
    }
}
