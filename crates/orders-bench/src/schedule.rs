//! When requests are due: [`Schedule`].

use std::time::Duration;

/// So many requests a second, for so long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Phase {
    /// Requests a second.
    pub rate: f64,
    /// How long.
    pub duration: Duration,
}

/// When requests are due, since the start.
pub enum Schedule {
    /// A closed loop: as soon as a connection is idle, until this time.
    Closed(Duration),
    /// An open loop: evenly spaced in each phase, whatever the service does.
    Open {
        /// One after the other.
        phases: Vec<Phase>,
        /// How many requests were sent already.
        sent: u32,
    },
}

impl Schedule {
    /// An open loop.
    #[must_use]
    pub fn open(phases: impl Into<Vec<Phase>>) -> Self {
        Self::Open { phases: phases.into(), sent: 0 }
    }

    /// When the next request is due; none when there is none.
    #[must_use]
    pub fn next_due(&self, now: Duration) -> Option<Duration> {
        match self {
            Self::Closed(end) => (now < *end).then_some(now),
            Self::Open { phases, sent } => {
                let (mut began, mut left) = (Duration::ZERO, *sent);
                for Phase { rate, duration } in phases {
                    let requests = (rate * duration.as_secs_f64()).ceil() as u32;
                    if left < requests {
                        return Some(began + Duration::from_secs_f64(f64::from(left) / rate));
                    }
                    left -= requests;
                    began += *duration;
                }
                None
            }
        }
    }

    /// Goes on to the request after the next.
    pub fn advance(&mut self) {
        if let Self::Open { sent, .. } = self {
            *sent += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_an_open_loop_are_evenly_spaced_in_each_phase() {
        let second = Duration::from_secs(1);
        let phases = [2.0, 0.0, 4.0].map(|rate| Phase { rate, duration: second });
        let mut schedule = Schedule::open(phases);
        let due = std::iter::from_fn(|| {
            let due = schedule.next_due(second * 9);
            schedule.advance();
            due
        });
        let due: Vec<_> = due.map(|due| due.as_millis()).collect();
        assert_eq!(due, [0, 500, 2000, 2250, 2500, 2750]);
    }

    #[test]
    fn a_closed_loop_ends_in_time() {
        let [second, two] = [1, 2].map(Duration::from_secs);
        assert_eq!(Schedule::Closed(two).next_due(second), Some(second));
        assert_eq!(Schedule::Closed(two).next_due(two), None);
    }
}
