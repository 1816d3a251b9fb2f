//! The faults of a run, and what injects them: [`Fault`], [`FaultInjector`].

mod injector;
mod schedule;

use std::fmt;

pub use injector::FaultInjector;

use crate::history::Moment;

/// What the fault injector does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// It sends SIGKILL to the service process with this index.
    KillService(usize),
    /// It stops PostgreSQL immediately, as a crash would.
    CrashPostgres,
    /// It kills the primary with SIGKILL, promotes the standby, and makes the old primary the new standby.
    FailOver,
}

/// A fault, with the time from its injection until everything works again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// What was done.
    pub kind: FaultKind,
    /// Just before it was done.
    pub start: Moment,
    /// When the restarted service or database was ready again.
    pub end: Moment,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, start, end } = self;
        match kind {
            FaultKind::KillService(process) => {
                write!(f, "{start} to {end} s: killed service process {process}")
            }
            FaultKind::CrashPostgres => write!(f, "{start} to {end} s: crashed PostgreSQL"),
            FaultKind::FailOver => write!(f, "{start} to {end} s: failed over to the standby"),
        }
    }
}
