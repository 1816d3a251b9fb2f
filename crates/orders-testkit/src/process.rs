//! A process that never outlives its owner: [`Process`].

use std::io;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};

use crate::watchdog;

/// A child process that is killed when this value is dropped, and when our own process ends, even by a signal.
#[derive(Debug)]
pub struct Process {
    child: Child,
    status: Option<ExitStatus>,
}

impl Process {
    /// Starts a process.
    ///
    /// # Errors
    /// If the program cannot be run.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        let process = Self { child: command.spawn()?, status: None };
        watchdog::watch(process.id())?;
        Ok(process)
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its exit status; none while it runs.
    ///
    /// # Errors
    /// If the system call fails.
    pub fn status(&mut self) -> io::Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.status = self.child.try_wait()?;
            if self.status.is_some() {
                watchdog::release(self.id());
            }
        }
        Ok(self.status)
    }

    /// Sends a signal; nothing happens if it has ended.
    ///
    /// # Errors
    /// If the signal cannot be sent.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        // The id stays its own until we have read the exit status.
        if self.status.is_none()
            && let Some(process) = i32::try_from(self.id()).ok().and_then(Pid::from_raw)
        {
            kill_process(process, signal)?;
        }
        Ok(())
    }

    /// Waits until it ends; none if it still runs after the timeout.
    ///
    /// # Errors
    /// If the system call fails.
    pub fn wait(&mut self, timeout: Duration) -> io::Result<Option<ExitStatus>> {
        let start = Instant::now();
        while self.status()?.is_none() && start.elapsed() < timeout {
            thread::sleep(Duration::from_millis(5));
        }
        Ok(self.status)
    }

    /// Kills it with SIGKILL; its exit status if it had ended before.
    ///
    /// # Errors
    /// If it cannot be killed.
    pub fn kill(&mut self) -> io::Result<Option<ExitStatus>> {
        if let Some(status) = self.status()? {
            return Ok(Some(status));
        }
        watchdog::release(self.id());
        self.child.kill()?;
        self.status = Some(self.child.wait()?);
        Ok(None)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // There is nothing left to try if this fails.
        let _ = self.kill();
    }
}
