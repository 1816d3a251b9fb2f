//! The database that a command uses: [`Database`].

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use orders_core::{ListQuery, Services as _, StoreError};
use orders_db::migrations::{self, MigrationError};
use orders_db::{Heartbeat, PgStore, Settings, requirements};
use private_postgres::{Options, PrivatePostgres, Supervisor};

use super::arguments::{Cli, DATA_DIR, DatabaseArgs, MigrateMode, ServerArgs};
use super::database_url::DatabaseUrl;
use super::sample_data;
use crate::access::Access;
use crate::{server, worker};

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
    /// None if it is another process that runs it.
    server: Option<Supervisor>,
    directory: PathBuf,
}

/// How a command uses a private PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Starts it, so no service may run on it.
    Alone,
    /// Uses the one that a running service has started, or else starts it.
    Shared,
    /// The same, but fails if there is no data yet.
    Existing,
}

impl Database {
    /// The database at the given URL. Without one, starts a private PostgreSQL.
    ///
    /// # Errors
    /// If the URL is malformed, or the private PostgreSQL does not start.
    pub fn open(arguments: &DatabaseArgs) -> Result<Self> {
        Self::open_for(arguments, Use::Alone)
    }

    /// The same, but uses the private PostgreSQL of a service that runs.
    ///
    /// # Errors
    /// If the URL is malformed, or the private PostgreSQL does not start.
    pub(super) fn open_shared(arguments: &DatabaseArgs) -> Result<Self> {
        Self::open_for(arguments, Use::Shared)
    }

    /// Does work on the store of an up-to-date database, also while a service runs.
    ///
    /// # Errors
    /// If the database cannot be used, or the work fails.
    pub(super) fn with_store(cli: &Cli, work: impl FnOnce(&PgStore) -> Result<()>) -> Result<()> {
        let database = Self::open_for(&cli.database, Use::Existing)?;
        let done = database.prepare(cli).and_then(|store| work(&store));
        database.close();
        done
    }

    fn open_for(arguments: &DatabaseArgs, purpose: Use) -> Result<Self> {
        match arguments.database_url.as_deref().filter(|url| !url.trim().is_empty()) {
            Some(url) => Ok(Self { url: parse(url)?, private: None }),
            None => Self::start_private(&arguments.data_dir, purpose),
        }
    }

    fn start_private(directory: &Path, purpose: Use) -> Result<Self> {
        let has_database = |directory: &Path| directory.join("postgres").exists();
        let for_root = directory == Path::new(DATA_DIR) && has_database(Path::new(ROOT_DATA_DIR));
        if purpose == Use::Existing && !has_database(directory) && !for_root {
            bail!(
                "there is no database in {}; start the service first, or give its --data-dir or DATABASE_URL",
                directory.display()
            );
        }
        let (directory, started) = match start_in(directory, purpose) {
            // As root we run PostgreSQL as another user, who cannot enter root's home directory.
            Err(private_postgres::Error::Unreachable { .. })
                if directory == Path::new(DATA_DIR) =>
            {
                log::warn!("PostgreSQL cannot enter {}", directory.display());
                (Path::new(ROOT_DATA_DIR), start_in(Path::new(ROOT_DATA_DIR), purpose))
            }
            started => (directory, started),
        };
        let (url, server) = started.map_err(|error| {
            anyhow!(
                "cannot run a private PostgreSQL in {}: {error}\n\
                 You can also give a database with DATABASE_URL.",
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

    /// A store on this database after its schema was updated, or only checked. A new private database gets the sample
    /// services, so that the first order takes one request.
    ///
    /// # Errors
    /// If the database cannot be reached or is unsuitable, a migration fails, or one is missing that may not be applied.
    pub(super) fn prepare(&self, cli: &Cli) -> Result<PgStore> {
        let is_migrated = match cli.database.migrate {
            MigrateMode::Auto => !self.migrate()?.is_empty(),
            MigrateMode::Check => {
                migrations::check(self.url.expose())
                    .map_err(|error| self.migration_error(&error))?;
                false
            }
        };
        let store = self.store(cli)?;
        if is_migrated && self.private.is_some() {
            add_first_services(&store)?;
        }
        Ok(store)
    }

    /// Warns about settings of the server under which writes can be lost, or an instance cannot have its connections.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub(super) fn warn_about_settings(&self, cli: &Cli) -> Result<()> {
        let settings = self.settings(cli);
        // Two more: the heartbeat and the feed.
        let for_webhooks =
            if cli.server.webhooks.no_webhooks { 0 } else { worker::CONNECTIONS + 1 };
        // One for the heartbeat, and one for the feed.
        let others = settings.long_connections.saturating_add(2 + for_webhooks);
        let connections = settings.connections.saturating_add(others);
        let warnings = requirements::warnings(self.url.expose(), connections);
        for warning in warnings.map_err(|error| self.unusable(error))? {
            log::warn!("{warning}");
        }
        Ok(())
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
        self.connect(&self.settings(cli))
    }

    /// A store of its own for the worker that sends changes to webhooks, unless others do that.
    ///
    /// # Errors
    /// If the database cannot be reached.
    pub fn worker_store(&self, cli: &Cli) -> Result<Option<PgStore>> {
        if cli.server.webhooks.no_webhooks {
            return Ok(None);
        }
        let settings = Settings { connections: worker::CONNECTIONS, ..self.settings(cli) };
        self.connect(&settings).map(Some)
    }

    fn connect(&self, settings: &Settings) -> Result<PgStore> {
        PgStore::connect(settings).map_err(|error| match error {
            StoreError::Unavailable(cause) => self.unreachable(cause),
            other => self.unreachable(other),
        })
    }

    /// The clients and their keys in this database, from now on.
    ///
    /// # Errors
    /// If the database cannot be reached, or the keys of the identity provider cannot be read.
    pub fn access(&self, cli: &Cli, store: &PgStore) -> Result<Access> {
        let heartbeat = Heartbeat::new(&self.settings(cli));
        let tokens = cli.server.identity_provider.tokens()?;
        let ServerArgs { auth, keep_changes, .. } = cli.server;
        let started = Access::start(auth, tokens, heartbeat, store.clone(), keep_changes);
        started.map_err(|error| self.unusable(error))
    }

    fn settings(&self, cli: &Cli) -> Settings {
        // The database gives up before the request does, so that the client learns that nothing was done.
        let within_request = |wait: Duration| wait.min(cli.database.request_timeout * 4 / 5);
        Settings {
            connect_wait: within_request(CONNECT_WAIT),
            statement_timeout: within_request(STATEMENT_TIMEOUT),
            // The service ends an export itself if the client stalls; this ends one that hangs in the service.
            export_pause: cli.server.stall_timeout * (server::PATIENCE + 1),
            long_connections: cli.server.limits.long_connections(),
            ..Settings::new(self.url.expose(), cli.database.connections())
        }
    }

    /// Stops the private PostgreSQL, if there is one. The database must no longer be in use.
    pub fn close(mut self) {
        if let Some(Private { server: Some(server), directory }) = &mut self.private {
            log::info!("stopping the private PostgreSQL in {}", directory.display());
            if let Err(error) = server.stop() {
                log::error!("{error}");
            }
        }
    }

    fn migration_error(&self, error: &MigrationError) -> anyhow::Error {
        match error {
            MigrationError::Connect(cause) => self.unreachable(cause),
            MigrationError::Newer { .. }
            | MigrationError::Pending(_)
            | MigrationError::Unsuitable(_) => self.unusable(error),
            MigrationError::Step(cause) => {
                anyhow!("cannot bring the database {self} up to date: {}", self.redact(cause))
            }
        }
    }

    fn unreachable(&self, cause: impl Display) -> anyhow::Error {
        let cause = cause.to_string();
        let advice = match (refused_user(&cause), self.url.names_user()) {
            (Some(user), true) => {
                format!("Check the user {user} and its password in DATABASE_URL.")
            }
            (Some(user), false) => format!(
                "DATABASE_URL names no user, so {user} was tried: the user in PGUSER, or the one that runs the program. \
                 Write it as postgres://USER:PASSWORD@HOST/NAME."
            ),
            (None, _) => "Check that DATABASE_URL is right and that the server runs.".to_owned(),
        };
        anyhow!("{}\n{advice}", self.unusable(cause))
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

/// The user in a message of PostgreSQL, such as `role "root" does not exist`, that it lets no one in under this name.
fn refused_user(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("role \"").or_else(|| message.split_once("user \""))?;
    rest.split_once('"').map(|(user, _)| user)
}

fn add_first_services(store: &PgStore) -> Result<()> {
    let any = store.services(&ListQuery { after: None, limit: 1 });
    if any.context("cannot read the services")?.items.is_empty() {
        let services =
            sample_data::add_services(store).context("cannot add the sample services")?;
        log::info!("the database is new; added {services} sample services, see /services");
    }
    Ok(())
}

fn parse(url: &str) -> Result<DatabaseUrl> {
    DatabaseUrl::new(url).map_err(|error| anyhow!("{error} (--database-url or DATABASE_URL)"))
}

fn start_in(
    directory: &Path,
    purpose: Use,
) -> Result<(String, Option<Supervisor>), private_postgres::Error> {
    if purpose != Use::Alone
        && let Some(url) = PrivatePostgres::url_of_running(directory, DATABASE)?
    {
        return Ok((url, None));
    }
    log::info!("starting a private PostgreSQL in {}", directory.display());
    let server = PrivatePostgres::start(Options::at(directory).database(DATABASE))?;
    Ok((server.url(DATABASE), Some(server.supervise()?)))
}
