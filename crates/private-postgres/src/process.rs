use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::Error;

/// How often the state of a process is looked at.
pub(crate) const POLL: Duration = Duration::from_millis(5);

/// A postmaster, whether it is our child or was left behind by another process.
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
        // An error means that there is no such child any more.
        matches!(self.try_wait(), Ok(None))
    }
}

/// How politely a server is asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Clients are disconnected, transactions rolled back and the data written to disk.
    Fast,
    /// Everything ends at once; the next start recovers as after a crash.
    Immediate,
}

/// Stops a postmaster, more and more firmly, and waits for its end.
pub(crate) fn stop(postmaster: &mut impl Postmaster, mode: Mode) -> Result<(), Error> {
    let fast = (Signal::INT, Duration::from_secs(30));
    let immediate = (Signal::QUIT, Duration::from_secs(10));
    let kill = (Signal::KILL, Duration::from_secs(5));
    let steps = match mode {
        Mode::Fast => vec![fast, immediate, kill],
        Mode::Immediate => vec![immediate, kill],
    };
    for (signal, patience) in steps {
        if !postmaster.is_running() {
            return Ok(());
        }
        log::debug!("sending {signal:?} to the postgresql server {}", postmaster.pid());
        // If it cannot be sent the process has just ended, or waiting will show that it has not.
        let _ = kill_process(postmaster.pid(), signal);
        if ends_within(postmaster, patience) {
            return Ok(());
        }
    }
    Err(Error::Stop { process: postmaster.pid().as_raw_nonzero().get() })
}

fn ends_within(postmaster: &mut impl Postmaster, patience: Duration) -> bool {
    let deadline = Instant::now() + patience;
    while postmaster.is_running() {
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(POLL);
    }
    true
}
