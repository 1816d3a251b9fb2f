//! The service processes and their PostgreSQL: [`Cluster`].

mod endpoint;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use orders_testkit::{Service, StartError};
use private_postgres::{Options, PrivatePostgres};
use tempfile::TempDir;

pub use endpoint::{Endpoint, Location};

/// The name of the database on the private PostgreSQL.
const DATABASE: &str = "orders";

/// The name under which the clients use the service.
pub(crate) const CLIENT: &str = "torture";

/// How many database connections each service process has.
const CONNECTIONS: &str = "8";

/// Several service processes on one PostgreSQL. All of them stop when this value is dropped.
pub struct Cluster {
    services: Vec<ServiceProcess>,
    postgres: PrivatePostgres,
    key: String,
    program: PathBuf,
    directory: TempDir,
    unexpected_exits: Vec<String>,
}

#[derive(Default)]
struct ServiceProcess {
    /// `None` while it is down.
    running: Option<Service>,
    endpoint: Arc<Endpoint>,
}

/// Why a cluster does not work.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// PostgreSQL does not start or stop.
    #[error(transparent)]
    Postgres(#[from] private_postgres::Error),
    /// A file cannot be read or written, or a process cannot be killed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A service process does not become ready.
    #[error("service process {process}: {error}")]
    Start {
        /// The index of the process.
        process: usize,
        /// The cause.
        error: StartError,
    },
    /// The clients get no key.
    #[error("cannot create an API key: {0}")]
    Key(String),
}

impl Cluster {
    /// Starts a new PostgreSQL and this many service processes on it, and waits until all are
    /// ready.
    ///
    /// # Errors
    /// If one of them does not start.
    pub fn start(program: &Path, processes: usize) -> Result<Self, ClusterError> {
        let options = Options::temporary()
            .durable(true)
            .setting("log_min_error_statement", "panic")
            .setting("log_lock_waits", "on");
        let postgres = PrivatePostgres::start(options)?;
        let key = create_key(program, &postgres.url(DATABASE))?;
        let mut cluster = Self {
            services: (0..processes).map(|_| ServiceProcess::default()).collect(),
            postgres,
            key,
            program: program.to_owned(),
            directory: tempfile::tempdir()?,
            unexpected_exits: Vec::new(),
        };
        for process in 0..processes {
            cluster.start_service(process)?;
        }
        Ok(cluster)
    }

    /// The number of service processes.
    #[must_use]
    pub fn processes(&self) -> usize {
        self.services.len()
    }

    /// The URL of the database.
    #[must_use]
    pub fn url(&self) -> String {
        self.postgres.url(DATABASE)
    }

    /// The API key of the clients.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The endpoints of the service processes, by their index.
    #[must_use]
    pub fn endpoints(&self) -> Vec<Arc<Endpoint>> {
        self.services.iter().map(|service| Arc::clone(&service.endpoint)).collect()
    }

    /// The service processes that had already exited when they were to be killed.
    #[must_use]
    pub fn unexpected_exits(&self) -> &[String] {
        &self.unexpected_exits
    }

    /// Kills a service process with SIGKILL.
    ///
    /// # Errors
    /// If it cannot be killed.
    pub fn kill_service(&mut self, process: usize) -> Result<(), ClusterError> {
        let service = &mut self.services[process];
        if let Some(mut running) = service.running.take() {
            if let Some(status) = running.kill()? {
                let exit = format!("service process {process} exited by itself with {status}");
                self.unexpected_exits.push(exit);
            }
            service.endpoint.clear();
        }
        Ok(())
    }

    /// Kills all service processes.
    ///
    /// # Errors
    /// If one cannot be killed.
    pub fn kill_services(&mut self) -> Result<(), ClusterError> {
        (0..self.services.len()).try_for_each(|process| self.kill_service(process))
    }

    /// Starts a service process that was killed, and waits until it is ready.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start_service(&mut self, process: usize) -> Result<(), ClusterError> {
        let mut command = Command::new(&self.program);
        command
            .env("DATABASE_URL", self.url())
            .env("ORDERS_AUTH", "required")
            .env("ORDERS_CONNECTIONS", CONNECTIONS);
        let log = self.directory.path().join(log_name(process));
        let running = Service::start(&mut command, "warn", &log)
            .map_err(|error| ClusterError::Start { process, error })?;
        let service = &mut self.services[process];
        service.endpoint.set(running.address());
        service.running = Some(running);
        Ok(())
    }

    /// Stops PostgreSQL as a crash would.
    ///
    /// # Errors
    /// If it cannot be stopped.
    pub fn crash_postgres(&mut self) -> Result<(), ClusterError> {
        Ok(self.postgres.stop_immediately()?)
    }

    /// Starts PostgreSQL again, and waits until it has recovered.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start_postgres(&mut self) -> Result<(), ClusterError> {
        Ok(self.postgres.start_again()?)
    }

    /// Waits until every running service process can use the database.
    ///
    /// # Errors
    /// If one is not ready within the timeout.
    pub fn wait_until_ready(&mut self) -> Result<(), ClusterError> {
        for (process, service) in self.services.iter_mut().enumerate() {
            if let Some(running) = &mut service.running {
                running
                    .wait_until_ready()
                    .map_err(|error| ClusterError::Start { process, error })?;
            }
        }
        Ok(())
    }

    /// The log of PostgreSQL.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn postgres_log(&self) -> Result<String, ClusterError> {
        let log = self.postgres.log_file();
        let older = fs::read(log.with_extension("log.old")).unwrap_or_default();
        let whole = [older, fs::read(log)?].concat();
        Ok(String::from_utf8_lossy(&whole).into_owned())
    }

    /// Copies all logs into a directory.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub fn save_logs(&self, directory: &Path) -> Result<(), ClusterError> {
        for log in (0..self.services.len()).map(log_name) {
            fs::copy(self.directory.path().join(&log), directory.join(log))?;
        }
        fs::write(directory.join("postgres.log"), self.postgres_log()?)?;
        Ok(())
    }
}

/// A new key of a client that may do everything.
fn create_key(program: &Path, url: &str) -> Result<String, ClusterError> {
    let run = |arguments: &[&str]| {
        let mut command = Command::new(program);
        let output = command.args(arguments).env("DATABASE_URL", url).output()?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
            false => Err(ClusterError::Key(String::from_utf8_lossy(&output.stderr).into_owned())),
        }
    };
    run(&["clients", "add", CLIENT, "--scope", "admin"])?;
    run(&["keys", "create", CLIENT])
}

fn log_name(process: usize) -> String {
    format!("service-{process}.log")
}
