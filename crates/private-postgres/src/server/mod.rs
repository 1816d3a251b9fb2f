//! The server process on a cluster: its start, its socket, its log and its end.

mod log_file;
mod memory;
pub(crate) mod process;
pub(crate) mod socket;
mod takeover;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use self::log_file::ServerLog;
use self::process::{POLL_INTERVAL, Postmaster, ShutdownMode, stop};
use self::socket::PORT;
use crate::account::Account;
use crate::directory::Layout;
use crate::supervisor::StopSignal;
use crate::watchdog::Guard;
use crate::{Error, Installation, Options};

/// How long the children of a killed postmaster may take to end.
const CHILDREN_TIMEOUT: Duration = Duration::from_secs(10);

/// How much a durable server writes to its log before it makes a checkpoint. After a checkpoint the first change of each page
/// writes the whole page to the log. If checkpoints follow each other quickly, nearly every change to a large table
/// does.
const MAX_WAL_SIZE: &str = "4GB";

/// PostgreSQL's own default.
const DEFAULT_MAX_WAL_SIZE: &str = "1GB";

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) log: ServerLog,
}

/// How to start a server on an existing cluster.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) layout: Layout,
    pub(crate) installation: Installation,
    pub(crate) account: Account,
    pub(crate) socket_directory: PathBuf,
    pub(crate) options: Options,
}

impl Launch {
    /// Stops a server that still runs on this data, starts a new one, and waits until it accepts connections.
    ///
    /// Fails with [`Error::Interrupted`] as soon as the signal is set.
    pub(crate) fn start(&self, guard: &Guard, stop: &StopSignal) -> Result<Server, Error> {
        takeover::stop_leftover_server(&self.layout.data(), &self.account)?;
        socket::remove_stale(&self.socket_directory);
        let begin = Instant::now();
        loop {
            match self.try_start(guard, begin + self.options.startup_timeout, stop) {
                // The children of a killed postmaster end by themselves, but not at once.
                Err(Error::Start { lines, .. })
                    if lines.contains("pre-existing shared memory block")
                        && begin.elapsed() < CHILDREN_TIMEOUT =>
                {
                    stop.pause(Duration::from_millis(100));
                }
                result => return result,
            }
        }
    }

    fn try_start(
        &self,
        guard: &Guard,
        deadline: Instant,
        stop_signal: &StopSignal,
    ) -> Result<Server, Error> {
        let (log, file) = ServerLog::open(self.layout.log())?;
        let program = self.installation.program("postgres");
        let mut command = self.account.command(&program);
        command.arg("-D").arg(self.layout.data());
        command.arg("-c").arg(socket::setting(&self.socket_directory));
        for (name, value) in self.settings() {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        let copy = file.try_clone().map_err(Error::file("open", log.path()))?;
        let mut child =
            command.stdout(copy).stderr(file).spawn().map_err(self.account.run_error(&program))?;
        guard.watch(child.id());
        let result = self.wait_until_ready(&mut child, &log, deadline, stop_signal);
        match result {
            Ok(()) => Ok(Server { child, log }),
            Err(error) => {
                // A server whose start was interrupted is healthy, so it is shut down cleanly.
                let interrupted = matches!(error, Error::Interrupted);
                let mode = if interrupted { ShutdownMode::Fast } else { ShutdownMode::Immediate };
                // Reported is the first error.
                let _ = stop(&mut child, mode);
                guard.watch_nothing();
                Err(error)
            }
        }
    }

    fn wait_until_ready(
        &self,
        child: &mut Child,
        log: &ServerLog,
        deadline: Instant,
        stop: &StopSignal,
    ) -> Result<(), Error> {
        let file = self.layout.data().join("postmaster.pid");
        loop {
            if is_ready(&file, child.id()) && socket::accepts_connections(&self.socket_directory) {
                return Ok(());
            }
            let (path, lines) = (log.path().to_owned(), || log.last_lines());
            if !child.is_running() {
                return Err(Error::Start { log: path, lines: lines() });
            }
            if Instant::now() >= deadline {
                let seconds = self.options.startup_timeout.as_secs();
                return Err(Error::StartTimeout { seconds, log: path, lines: lines() });
            }
            if stop.pause(POLL_INTERVAL) {
                return Err(Error::Interrupted);
            }
        }
    }

    fn settings(&self) -> Vec<(String, String)> {
        let port = PORT.to_string();
        // Servers that are not durable are for tests: many and short-lived.
        let (durable, buffers, max_wal_size) = if self.options.durable {
            ("on", memory::shared_buffers(), MAX_WAL_SIZE)
        } else {
            ("off", memory::MIN_SHARED_BUFFERS, DEFAULT_MAX_WAL_SIZE)
        };
        let buffers = format!("{buffers}MB");
        let ours = [
            ("listen_addresses", ""),
            ("port", &port),
            ("max_connections", "100"),
            ("shared_buffers", &buffers),
            ("fsync", durable),
            ("synchronous_commit", durable),
            ("full_page_writes", durable),
            ("max_wal_size", max_wal_size),
            // Some distributions turn the collector on, and our log would stay empty.
            ("logging_collector", "off"),
            ("log_destination", "stderr"),
            // Routine checkpoints would only make the log grow.
            ("log_checkpoints", "off"),
        ];
        ours.into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .chain(self.options.settings.iter().cloned())
            .collect()
    }
}

/// Whether the `postmaster.pid` file says that this process accepts connections, as a primary or as a standby.
fn is_ready(file: &Path, process: u32) -> bool {
    let Ok(text) = fs::read_to_string(file) else {
        return false;
    };
    let mut lines = text.lines();
    // The first line is the process id, the eighth the state.
    lines.next().is_some_and(|line| line.trim() == process.to_string())
        && lines.nth(6).is_some_and(|line| ["ready", "standby"].contains(&line.trim()))
}
