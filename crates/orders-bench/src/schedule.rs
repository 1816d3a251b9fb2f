//! When requests are due: [`Schedule`].

use std::collections::VecDeque;
use std::time::Duration;

/// So many requests a second, for so long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Phase {
    pub(crate) rate: f64,
    pub(crate) duration: Duration,
}

/// When requests are due, since the start.
pub(crate) enum Schedule {
    /// A closed loop: as soon as a connection is idle, until this time.
    Closed(Duration),
    /// An open loop: at these times, whatever the service does.
    Open(VecDeque<Duration>),
}

impl Schedule {
    /// An open loop whose requests are evenly spaced in each phase.
    pub(crate) fn open(phases: &[Phase]) -> Self {
        let (mut due, mut start) = (VecDeque::new(), Duration::ZERO);
        for Phase { rate, duration } in phases {
            let requests = (rate * duration.as_secs_f64()).ceil() as u32;
            let after = |number| Duration::from_secs_f64(f64::from(number) / rate);
            due.extend((0..requests).map(|number| start + after(number)));
            start += *duration;
        }
        Self::Open(due)
    }

    /// A single request.
    pub(crate) fn once() -> Self {
        Self::Open([Duration::ZERO].into())
    }

    /// When the next request is due; none if there is none.
    pub(crate) fn next_due(&self, now: Duration) -> Option<Duration> {
        match self {
            Self::Closed(end) => (now < *end).then_some(now),
            Self::Open(due) => due.front().copied(),
        }
    }

    /// Goes on to the request after the next.
    pub(crate) fn advance(&mut self) {
        if let Self::Open(due) = self {
            due.pop_front();
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
        let Schedule::Open(due) = Schedule::open(&phases) else { panic!("it is a closed loop") };
        let due: Vec<_> = due.iter().map(Duration::as_millis).collect();
        assert_eq!(due, [0, 500, 2000, 2250, 2500, 2750]);
    }

    #[test]
    fn a_closed_loop_ends_in_time() {
        let [second, two] = [1, 2].map(Duration::from_secs);
        assert_eq!(Schedule::Closed(two).next_due(second), Some(second));
        assert_eq!(Schedule::Closed(two).next_due(two), None);
    }
}
