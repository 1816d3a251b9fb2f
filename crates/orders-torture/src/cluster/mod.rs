//! The service processes and their PostgreSQL: [`Cluster`].

mod endpoint;
mod replication;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io, iter, mem, thread};

use orders_testkit::{Service, StartError};
use private_postgres::{Options, PrivatePostgres};
use tempfile::TempDir;

pub use endpoint::{Endpoint, Location};
pub use replication::ReplicationError;
use replication::{promote, wait_for_standby};

/// The name of the database on the private PostgreSQL.
const DATABASE: &str = "orders";

/// The name under which the clients use the service.
pub(crate) const CLIENT: &str = "torture";

/// How many database connections each service process has.
const CONNECTIONS: &str = "8";

/// Several service processes on one PostgreSQL, which may have a standby. All of them stop when this value is dropped.
pub struct Cluster {
    services: Vec<ServiceProcess>,
    postgres: PrivatePostgres,
    standby: Option<PrivatePostgres>,
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
    /// The servers do not replicate.
    #[error(transparent)]
    Replication(#[from] ReplicationError),
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
    /// Starts a new PostgreSQL, a standby if there is to be one, and this many service processes on
    /// them, and waits until all are ready.
    ///
    /// # Errors
    /// If one of them does not start.
    pub fn start(
        program: &Path,
        processes: usize,
        with_standby: bool,
    ) -> Result<Self, ClusterError> {
        let options = Options::temporary()
            .durable(true)
            .setting("log_min_error_statement", "panic")
            .setting("log_lock_waits", "on")
            // Otherwise a standby may take 5 s to notice that it is promoted.
            .setting("wal_retrieve_retry_interval", "500ms");
        let postgres = PrivatePostgres::start(options.clone())?;
        let key = create_key(program, &postgres.url(DATABASE))?;
        let standby = match with_standby {
            true => Some(add_standby(&postgres, PrivatePostgres::start(options)?)?),
            false => None,
        };
        let mut cluster = Self {
            services: (0..processes).map(|_| ServiceProcess::default()).collect(),
            postgres,
            standby,
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

    /// The URL of the database, on whichever server accepts writes.
    #[must_use]
    pub fn url(&self) -> String {
        match &self.standby {
            Some(standby) => self.postgres.url_with(standby, DATABASE),
            None => self.postgres.url(DATABASE),
        }
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

    /// Kills the primary with SIGKILL, and promotes the standby after a while.
    ///
    /// # Errors
    /// If there is no standby, or it cannot be promoted.
    pub fn fail_over(&mut self, after: Duration) -> Result<(), ClusterError> {
        let standby = self.standby.as_mut().ok_or(ReplicationError::NoStandby)?;
        self.postgres.kill()?;
        thread::sleep(after);
        promote(&standby.url(DATABASE))?;
        mem::swap(&mut self.postgres, standby);
        Ok(())
    }

    /// Makes the server that was killed the standby of the new primary, and waits until commits wait for it.
    ///
    /// # Errors
    /// If that fails.
    pub fn rebuild_standby(&mut self) -> Result<(), ClusterError> {
        let standby = self.standby.take().ok_or(ReplicationError::NoStandby)?;
        self.standby = Some(add_standby(&self.postgres, standby)?);
        Ok(())
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

    /// The log of PostgreSQL, of one server after the other.
    ///
    /// # Errors
    /// If a log cannot be read.
    pub fn postgres_log(&self) -> Result<String, ClusterError> {
        let mut whole = Vec::new();
        for server in iter::once(&self.postgres).chain(&self.standby) {
            let log = server.log_file();
            whole.extend(fs::read(log.with_extension("log.old")).unwrap_or_default());
            whole.extend(fs::read(log)?);
        }
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

/// Makes a server the standby of a primary, so that from now on commits wait for it.
fn add_standby(
    primary: &PrivatePostgres,
    mut standby: PrivatePostgres,
) -> Result<PrivatePostgres, ClusterError> {
    standby.follow(primary)?;
    wait_for_standby(&primary.url(DATABASE))?;
    Ok(standby)
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
