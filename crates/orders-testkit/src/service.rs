//! The service as a process: [`Service`].

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::process::Process;

/// How long the service may take until it is ready.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The text in the log that precedes the address on which the service listens.
const LISTENING: &str = "listening on http://";

/// The log filter that lets this line through, whatever the level of the rest.
const LOG_LISTENING: &str = "orders_api::cli=info";

/// A running service, usually on a port of 127.0.0.1 that it chose itself. It is a [`Process`] too.
#[derive(Debug)]
pub struct Service {
    process: Process,
    address: SocketAddr,
    log: PathBuf,
    startup: Duration,
}

/// Why a service is not ready.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The program cannot be run.
    #[error("cannot run {}: {error}", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The log cannot be written, or the exit status not be read.
    #[error("cannot watch the service: {0}")]
    Io(#[from] io::Error),
    /// It ended before it was ready, or was not ready in time.
    #[error("the service {what}; the end of its log:\n{log}")]
    NotReady {
        /// What happened.
        what: String,
        /// The last lines of its log.
        log: String,
    },
}

impl Service {
    /// Runs the service on a free port and waits until it can use its database.
    ///
    /// `command` says which program, with which arguments and environment; where it listens and what it logs (the
    /// given level) is added here. The log is appended to a file.
    ///
    /// # Errors
    /// If it cannot be run, ends, or is not ready within a minute.
    pub fn start(command: &mut Command, level: &str, log: &Path) -> Result<Self, StartError> {
        Self::start_at(([127, 0, 0, 1], 0).into(), command, level, log)
    }

    /// The same on this address, for example that of a service which has ended.
    ///
    /// # Errors
    /// As those of [`Service::start`].
    pub fn start_at(
        bind: SocketAddr,
        command: &mut Command,
        level: &str,
        log: &Path,
    ) -> Result<Self, StartError> {
        let file = File::options().append(true).create(true).open(log)?;
        let earlier = file.metadata()?.len() as usize;
        let start = Instant::now();
        command
            .env("ORDERS_BIND", bind.to_string())
            .env("ORDERS_LOG", format!("{level},{LOG_LISTENING}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file);
        let mut process = Process::spawn(command)
            .map_err(|error| StartError::Run { program: command.get_program().into(), error })?;
        let address = wait(&mut process, log, || {
            let text = fs::read(log).unwrap_or_default();
            listening(&String::from_utf8_lossy(text.get(earlier..).unwrap_or_default()))
        })?;
        let mut service = Self { process, address, log: log.to_owned(), startup: Duration::ZERO };
        service.wait_until_ready()?;
        service.startup = start.elapsed();
        Ok(service)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How long it took from its start until it was ready.
    #[must_use]
    pub fn startup(&self) -> Duration {
        self.startup
    }

    /// Waits until it can use its database.
    ///
    /// # Errors
    /// If it ends, or cannot within a minute.
    pub fn wait_until_ready(&mut self) -> Result<(), StartError> {
        let address = self.address;
        wait(&mut self.process, &self.log, || is_ready(address).ok().filter(|ready| *ready))
            .map(drop)
    }
}

impl Deref for Service {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl DerefMut for Service {
    fn deref_mut(&mut self) -> &mut Process {
        &mut self.process
    }
}

/// Calls `look` until it returns something, or the process ends, or the time is over.
fn wait<T>(
    process: &mut Process,
    log: &Path,
    mut look: impl FnMut() -> Option<T>,
) -> Result<T, StartError> {
    let start = Instant::now();
    let what = loop {
        if let Some(seen) = look() {
            return Ok(seen);
        }
        if let Some(status) = process.status()? {
            break format!("ended with {status}");
        }
        if start.elapsed() > TIMEOUT {
            break format!("was not ready within {TIMEOUT:?}");
        }
        thread::sleep(Duration::from_millis(1));
    };
    Err(StartError::NotReady { what, log: last_lines(log) })
}

/// The address in a log, once the line with it is complete.
fn listening(log: &str) -> Option<SocketAddr> {
    let (_, rest) = log.split_once(LISTENING)?;
    let (line, _) = rest.split_once('\n')?;
    line.split([',', ' ', '/']).next()?.parse().ok()
}

fn is_ready(address: SocketAddr) -> io::Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer.starts_with(b"HTTP/1.1 200 "))
}

fn last_lines(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_a_complete_line() {
        let line = "[INFO orders_api::cli] listening on http://127.0.0.1:4321, database: x";
        assert_eq!(listening(line), None);
        let address = "127.0.0.1:4321".parse().ok();
        assert_eq!(listening(&format!("[WARN] first\n{line}\n[WARN] more")), address);
    }
}
