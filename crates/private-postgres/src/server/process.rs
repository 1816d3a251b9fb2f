use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::Error;

/// The interval at which the state of a process is polled.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// A postmaster: our child, or one that another process has left behind.
pub(crate) trait Postmaster {
    /// Its process id.
    fn pid(&self) -> Pid;
    /// Whether it still runs.
    fn is_running(&mut self) -> bool;
}

impl Postmaster for Child {
    fn pid(&self) -> Pid {
        Pid::from_child(self)
    }

    fn is_running(&mut self) -> bool {
        // An error means that the child no longer exists.
        matches!(self.try_wait(), Ok(None))
    }
}

/// How a server is stopped; the names are PostgreSQL's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShutdownMode {
    /// Clients are disconnected, transactions are rolled back, and all data is written to disk.
    Fast,
    /// Everything ends at once; the next start recovers as after a crash.
    Immediate,
    /// The postmaster is killed, and its children end as soon as they notice.
    Kill,
}

/// Stops a postmaster and waits for its end. If that takes too long, sends the next stronger signal.
pub(crate) fn stop(postmaster: &mut impl Postmaster, mode: ShutdownMode) -> Result<(), Error> {
    let fast = (Signal::INT, Duration::from_secs(30));
    let immediate = (Signal::QUIT, Duration::from_secs(10));
    let kill = (Signal::KILL, Duration::from_secs(5));
    let steps = match mode {
        ShutdownMode::Fast => vec![fast, immediate, kill],
        ShutdownMode::Immediate => vec![immediate, kill],
        ShutdownMode::Kill => vec![kill],
    };
    for (signal, timeout) in steps {
        if !postmaster.is_running() {
            return Ok(());
        }
        log::debug!("sending {signal:?} to the postgresql server {}", postmaster.pid());
        // If sending fails, the process has just ended, or the wait shows that it has not.
        let _ = kill_process(postmaster.pid(), signal);
        if ends_within(postmaster, timeout) {
            return Ok(());
        }
    }
    Err(Error::Stop { process: postmaster.pid().as_raw_nonzero().get() })
}

fn ends_within(postmaster: &mut impl Postmaster, timeout: Duration) -> bool {
    let deadline = Instant::now() + timeout;
    while postmaster.is_running() {
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(POLL_INTERVAL);
    }
    true
}
