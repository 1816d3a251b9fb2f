//! The database that a command uses: [`Database`].

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, anyhow};
use orders_core::StoreError;
use orders_db::migrations::{self, MigrationError};
use orders_db::{PgStore, Settings};
use private_postgres::{Options, PrivatePostgres, Supervisor};

use super::arguments::{Cli, DATA_DIR, DatabaseArgs};
use super::database_url::DatabaseUrl;

/// The name of the database in the private PostgreSQL.
const DATABASE: &str = "orders";

/// The data directory if the default one cannot be used because the service runs as root.
const ROOT_DATA_DIR: &str = "/var/lib/orders";

/// The longest wait for a working connection.
const CONNECT_WAIT: Duration = Duration::from_secs(2);

/// The longest that one statement runs.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(8);

/// The database at a given URL, or a private one, which runs until this value is closed or dropped.
///
/// It is displayed without passwords, and its errors contain none.
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

impl Database {
    /// The database at the given URL. Without one, starts a private PostgreSQL.
    ///
    /// # Errors
    /// If the URL is malformed, or the private PostgreSQL does not start.
    pub fn open(arguments: &DatabaseArgs) -> Result<Self> {
        match arguments.database_url.as_deref().filter(|url| !url.trim().is_empty()) {
            Some(url) => Ok(Self { url: parse(url)?, private: None }),
            None => Self::start_private(&arguments.data_dir),
        }
    }

    fn start_private(directory: &Path) -> Result<Self> {
        let (directory, started) = match start_in(directory) {
            // As root we run PostgreSQL as another user, who cannot enter root's home directory.
            Err(private_postgres::Error::Unreachable { .. })
                if directory == Path::new(DATA_DIR) =>
            {
                log::warn!("PostgreSQL cannot enter {}", directory.display());
                (Path::new(ROOT_DATA_DIR), start_in(Path::new(ROOT_DATA_DIR)))
            }
            started => (directory, started),
        };
        let (url, server) = started.map_err(|error| {
            anyhow!(
                "cannot run a private PostgreSQL in {}: {error}\n\
                 Give a database with DATABASE_URL, or another directory with --data-dir.",
                directory.display()
            )
        })?;
        let private = Some(Private { server, directory: directory.to_owned() });
        Ok(Self { url: parse(&url)?, private })
    }

    /// Applies the missing migrations, and returns their names.
    ///
    /// # Errors
    /// If the database cannot be reached or is unsuitable, or a migration fails.
    pub fn migrate(&self) -> Result<Vec<String>> {
        migrations::run(self.url.expose()).map_err(|error| self.migration_error(&error))
    }

    /// Reverts the newest migration, if there is one, and returns its name.
    ///
    /// # Errors
    /// If the database cannot be reached or is unsuitable, or the migration cannot be reverted.
    pub fn revert(&self) -> Result<Option<String>> {
        migrations::revert(self.url.expose()).map_err(|error| self.migration_error(&error))
    }

    /// A store on this database, whose schema must be up to date.
    ///
    /// # Errors
    /// If the database cannot be reached.
    pub fn store(&self, cli: &Cli) -> Result<PgStore> {
        // The database gives up before the request does, so that the client learns that nothing was done.
        let within_request = |wait: Duration| wait.min(cli.database.request_timeout * 4 / 5);
        let settings = Settings {
            connect_wait: within_request(CONNECT_WAIT),
            statement_timeout: within_request(STATEMENT_TIMEOUT),
            // The service ends an export itself if the client stalls; this ends one that hangs in the service.
            export_pause: cli.server.stall_timeout * 2,
            ..Settings::new(self.url.expose(), cli.database.connections())
        };
        PgStore::connect(&settings).map_err(|error| match error {
            StoreError::Unavailable(cause) => self.unreachable(cause),
            other => self.unreachable(other),
        })
    }

    /// Whether it is a private PostgreSQL.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.private.is_some()
    }

    /// Stops the private PostgreSQL, if there is one. The database must no longer be in use.
    pub fn close(mut self) {
        if let Some(Private { server, directory }) = &mut self.private {
            log::info!("stopping the private PostgreSQL in {}", directory.display());
            if let Err(error) = server.stop() {
                log::error!("{error}");
            }
        }
    }

    fn migration_error(&self, error: &MigrationError) -> anyhow::Error {
        match error {
            MigrationError::Connect(cause) => self.unreachable(cause),
            MigrationError::Newer { .. } | MigrationError::ReadOnly => self.unusable(error),
            MigrationError::Step(cause) => {
                anyhow!("cannot bring the database {self} up to date: {}", self.redact(cause))
            }
        }
    }

    fn unreachable(&self, cause: impl Display) -> anyhow::Error {
        let error = self.unusable(cause);
        anyhow!("{error}\nCheck that DATABASE_URL is right and that the server runs.")
    }

    fn unusable(&self, cause: impl Display) -> anyhow::Error {
        anyhow!("cannot use the database {self}: {}", self.redact(cause))
    }

    fn redact(&self, cause: impl Display) -> String {
        self.url.redact(cause.to_string().trim())
    }
}

/// `private PostgreSQL in .orders`, or the URL without user and password.
impl Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.private {
            Some(private) => write!(f, "private PostgreSQL in {}", private.directory.display()),
            None => write!(f, "{}", self.url),
        }
    }
}

fn parse(url: &str) -> Result<DatabaseUrl> {
    DatabaseUrl::new(url).map_err(|error| anyhow!("{error} (--database-url or DATABASE_URL)"))
}

fn start_in(directory: &Path) -> Result<(String, Supervisor), private_postgres::Error> {
    log::info!("starting a private PostgreSQL in {}", directory.display());
    let server = PrivatePostgres::start(Options::at(directory).database(DATABASE))?;
    Ok((server.url(DATABASE), server.supervise()?))
}
