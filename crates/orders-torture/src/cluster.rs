//! The services and their PostgreSQL: [`Cluster`].

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::{Arc, PoisonError, RwLock};

use orders_testkit::StartError;
use private_postgres::{Options, PrivatePostgres};
use tempfile::TempDir;

/// The database on the private PostgreSQL.
const DATABASE: &str = "orders";

/// How many database connections each service keeps.
const CONNECTIONS: &str = "8";

/// Several services on one PostgreSQL, all of which end with this value.
pub struct Cluster {
    services: Vec<Service>,
    postgres: PrivatePostgres,
    program: PathBuf,
    directory: TempDir,
}

struct Service {
    number: usize,
    running: Option<orders_testkit::Service>,
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
    /// A file cannot be had, or a process not be ended.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A service does not become ready.
    #[error("service process {process}: {error}")]
    Start {
        /// Which process.
        process: usize,
        /// Why not.
        error: StartError,
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
            (0..processes).map(|number| Service { number, running: None, door: Arc::default() });
        let mut cluster = Self {
            services: services.collect(),
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
        Ok(self.services[process].kill()?)
    }

    /// Starts a service that was killed, and waits until it is ready.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_service(&mut self, process: usize) -> Result<(), ClusterError> {
        let url = self.url();
        let service = &mut self.services[process];
        service.kill()?;
        let mut command = Command::new(&self.program);
        command.env("DATABASE_URL", url).env("ORDERS_CONNECTIONS", CONNECTIONS);
        let log = self.directory.path().join(log_name(process));
        let running = orders_testkit::Service::start(&mut command, "warn", &log)
            .map_err(|error| ClusterError::Start { process, error })?;
        service.door.open(running.address());
        service.running = Some(running);
        Ok(())
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
        for Service { number, running, .. } in &mut self.services {
            let ready = running.as_mut().map_or(Ok(()), orders_testkit::Service::wait_until_ready);
            ready.map_err(|error| ClusterError::Start { process: *number, error })?;
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
}

impl Service {
    fn kill(&mut self) -> io::Result<Option<ExitStatus>> {
        let Some(mut running) = self.running.take() else {
            return Ok(None);
        };
        let already = running.kill()?;
        self.door.close();
        Ok(already)
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

fn log_name(process: usize) -> String {
    format!("service-{process}.log")
}
