//! The restart of a server that died: [`Supervisor`].

mod backoff;
mod stop_signal;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use self::backoff::Backoff;
pub(crate) use self::stop_signal::StopSignal;
use crate::{Error, PrivatePostgres};

/// The pause before a server that died is started again.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The longest pause between two attempts to start it.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// After a server has run this long, the pauses begin again with the first.
const HEALTHY: Duration = Duration::from_secs(60);

/// Keeps a server running: when it dies, it is started again with the same data and the same URL.
///
/// A start that fails is repeated until it succeeds, after pauses that grow from 0.2 s to 10 s.
/// The server is stopped when this value is dropped.
#[derive(Debug)]
pub struct Supervisor {
    postgres: Arc<Mutex<PrivatePostgres>>,
    stop: StopSignal,
    thread: Option<JoinHandle<()>>,
}

impl Supervisor {
    /// Supervises a running server.
    pub(crate) fn new(postgres: PrivatePostgres) -> Result<Self, Error> {
        Self::with_backoff(postgres, Backoff::new(FIRST_PAUSE, LONGEST_PAUSE))
    }

    fn with_backoff(postgres: PrivatePostgres, backoff: Backoff) -> Result<Self, Error> {
        let postgres = Arc::new(Mutex::new(postgres));
        let stop = StopSignal::default();
        let watch = Watch { postgres: Arc::clone(&postgres), stop: stop.clone(), backoff };
        let thread = thread::Builder::new()
            .name("postgres-supervisor".to_owned())
            .spawn(move || watch.run())
            .map_err(|reason| Error::Supervise { reason })?;
        Ok(Self { postgres, stop, thread: Some(thread) })
    }

    /// Shuts the server down cleanly, as [`PrivatePostgres::stop`] does. It is not started again.
    ///
    /// A start that is under way is cancelled.
    ///
    /// # Errors
    ///
    /// [`Error::Stop`] if even killing it does not help.
    pub fn stop(&mut self) -> Result<(), Error> {
        self.stop.set();
        let stopped = lock(&self.postgres).stop();
        if stopped.is_ok()
            && let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the thread that watches postgresql has panicked");
        }
        stopped
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            log::error!("{error}");
        }
    }
}

/// The work of the supervisor's thread.
struct Watch {
    postgres: Arc<Mutex<PrivatePostgres>>,
    stop: StopSignal,
    backoff: Backoff,
}

impl Watch {
    fn run(mut self) {
        let mut started = Instant::now();
        while let Some(message) = self.wait_for_exit() {
            log::error!("{message}");
            if started.elapsed() >= HEALTHY {
                self.backoff.reset();
            }
            if !self.restart() {
                return;
            }
            log::info!("postgresql runs again");
            started = Instant::now();
        }
    }

    /// Waits until the server has died, and returns a message about it; `None` if it was stopped.
    fn wait_for_exit(&self) -> Option<String> {
        loop {
            let process = lock(&self.postgres).process_id()?;
            wait_for_end(process);
            if self.stop.is_set() {
                return None;
            }
            if let Some(message) = lock(&self.postgres).take_exit_message() {
                return Some(message);
            }
            // Only reached if the system cannot wait for the process.
            if self.stop.pause(FIRST_PAUSE) {
                return None;
            }
        }
    }

    /// Starts the server, with as many attempts as needed; `false` if it was stopped.
    fn restart(&mut self) -> bool {
        loop {
            let pause = self.backoff.next();
            log::info!("starting postgresql again in {pause:?}");
            if self.stop.pause(pause) {
                return false;
            }
            match lock(&self.postgres).start_unless_stopped(&self.stop) {
                Ok(()) => return true,
                Err(_) if self.stop.is_set() => return false,
                Err(error) => log::error!("{error}"),
            }
        }
    }
}

/// Waits until a child process has ended, but does not reap it: its process id must not be reused before its owner has
/// collected the exit status.
fn wait_for_end(process: u32) {
    let Some(pid) = i32::try_from(process).ok().and_then(Pid::from_raw) else {
        return;
    };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while matches!(waitid(WaitId::Pid(pid), options), Err(Errno::INTR)) {}
}

/// OK to ignore poisoning, because the server is in a consistent state even if another thread panics.
fn lock(postgres: &Mutex<PrivatePostgres>) -> MutexGuard<'_, PrivatePostgres> {
    postgres.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use rustix::process::{Signal, kill_process};

    use super::*;
    use crate::Options;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_stop_ends_the_pause_before_a_restart() {
        let postgres = PrivatePostgres::start(Options::temporary()).unwrap();
        let server = i32::try_from(postgres.process_id().unwrap()).unwrap();
        let mut supervisor = Supervisor::with_backoff(postgres, Backoff::new(HOUR, HOUR)).unwrap();
        kill_process(Pid::from_raw(server).unwrap(), Signal::KILL).unwrap();
        // When the supervisor notices the death, it forgets the process id, and the pause begins.
        while lock(&supervisor.postgres).process_id().is_some() {
            thread::sleep(Duration::from_millis(5));
        }
        let (tell, told) = mpsc::channel();
        thread::spawn(move || tell.send(supervisor.stop()));
        told.recv_timeout(Duration::from_secs(30)).expect("it stops").unwrap();
    }
}
