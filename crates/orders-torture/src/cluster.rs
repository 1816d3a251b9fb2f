//! The services and their PostgreSQL: [`Cluster`].

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use private_postgres::{Options, PrivatePostgres};
use tempfile::TempDir;

use crate::client::Connection;
use crate::watchdog::Watchdog;

/// The database on the private PostgreSQL.
const DATABASE: &str = "orders";

/// How many database connections each service keeps.
const CONNECTIONS: &str = "8";

/// How long a service may take until it is ready.
const READY: Duration = Duration::from_secs(60);

/// How often a start is tried whose port somebody else took meanwhile.
const STARTS: usize = 5;

/// Several services on one PostgreSQL, all of which end with this value.
pub struct Cluster {
    services: Vec<Service>,
    watchdog: Watchdog,
    postgres: PrivatePostgres,
    program: PathBuf,
    directory: TempDir,
}

struct Service {
    number: usize,
    child: Option<Child>,
    door: Arc<Door>,
}

/// Where clients find a service process, which changes when it is started again.
#[derive(Debug, Default)]
pub struct Door(RwLock<Entrance>);

/// A service's address, and how often it was started.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entrance {
    /// The address; none while the service is down.
    pub address: Option<SocketAddr>,
    /// Counts the starts.
    pub life: u32,
}

/// Why a cluster does not work.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// PostgreSQL does not start or stop.
    #[error(transparent)]
    Postgres(#[from] private_postgres::Error),
    /// A service program cannot be run.
    #[error("cannot run {}: {error}", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// A file or a port cannot be had.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A service does not become ready.
    #[error("service process {process} {what}; the end of its log:\n{log}")]
    NotReady {
        /// Which process.
        process: usize,
        /// What it did instead.
        what: String,
        /// The last lines of its log.
        log: String,
    },
}

impl Cluster {
    /// Starts a new PostgreSQL and so many services on it, and waits until they are ready.
    ///
    /// # Errors
    /// When one of them does not start.
    pub fn start(program: &Path, processes: usize) -> Result<Self, ClusterError> {
        let options = Options::temporary()
            .durable(true)
            .setting("log_min_error_statement", "panic")
            .setting("log_lock_waits", "on");
        let services =
            (0..processes).map(|number| Service { number, child: None, door: Arc::default() });
        let mut cluster = Self {
            services: services.collect(),
            watchdog: Watchdog::start()?,
            postgres: PrivatePostgres::start(options)?,
            program: program.to_owned(),
            directory: tempfile::tempdir()?,
        };
        for process in 0..processes {
            cluster.start_service(process)?;
        }
        Ok(cluster)
    }

    /// The URL of the database.
    #[must_use]
    pub fn url(&self) -> String {
        self.postgres.url(DATABASE)
    }

    /// The doors of the services, by process.
    #[must_use]
    pub fn doors(&self) -> Vec<Arc<Door>> {
        self.services.iter().map(|service| Arc::clone(&service.door)).collect()
    }

    /// Kills a service with SIGKILL; how it ended when it was dead already.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub fn kill_service(&mut self, process: usize) -> Result<Option<ExitStatus>, ClusterError> {
        let already = self.services[process].kill()?;
        self.watch()?;
        Ok(already)
    }

    /// Starts a service that was killed, and waits until it is ready.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_service(&mut self, process: usize) -> Result<(), ClusterError> {
        let mut tries = 1;
        loop {
            match self.try_start(process) {
                Err(ClusterError::NotReady { .. }) if tries < STARTS => tries += 1,
                result => return result,
            }
        }
    }

    /// Stops PostgreSQL as a crash would.
    ///
    /// # Errors
    /// When it cannot be stopped.
    pub fn crash_postgres(&mut self) -> Result<(), ClusterError> {
        Ok(self.postgres.stop_immediately()?)
    }

    /// Starts PostgreSQL again, and waits until it has recovered.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_postgres(&mut self) -> Result<(), ClusterError> {
        Ok(self.postgres.start_again()?)
    }

    /// Waits until every service that runs can use the database.
    ///
    /// # Errors
    /// When one cannot in time.
    pub fn wait_until_ready(&mut self) -> Result<(), ClusterError> {
        for process in 0..self.services.len() {
            if let Some(address) = self.services[process].door.entrance().address {
                self.wait_for(process, address)?;
            }
        }
        Ok(())
    }

    /// What PostgreSQL logged.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn postgres_log(&self) -> Result<String, ClusterError> {
        let log = self.postgres.log_file();
        let older = fs::read(log.with_extension("log.old")).unwrap_or_default();
        let whole = [older, fs::read(log)?].concat();
        Ok(String::from_utf8_lossy(&whole).into_owned())
    }

    /// Copies all logs into this directory.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn keep_logs(&self, directory: &Path) -> Result<(), ClusterError> {
        for service in &self.services {
            let log = log_name(service.number);
            fs::copy(self.directory.path().join(&log), directory.join(log))?;
        }
        fs::write(directory.join("postgres.log"), self.postgres_log()?)?;
        Ok(())
    }

    fn try_start(&mut self, process: usize) -> Result<(), ClusterError> {
        let address = free_address()?;
        let log = File::options()
            .append(true)
            .create(true)
            .open(self.directory.path().join(log_name(process)))?;
        let url = self.url();
        let service = &mut self.services[process];
        service.kill()?;
        let child = Command::new(&self.program)
            .env("DATABASE_URL", url)
            .env("ORDERS_BIND", address.to_string())
            .env("ORDERS_CONNECTIONS", CONNECTIONS)
            .env("ORDERS_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .map_err(|error| ClusterError::Run { program: self.program.clone(), error })?;
        service.child = Some(child);
        self.watch()?;
        self.wait_for(process, address)?;
        self.services[process].door.open(address);
        Ok(())
    }

    /// Names the services that run to the watchdog.
    fn watch(&mut self) -> io::Result<()> {
        let running = self.services.iter().filter_map(|service| service.child.as_ref());
        self.watchdog.watch(running.map(Child::id))
    }

    fn wait_for(&mut self, process: usize, address: SocketAddr) -> Result<(), ClusterError> {
        let deadline = Instant::now() + READY;
        let service = &mut self.services[process];
        let connection = Connection::new(address);
        let what = loop {
            if connection.send("GET", "/readyz", None).is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            if let Some(status) = service.ended()? {
                break format!("ended with {status}");
            }
            if Instant::now() >= deadline {
                break format!("was not ready within {READY:?}");
            }
            thread::sleep(Duration::from_millis(5));
        };
        let log = self.directory.path().join(log_name(process));
        Err(ClusterError::NotReady { process, what, log: last_lines(&log) })
    }
}

impl Service {
    fn kill(&mut self) -> io::Result<Option<ExitStatus>> {
        let Some(mut child) = self.child.take() else {
            return Ok(None);
        };
        let already = child.try_wait()?;
        if already.is_none() {
            child.kill()?;
            child.wait()?;
        }
        self.door.close();
        Ok(already)
    }

    fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.as_mut().map_or(Ok(None), Child::try_wait)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // There is nothing left to try when one of these fails.
        for service in &mut self.services {
            let _ = service.kill();
        }
        let _ = self.watch();
    }
}

impl Door {
    /// Where the service is now.
    #[must_use]
    pub fn entrance(&self) -> Entrance {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, address: SocketAddr) {
        let mut entrance = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *entrance = Entrance { address: Some(address), life: entrance.life + 1 };
    }

    fn close(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).address = None;
    }
}

/// An address on which nobody listens.
fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

fn log_name(process: usize) -> String {
    format!("service-{process}.log")
}

fn last_lines(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}
