//! The faults: [`Nemesis`].

use std::time::Duration;

use fastrand::Rng;

use crate::cluster::{Cluster, ClusterError};
use crate::history::{Clock, Fault, FaultKind, Moment};

/// Kills services and crashes PostgreSQL, one fault after the other.
pub struct Nemesis {
    /// Which process is killed, and when exactly, follows from it.
    pub seed: u64,
    /// A service is killed so often, give or take a third.
    pub kill_every: Duration,
    /// How often PostgreSQL is crashed in all.
    pub crashes: u32,
    /// When it stops.
    pub until: Moment,
    /// The clock of the run.
    pub clock: Clock,
}

/// What the nemesis has done, and what it found.
#[derive(Debug, Default)]
pub struct Deeds {
    /// The faults, by their start.
    pub faults: Vec<Fault>,
    /// Processes that had ended without its doing.
    pub incidents: Vec<String>,
}

/// A fault that is still to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Planned {
    at: Moment,
    kind: FaultKind,
    /// How long it stays broken, in milliseconds.
    down: u64,
}

impl Nemesis {
    /// Does its work until the time is over; everything runs when it returns.
    ///
    /// # Errors
    /// When something does not come up again.
    pub fn run(&self, cluster: &mut Cluster) -> Result<Deeds, ClusterError> {
        let mut deeds = Deeds::default();
        for planned in self.plan(cluster.doors().len()) {
            self.clock.sleep_until(planned.at);
            if self.clock.now() >= self.until {
                break;
            }
            let from = self.clock.now();
            let down = Duration::from_millis(planned.down);
            match planned.kind {
                FaultKind::Kill(process) => {
                    note(&mut deeds, process, cluster.kill_service(process)?);
                    std::thread::sleep(down);
                    cluster.start_service(process)?;
                }
                FaultKind::Crash => {
                    cluster.crash_postgres()?;
                    std::thread::sleep(down);
                    cluster.start_postgres()?;
                    cluster.wait_until_ready()?;
                }
            }
            deeds.faults.push(Fault { kind: planned.kind, from, until: self.clock.now() });
        }
        self.clock.sleep_until(self.until);
        Ok(deeds)
    }

    /// The faults, by their time.
    fn plan(&self, processes: usize) -> Vec<Planned> {
        let mut rng = Rng::with_seed(self.seed);
        let every = u64::try_from(self.kill_every.as_micros()).unwrap_or(u64::MAX).max(1);
        let mut planned = Vec::new();
        let mut at = every / 2;
        while at < self.until.0 {
            let kind = FaultKind::Kill(rng.usize(..processes));
            planned.push(Planned { at: Moment(at), kind, down: rng.u64(..300) });
            at = at.saturating_add(every - every / 3 + rng.u64(..=every / 3 * 2));
        }
        let share = self.until.0 / u64::from(self.crashes.max(1));
        for crash in 0..u64::from(self.crashes) {
            // In the middle of its share of the time, give or take a sixth of it.
            let at = crash * share + share / 3 + rng.u64(..=share / 3);
            planned.push(Planned { at: Moment(at), kind: FaultKind::Crash, down: rng.u64(..700) });
        }
        planned.sort_by_key(|planned| planned.at);
        planned
    }
}

/// Notes a process that had ended by itself before it was killed.
fn note(deeds: &mut Deeds, process: usize, ended: Option<std::process::ExitStatus>) {
    if let Some(status) = ended {
        deeds.incidents.push(format!("service process {process} ended by itself with {status}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nemesis(seed: u64) -> Nemesis {
        let (kill_every, until) = (Duration::from_secs(3), Moment(300_000_000));
        Nemesis { seed, kill_every, crashes: 3, until, clock: Clock::start() }
    }

    #[test]
    fn faults_are_spread_over_the_time() {
        let planned = nemesis(7).plan(2);
        let crashes: Vec<_> = planned.iter().filter(|p| p.kind == FaultKind::Crash).collect();
        assert_eq!(crashes.len(), 3);
        for (crash, share) in crashes.iter().zip(0..) {
            assert!((share * 100_000_000..(share + 1) * 100_000_000).contains(&crash.at.0));
        }
        assert!((80..=120).contains(&(planned.len() - 3)));
        assert!(planned.iter().any(|p| p.kind == FaultKind::Kill(0)));
        assert!(planned.iter().any(|p| p.kind == FaultKind::Kill(1)));
        assert!(planned.is_sorted_by_key(|p| p.at));
    }

    #[test]
    fn the_same_seed_plans_the_same_faults() {
        assert_eq!(nemesis(7).plan(2), nemesis(7).plan(2));
        assert_ne!(nemesis(7).plan(2), nemesis(8).plan(2));
    }
}
