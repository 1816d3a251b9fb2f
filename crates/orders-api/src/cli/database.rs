//! Which database is used: [`Database`].

use std::path::{Path, PathBuf};
use std::time::Duration;

use orders_core::StoreError;
use orders_db::migrations::{self, MigrationError};
use orders_db::{PgStore, Settings};
use private_postgres::{Options, PrivatePostgres, Supervisor};

use crate::cli::arguments::{Cli, DATA_DIR, DatabaseArgs};
use crate::cli::database_url::{DatabaseUrl, InvalidUrl};

/// The name of our database in the private PostgreSQL.
const DATABASE: &str = "orders";

/// Where the private PostgreSQL keeps its data instead of [`DATA_DIR`] when it could not get there.
const ROOT_DATA_DIR: &str = "/var/lib/orders";

/// The longest wait for a connection that works.
const CONNECT_WAIT: Duration = Duration::from_secs(2);

/// The longest that one statement runs.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(8);

/// The database in use: a given one, or a private one, which is kept running as long as this value
/// lives.
#[derive(Debug)]
pub struct Database {
    url: DatabaseUrl,
    private: Option<Private>,
}

#[derive(Debug)]
struct Private {
    server: Supervisor,
    directory: PathBuf,
}

/// Why the database cannot be used, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The given URL names no database.
    #[error("{0} (--database-url or DATABASE_URL)")]
    Url(InvalidUrl),
    /// The private PostgreSQL does not start.
    #[error(
        "cannot run a private PostgreSQL in {}: {error}\n\
         Give a database with DATABASE_URL, or another directory with --data-dir.",
        directory.display()
    )]
    Private {
        /// Where it was to run.
        directory: PathBuf,
        /// What was in the way.
        error: private_postgres::Error,
    },
    /// The given database does not answer.
    #[error(
        "cannot use the database {database}: {reason}\n\
         Check that DATABASE_URL is right and that the server runs."
    )]
    Unreachable {
        /// The database, without passwords.
        database: String,
        /// What it said, without passwords.
        reason: String,
    },
    /// The database answers, but this program must not or cannot work with it.
    #[error("cannot use the database {database}: {reason}")]
    Unsuitable {
        /// The database, without passwords.
        database: String,
        /// Why, and what to do.
        reason: String,
    },
    /// The schema cannot be changed.
    #[error("cannot bring the database {database} up to date: {reason}")]
    Migration {
        /// The database, without passwords.
        database: String,
        /// What it said, without passwords.
        reason: String,
    },
}

/// Not as its source, so that what is wrong is said once.
impl From<InvalidUrl> for DatabaseError {
    fn from(error: InvalidUrl) -> Self {
        Self::Url(error)
    }
}

impl Database {
    /// The database that the arguments name, or else a private one, started.
    ///
    /// # Errors
    /// When the URL is malformed, or the private PostgreSQL does not start.
    pub fn open(arguments: &DatabaseArgs) -> Result<Self, DatabaseError> {
        match arguments.database_url.as_deref().filter(|url| !url.trim().is_empty()) {
            Some(url) => Ok(Self { url: DatabaseUrl::new(url)?, private: None }),
            None => Self::start_private(&arguments.data_dir),
        }
    }

    fn start_private(directory: &Path) -> Result<Self, DatabaseError> {
        let start = |directory: &Path| {
            log::info!("starting a private PostgreSQL in {}", directory.display());
            PrivatePostgres::start(Options::at(directory).database(DATABASE))
        };
        let (directory, started) = match start(directory) {
            // PostgreSQL does not run as root, and whom it runs as cannot enter root's own folders.
            Err(private_postgres::Error::Unreachable { .. })
                if directory == Path::new(DATA_DIR) =>
            {
                log::warn!("PostgreSQL cannot enter {}", directory.display());
                (Path::new(ROOT_DATA_DIR), start(Path::new(ROOT_DATA_DIR)))
            }
            started => (directory, started),
        };
        let directory = directory.to_owned();
        let supervised = started.and_then(|server| {
            let url = server.url(DATABASE);
            Ok((url, server.supervise()?))
        });
        match supervised {
            Ok((url, server)) => {
                let url = DatabaseUrl::new(url)?;
                Ok(Self { url, private: Some(Private { server, directory }) })
            }
            Err(error) => Err(DatabaseError::Private { directory, error }),
        }
    }

    /// Brings the schema up to date, and names the steps that were missing.
    ///
    /// # Errors
    /// When the database does not answer, or a step fails.
    pub fn migrate(&self) -> Result<Vec<String>, DatabaseError> {
        migrations::run(self.url.expose()).map_err(|error| self.migration_error(&error))
    }

    /// Takes the newest step back, and names it; none when there is nothing to take back.
    ///
    /// # Errors
    /// When the database does not answer, or the step cannot be undone.
    pub fn revert(&self) -> Result<Option<String>, DatabaseError> {
        migrations::revert(self.url.expose()).map_err(|error| self.migration_error(&error))
    }

    /// A store on this database, whose schema must be up to date.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn store(&self, cli: &Cli) -> Result<PgStore, DatabaseError> {
        // The database gives up before the request does, so that the client learns that nothing was done.
        let within_request = |wait: Duration| wait.min(cli.database.request_timeout * 4 / 5);
        let settings = Settings {
            connect_wait: within_request(CONNECT_WAIT),
            statement_timeout: within_request(STATEMENT_TIMEOUT),
            // The service ends a stalled export itself; this is for an export that hangs on our side.
            export_pause: cli.server.stall_timeout * 2,
            ..Settings::new(self.url.expose(), cli.database.connections())
        };
        PgStore::connect(&settings).map_err(|error| match error {
            StoreError::Unavailable(cause) => self.unreachable(&cause.to_string()),
            other => self.unreachable(&other.to_string()),
        })
    }

    /// Whether it is ours alone.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.private.is_some()
    }

    /// Stops the private PostgreSQL, if there is one; nobody may use the database any more.
    pub fn close(mut self) {
        if let Some(Private { server, directory }) = &mut self.private {
            log::info!("stopping the private PostgreSQL in {}", directory.display());
            if let Err(error) = server.stop() {
                log::error!("{error}");
            }
        }
    }

    fn migration_error(&self, error: &MigrationError) -> DatabaseError {
        match error {
            MigrationError::Connect(cause) => self.unreachable(&cause.to_string()),
            MigrationError::Newer { .. } | MigrationError::ReadOnly => {
                DatabaseError::Unsuitable { database: self.to_string(), reason: error.to_string() }
            }
            MigrationError::Step(cause) => DatabaseError::Migration {
                database: self.to_string(),
                reason: self.url.redact(cause.to_string().trim()),
            },
        }
    }

    fn unreachable(&self, reason: &str) -> DatabaseError {
        DatabaseError::Unreachable {
            database: self.to_string(),
            reason: self.url.redact(reason.trim()),
        }
    }
}

/// `private PostgreSQL in .orders`, or the URL without its password.
impl std::fmt::Display for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.private {
            Some(private) => write!(f, "private PostgreSQL in {}", private.directory.display()),
            None => write!(f, "{}", self.url),
        }
    }
}
