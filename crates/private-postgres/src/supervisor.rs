use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::backoff::Backoff;
use crate::stop_signal::StopSignal;
use crate::{Error, PrivatePostgres};

/// The pause before a server that died is started again.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The longest pause between two attempts to start it.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A server that ran this long is healthy: the next pause is the first one again.
const HEALTHY: Duration = Duration::from_secs(60);

/// Keeps a server running: when it dies, it is started again with the same data and the same URL.
///
/// A start that fails is repeated after a pause, which grows from 0.2 s to 10 s, until it succeeds.
/// The server is stopped when this value is dropped.
#[derive(Debug)]
pub struct Supervisor {
    postgres: Arc<Mutex<PrivatePostgres>>,
    stop: StopSignal,
    thread: Option<JoinHandle<()>>,
}

impl Supervisor {
    /// Watches a server that runs.
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

    /// Stops the server in good order, as [`PrivatePostgres::stop`] does, and for good.
    ///
    /// A start that is under way is broken off.
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

/// The part of a supervisor that runs in its thread.
struct Watch {
    postgres: Arc<Mutex<PrivatePostgres>>,
    stop: StopSignal,
    backoff: Backoff,
}

impl Watch {
    fn run(mut self) {
        let mut started = Instant::now();
        while let Some(death) = self.wait_for_death() {
            log::error!("{death}");
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

    /// Waits until the server has died; `None` when it was stopped.
    fn wait_for_death(&self) -> Option<String> {
        loop {
            let process = lock(&self.postgres).process_id()?;
            wait_for_end(process);
            if self.stop.is_set() {
                return None;
            }
            if let Some(death) = lock(&self.postgres).take_death() {
                return Some(death);
            }
            // Only if the system cannot tell when a process ends.
            if self.stop.pause(FIRST_PAUSE) {
                return None;
            }
        }
    }

    /// Starts the server, however many attempts it takes; `false` when it was told to stop.
    fn restart(&mut self) -> bool {
        loop {
            let pause = self.backoff.next();
            log::info!("starting postgresql again in {pause:?}");
            if self.stop.pause(pause) {
                return false;
            }
            match lock(&self.postgres).start_unless(&self.stop) {
                Ok(()) => return true,
                Err(_) if self.stop.is_set() => return false,
                Err(error) => log::error!("{error}"),
            }
        }
    }
}

/// Waits until this child of ours has ended, and leaves its exit status for its owner to collect, so
/// that its number belongs to no other process before that.
fn wait_for_end(process: u32) {
    let Some(pid) = i32::try_from(process).ok().and_then(Pid::from_raw) else {
        return;
    };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while matches!(waitid(WaitId::Pid(pid), options), Err(Errno::INTR)) {}
}

/// A server is in a defined state at every instant, so a panic elsewhere does not spoil it.
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
        // The process id is forgotten when the death was noticed, and then the pause begins.
        while lock(&supervisor.postgres).process_id().is_some() {
            thread::sleep(Duration::from_millis(5));
        }
        let (tell, told) = mpsc::channel();
        thread::spawn(move || tell.send(supervisor.stop()));
        told.recv_timeout(Duration::from_secs(30)).expect("it stops").unwrap();
    }
}
