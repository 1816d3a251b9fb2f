//! Which fault is injected when: [`schedule`].

use std::time::Duration;

use fastrand::Rng;

use crate::history::Moment;

use super::FaultKind;

/// A fault that is yet to be injected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ScheduledFault {
    pub(super) at: Moment,
    pub(super) kind: FaultKind,
    /// How long the process stays down before it is started again.
    pub(super) downtime: Duration,
}

/// The faults up to the deadline, sorted by time. The same seed gives the same faults.
pub(super) fn schedule(
    seed: u64,
    processes: usize,
    kill_every: Duration,
    crashes: u32,
    deadline: Moment,
) -> Vec<ScheduledFault> {
    let mut rng = Rng::with_seed(seed);
    let every = u64::try_from(kill_every.as_micros()).unwrap_or(u64::MAX).max(1);
    let mut faults = Vec::new();
    let mut at = every / 2;
    while at < deadline.0 {
        let kind = FaultKind::KillService(rng.usize(..processes));
        let downtime = Duration::from_millis(rng.u64(..300));
        faults.push(ScheduledFault { at: Moment(at), kind, downtime });
        at = at.saturating_add(every - every / 3 + rng.u64(..=every / 3 * 2));
    }
    // The time is divided into as many parts as there are crashes. Each one happens in the middle
    // third of its part.
    let part = deadline.0 / u64::from(crashes.max(1));
    for crash in 0..u64::from(crashes) {
        let at = Moment(crash * part + part / 3 + rng.u64(..=part / 3));
        let downtime = Duration::from_millis(rng.u64(..700));
        faults.push(ScheduledFault { at, kind: FaultKind::CrashPostgres, downtime });
    }
    faults.sort_by_key(|fault| fault.at);
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(seed: u64) -> Vec<ScheduledFault> {
        schedule(seed, 2, Duration::from_secs(3), 3, Moment(300_000_000))
    }

    #[test]
    fn faults_are_spread_over_the_run() {
        let faults = faults(7);
        let crashes: Vec<_> =
            faults.iter().filter(|fault| fault.kind == FaultKind::CrashPostgres).collect();
        assert_eq!(crashes.len(), 3);
        for (crash, part) in crashes.iter().zip(0..) {
            assert!((part * 100_000_000..(part + 1) * 100_000_000).contains(&crash.at.0));
        }
        assert!((80..=120).contains(&(faults.len() - 3)));
        assert!(faults.iter().any(|fault| fault.kind == FaultKind::KillService(0)));
        assert!(faults.iter().any(|fault| fault.kind == FaultKind::KillService(1)));
        assert!(faults.is_sorted_by_key(|fault| fault.at));
    }

    #[test]
    fn the_same_seed_schedules_the_same_faults() {
        assert_eq!(faults(7), faults(7));
        assert_ne!(faults(7), faults(8));
    }
}
