use std::path::{Path, PathBuf};

use crate::account::Account;
use crate::cluster::{NewCluster, copy_primary};
use crate::directory::{Layout, OwnerLock, create_accessible};
use crate::server::process::{Postmaster, ShutdownMode, stop};
use crate::server::{Launch, Server, socket};
use crate::supervisor::StopSignal;
use crate::watchdog::Guard;
use crate::{Error, Installation, Options, Supervisor, url};

/// A running PostgreSQL server that belongs to this process, and is stopped when this is dropped.
#[derive(Debug)]
pub struct PrivatePostgres {
    server: Option<Server>,
    launch: Launch,
    // Fields are dropped in this order, so a temporary directory is removed before its lock is released.
    guard: Guard,
    _owner: OwnerLock,
}

impl PrivatePostgres {
    /// Starts a server, creating its cluster first if needed, and waits until it accepts
    /// connections.
    ///
    /// A server that a killed process has left running on the same directory is stopped first.
    ///
    /// # Errors
    ///
    /// [`Error::NotInstalled`] and [`Error::VersionMissing`] if no suitable PostgreSQL is installed,
    /// [`Error::InUse`] if another process owns the directory, [`Error::Unreachable`] if this process is root and the
    /// server's user cannot enter the directory, [`Error::Start`] and [`Error::StartTimeout`] with the end of the
    /// server's log if it does not start, and others if a single step fails.
    pub fn start(options: Options) -> Result<Self, Error> {
        let (guard, directory) = match &options.directory {
            Some(directory) => (Guard::none(), directory.clone()),
            None => {
                let guard = Guard::of_new_directory(&Account::of_new_data()?, options.durable)?;
                let directory = guard.directory().to_owned();
                (guard, directory)
            }
        };
        let layout = Layout::new(&directory)?;
        let data = layout.data();
        let account = Account::of_data(&data)?;
        create_accessible(layout.root(), &account)?;
        let owner = OwnerLock::acquire(&layout)?;
        let exists = data.read_dir().is_ok_and(|mut entries| entries.next().is_some());
        let installation =
            if exists { Installation::find_for(&data)? } else { Installation::find()? };
        if !exists {
            let database = options.database.as_deref();
            let (installation, account, guard) = (&installation, &account, &guard);
            NewCluster { installation, account, durable: options.durable, database, guard }
                .create(&layout)?;
        }
        let socket_directory = socket::create_directory(&layout, &account)?;
        let launch = Launch { layout, installation, account, socket_directory, options };
        let mut postgres = Self { server: None, launch, guard, _owner: owner };
        postgres.start_again()?;
        Ok(postgres)
    }

    /// Starts a server for tests, with a database `orders`. It is not durable, and is removed together with its
    /// directory when this value is dropped or this process ends, however it ends.
    ///
    /// # Errors
    ///
    /// Those of [`PrivatePostgres::start`].
    pub fn temporary() -> Result<Self, Error> {
        Self::start(Options::temporary())
    }

    /// The libpq URL of a database on the server that another process runs in this directory; `None` if no server accepts
    /// connections there.
    ///
    /// # Errors
    ///
    /// [`Error::File`] if the path of the directory cannot be found.
    pub fn url_of_running(directory: &Path, database: &str) -> Result<Option<String>, Error> {
        let socket_directory = socket::directory(&Layout::new(directory)?);
        let is_running = socket::accepts_connections(&socket_directory);
        Ok(is_running.then(|| url::url(&[&socket_directory], database)))
    }

    /// The libpq URL of a database on this server.
    pub fn url(&self, database: &str) -> String {
        url::url(&[&self.launch.socket_directory], database)
    }

    /// The libpq URL of a database on this server or its partner, whichever accepts writes.
    pub fn url_with(&self, partner: &Self, database: &str) -> String {
        let url = url::url(&[self.socket_directory(), partner.socket_directory()], database);
        format!("{url}&target_session_attrs=read-write")
    }

    /// The directory that holds everything that belongs to this server.
    pub fn directory(&self) -> &Path {
        self.launch.layout.root()
    }

    /// The directory of the unix socket; the port is 5432 and the user `orders`.
    pub fn socket_directory(&self) -> &Path {
        &self.launch.socket_directory
    }

    /// The file the server logs to.
    pub fn log_file(&self) -> PathBuf {
        self.launch.layout.log()
    }

    /// The PostgreSQL installation that is used.
    pub fn installation(&self) -> &Installation {
        &self.launch.installation
    }

    /// The process id of the server, unless it was stopped.
    pub fn process_id(&self) -> Option<u32> {
        self.server.as_ref().map(|server| server.child.id())
    }

    /// Whether the server process runs: false after a stop, and after the server has died.
    pub fn is_running(&mut self) -> bool {
        self.server.as_mut().is_some_and(|server| server.child.is_running())
    }

    /// Shuts the server down cleanly: clients are disconnected, and all data is written to disk.
    ///
    /// A server that does not stop within 30 s is stopped as by [`Self::stop_immediately`]. The directory remains
    /// locked until this value is dropped. Nothing happens if no server runs.
    ///
    /// # Errors
    ///
    /// [`Error::Stop`] if even killing it does not help.
    pub fn stop(&mut self) -> Result<(), Error> {
        self.stop_with(ShutdownMode::Fast)
    }

    /// Stops the server as a crash would: the next start recovers from the write-ahead log.
    ///
    /// # Errors
    ///
    /// [`Error::Stop`] if even killing it does not help.
    pub fn stop_immediately(&mut self) -> Result<(), Error> {
        self.stop_with(ShutdownMode::Immediate)
    }

    /// Kills the server with SIGKILL.
    ///
    /// # Errors
    ///
    /// [`Error::Stop`] if it does not end.
    pub fn kill(&mut self) -> Result<(), Error> {
        self.stop_with(ShutdownMode::Kill)
    }

    /// Makes this server a standby of another one, with the same URL as before: its data is replaced by a copy of the
    /// primary's, and it is started again. It is promoted with `SELECT pg_promote()`.
    ///
    /// # Errors
    ///
    /// [`Error::BaseBackup`] if the data cannot be copied, and those of [`PrivatePostgres::start_again`].
    pub fn follow(&mut self, primary: &Self) -> Result<(), Error> {
        self.stop_immediately()?;
        copy_primary(&self.launch, &self.guard, primary.socket_directory())?;
        self.start_again()
    }

    /// Starts the server after it was stopped or has died, with the same data and the same URL;
    /// nothing happens if it runs.
    ///
    /// # Errors
    ///
    /// [`Error::Start`] and [`Error::StartTimeout`] if it does not start.
    pub fn start_again(&mut self) -> Result<(), Error> {
        self.start_unless_stopped(&StopSignal::default())
    }

    /// Keeps the server running from now on: when it dies, it is started again.
    ///
    /// # Errors
    ///
    /// [`Error::Supervise`] if no thread can be started.
    pub fn supervise(self) -> Result<Supervisor, Error> {
        Supervisor::new(self)
    }

    /// As [`Self::start_again`], but fails as soon as the signal is set.
    pub(crate) fn start_unless_stopped(&mut self, stop: &StopSignal) -> Result<(), Error> {
        if !self.is_running() {
            self.server = Some(self.launch.start(&self.guard, stop)?);
        }
        Ok(())
    }

    /// If the server has died, forgets it and returns a message with its exit status and the end of its log.
    pub(crate) fn take_exit_message(&mut self) -> Option<String> {
        let status = self.server.as_mut()?.child.try_wait().ok()??;
        let log = self.server.take()?.log;
        self.guard.watch_nothing();
        let path = log.path().display();
        Some(match log.last_lines() {
            lines if lines.is_empty() => {
                format!("postgresql died ({status}) and logged nothing to {path}")
            }
            lines => format!("postgresql died ({status}); the end of its log {path}:\n{lines}"),
        })
    }

    fn stop_with(&mut self, mode: ShutdownMode) -> Result<(), Error> {
        if let Some(server) = &mut self.server {
            stop(&mut server.child, mode)?;
            self.server = None;
            self.guard.watch_nothing();
        }
        Ok(())
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        let is_temporary = self.launch.options.directory.is_none();
        let mode = if is_temporary { ShutdownMode::Immediate } else { ShutdownMode::Fast };
        if let Err(error) = self.stop_with(mode) {
            log::error!("{error}");
        }
        socket::remove_external(&self.launch.layout, &self.launch.account);
    }
}
