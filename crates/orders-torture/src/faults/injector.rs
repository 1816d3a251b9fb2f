//! Kills service processes and crashes PostgreSQL: [`FaultInjector`].

use std::thread;
use std::time::Duration;

use crate::cluster::{Cluster, ClusterError};
use crate::history::{Clock, Moment};

use super::schedule::{ScheduledFault, schedule};
use super::{Fault, FaultKind};

/// Injects faults into a cluster, one after another.
pub struct FaultInjector {
    /// Determines which processes are killed, and the exact times.
    pub seed: u64,
    /// The mean time between two kills; each one varies by up to a third.
    pub kill_every: Duration,
    /// The number of PostgreSQL crashes in the whole run.
    pub crashes: u32,
    /// Whether each of them is a failover to the standby.
    pub failover: bool,
    /// When it stops.
    pub deadline: Moment,
    /// The clock of the run.
    pub clock: Clock,
}

impl FaultInjector {
    /// Injects faults until the deadline, and returns them in the order of their start. When it
    /// returns, every service process runs.
    ///
    /// # Errors
    /// If a service process or PostgreSQL does not start again.
    pub fn run(&self, cluster: &mut Cluster) -> Result<Vec<Fault>, ClusterError> {
        let mut faults = Vec::new();
        let scheduled =
            schedule(self.seed, cluster.processes(), self.kill_every, self.crashes, self.deadline);
        for ScheduledFault { at, kind, downtime } in scheduled {
            self.clock.sleep_until(at);
            let start = self.clock.now();
            if start >= self.deadline {
                break;
            }
            let kind = match kind {
                FaultKind::CrashPostgres if self.failover => FaultKind::FailOver,
                kind => kind,
            };
            let mut end = None;
            match kind {
                FaultKind::KillService(process) => {
                    cluster.kill_service(process)?;
                    thread::sleep(downtime);
                    cluster.start_service(process)?;
                }
                FaultKind::CrashPostgres => {
                    cluster.crash_postgres()?;
                    thread::sleep(downtime);
                    cluster.start_postgres()?;
                    cluster.wait_until_ready()?;
                }
                FaultKind::FailOver => {
                    cluster.fail_over(downtime)?;
                    cluster.wait_until_ready()?;
                    end = Some(self.clock.now());
                    cluster.rebuild_standby()?;
                }
            }
            faults.push(Fault { kind, start, end: end.unwrap_or_else(|| self.clock.now()) });
        }
        self.clock.sleep_until(self.deadline);
        Ok(faults)
    }
}
