//! Connections: [`PgStore`] and how it gets, tests and gives up sessions.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::DatabaseErrorKind::ReadOnlyTransaction;
use diesel::result::Error;
use diesel::sql_types::Bool;
use orders_core::StoreError;
use r2d2::{HandleError, ManageConnection, Pool, PooledConnection};

use crate::error::{Failure, is_passing, stored};
use crate::statement::statement;

/// How a store reaches its database.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The database, as libpq reads it: `postgres://..` or `host=.. dbname=..`.
    pub url: String,
    /// How many connections are kept open.
    pub connections: u32,
    /// How long to wait for a connection that works.
    pub connect_wait: Duration,
    /// How long one statement may run before the database ends it.
    pub statement_timeout: Duration,
    /// How long whoever takes an export may pause before the database ends it, for it holds back vacuuming.
    pub export_pause: Duration,
}

impl Settings {
    /// The usual settings: 2 seconds for a connection, 8 seconds for a statement, and a minute's pause.
    #[must_use]
    pub fn new(url: impl Into<String>, connections: u32) -> Self {
        Self {
            url: url.into(),
            connections,
            connect_wait: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(8),
            export_pause: Duration::from_secs(60),
        }
    }
}

/// Orders, services and calendars in one PostgreSQL database. Cheap to clone.
#[derive(Clone)]
pub struct PgStore {
    pool: Pool<Sessions>,
    /// For what takes long, so that it takes no connection from what does not.
    long_pool: Pool<Sessions>,
}

/// How often a write is tried again that the database gave up for another's sake (a deadlock, say).
/// Nothing here deadlocks with itself; somebody with `psql` may.
const TRIES: usize = 5;

/// How many long pieces of work may run at once; their connections are opened when needed.
const LONG_CONNECTIONS: u32 = 4;

impl PgStore {
    /// Opens the connections to a database that is migrated.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached.
    pub fn connect(settings: &Settings) -> Result<Self, StoreError> {
        let builder = || {
            let outages = Outages { told: Mutex::default() };
            Pool::builder()
                .connection_timeout(settings.connect_wait)
                .error_handler(Box::new(outages))
        };
        let pool = builder()
            .max_size(settings.connections)
            .build(Sessions::new(settings, settings.statement_timeout))
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        let long_pool = builder()
            .max_size(LONG_CONNECTIONS)
            .min_idle(Some(0))
            .idle_timeout(Some(Duration::from_secs(60)))
            .build_unchecked(Sessions::new(settings, settings.export_pause));
        Ok(Self { pool, long_pool })
    }

    /// Whether the database answers and takes writes.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it does not, for example because it has become a standby.
    pub fn ping(&self) -> Result<(), StoreError> {
        self.with(|conn| {
            let (read_only,) = IsReadOnly {}.get_result::<(bool,)>(conn)?;
            if read_only {
                let message = Box::new("the database is read-only".to_owned());
                return Err(Error::DatabaseError(ReadOnlyTransaction, message).into());
            }
            Ok(())
        })
    }

    /// Does `work` on a connection, once more when the database gave it up for another's sake.
    pub(crate) fn with<T>(
        &self,
        work: impl FnMut(&mut PgConnection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        session(&self.pool)?.run(TRIES, work)
    }

    /// Does a long piece of work, which cannot be repeated, on a connection of its own.
    pub(crate) fn with_long<T>(
        &self,
        work: impl FnMut(&mut PgConnection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        session(&self.long_pool)?.run(1, work)
    }
}

statement! {
    /// Whether the server takes no writes in this session: a standby never does.
    IsReadOnly {} -> (Bool,)
    "SELECT current_setting('transaction_read_only')::boolean"
}

fn session(pool: &Pool<Sessions>) -> Result<PooledConnection<Sessions>, StoreError> {
    pool.get().map_err(|error| StoreError::Unavailable(error.into()))
}

/// Opens sessions for the pool, and tests those that were idle.
struct Sessions {
    url: String,
    setup: String,
}

/// A connection, and what is known of its health.
pub(crate) struct Session {
    conn: PgConnection,
    last_used: Instant,
    suspect: bool,
}

/// A connection that answered so recently is taken to be alive without asking again: under load no
/// checkout costs a round trip, and after a restart of the database none that was idle fails a request.
const FRESH: Duration = Duration::from_millis(50);

impl Session {
    fn run<T>(
        &mut self,
        tries: usize,
        mut work: impl FnMut(&mut PgConnection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        let mut tried = 1;
        let result = loop {
            match work(&mut self.conn) {
                Err(Failure::Database(error)) if is_passing(&error) && tried < tries => tried += 1,
                result => break result,
            }
        };
        self.last_used = Instant::now();
        result.map_err(|failure| match failure {
            Failure::Refused(refusal) => refusal,
            Failure::Database(error) => {
                // Diesel cannot tell every loss of the connection from other errors, but a question can.
                let lost = self.conn.batch_execute("SELECT 1").is_err();
                // After a failover a new session may find the server that takes writes.
                self.suspect =
                    lost || matches!(error, Error::DatabaseError(ReadOnlyTransaction, _));
                stored(error, lost)
            }
        })
    }
}

/// A statement is planned once a session, perhaps while its tables are empty, so its plan must be right for any number of
/// rows. The statements leave the planner one index each; these settings leave it one way to use that index.
pub const PLAN_SETTINGS: &str = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; \
                     SET enable_bitmapscan = off; SET enable_hashjoin = off; \
                     SET enable_mergejoin = off; SET jit = off; SET random_page_cost = 1.1";

impl Sessions {
    /// Sessions whose transactions may wait that long for their next statement.
    fn new(settings: &Settings, pause: Duration) -> Self {
        let millis = |time: Duration| i32::try_from(time.as_millis()).unwrap_or(i32::MAX);
        let (timeout, pause) = (millis(settings.statement_timeout), millis(pause));
        Self {
            url: with_timeouts(&settings.url),
            setup: format!(
                "SET statement_timeout = {timeout}; SET lock_timeout = {timeout}; \
                 SET idle_in_transaction_session_timeout = {pause}; SET TimeZone = 'UTC'; {PLAN_SETTINGS}"
            ),
        }
    }
}

impl ManageConnection for Sessions {
    type Connection = Session;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Session, Self::Error> {
        let mut conn = PgConnection::establish(&self.url)?;
        conn.batch_execute(&self.setup)?;
        // Some errors can be told only by their words, so they had better be English; who may not
        // choose the language of the server's messages has to do with what it speaks.
        let _ = conn.batch_execute("SET lc_messages = 'C'");
        Ok(Session { conn, last_used: Instant::now(), suspect: false })
    }

    fn is_valid(&self, session: &mut Session) -> Result<(), Self::Error> {
        if session.last_used.elapsed() > FRESH {
            session.conn.batch_execute("SELECT 1")?;
            session.last_used = Instant::now();
        }
        Ok(())
    }

    fn has_broken(&self, session: &mut Session) -> bool {
        session.suspect
            || diesel::r2d2::R2D2Connection::is_broken(&mut session.conn)
            || std::thread::panicking()
    }
}

/// What the log learns of a database that cannot be reached. The pool tries several times a second, and each
/// request that fails says so itself.
#[derive(Debug)]
struct Outages {
    /// When something was last told.
    told: Mutex<Option<Instant>>,
}

/// How often the log is told that the database still cannot be reached.
const REMINDER: Duration = Duration::from_secs(10);

impl Outages {
    fn is_due(&self, now: Instant) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let due = told.is_none_or(|told| now.saturating_duration_since(told) >= REMINDER);
        if due {
            *told = Some(now);
        }
        due
    }
}

impl<E: std::error::Error> HandleError<E> for Outages {
    fn handle_error(&self, error: E) {
        if self.is_due(Instant::now()) {
            log::error!(
                "no connection to the database, and trying on: {}",
                one_line(&error.to_string())
            );
        }
    }
}

/// The text as one line of the log; libpq breaks its messages into several.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The URL with bounds on how long a connection may hang on a network that went silent; those that
/// it names itself stand.
fn with_timeouts(url: &str) -> String {
    let bounds = [("connect_timeout", "5"), ("tcp_user_timeout", "10000")];
    let missing = bounds.iter().filter(|(name, _)| !url.contains(name));
    let is_uri = url.starts_with("postgres://") || url.starts_with("postgresql://");
    missing.fold(url.to_owned(), |url, (name, value)| match (is_uri, url.contains('?')) {
        (true, true) => format!("{url}&{name}={value}"),
        (true, false) => format!("{url}?{name}={value}"),
        (false, _) => format!("{url} {name}={value}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_at_once_and_then_every_ten_seconds() {
        let outages = Outages { told: Mutex::default() };
        let began = Instant::now();
        let told: Vec<_> = (0..40).filter(|n| outages.is_due(began + REMINDER / 4 * *n)).collect();
        assert_eq!(told, [0, 4, 8, 12, 16, 20, 24, 28, 32, 36]);
    }

    #[test]
    fn an_outage_is_told_in_one_line() {
        let said = "connection failed: refused\n\tIs the server running?\n";
        assert_eq!(one_line(said), "connection failed: refused Is the server running?");
    }
}
