//! Database sessions: how they are set up, tested and given up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::DatabaseErrorKind::ReadOnlyTransaction;
use diesel::result::Error;
use orders_core::StoreError;
use r2d2::ManageConnection;

use crate::Settings;
use crate::error::{Failure, classify, is_transient};
use crate::requests::Attempt;

/// Settings that fix the plans of the store's statements.
///
/// A statement is planned once in a session, perhaps while its tables are empty, so its plan must be right for any
/// number of rows. The statements leave the planner one index each; these settings leave it one way to use that index.
pub const PLAN_SETTINGS: &str = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; \
                     SET enable_bitmapscan = off; SET enable_hashjoin = off; \
                     SET enable_mergejoin = off; SET enable_memoize = off; SET jit = off; SET random_page_cost = 1.1";

/// How long a session counts as working after its last use. Under load, a checkout then costs no round trip; and after
/// a restart of the database, no session that was idle fails a request.
const TRUSTED: Duration = Duration::from_millis(50);

/// Opens sessions for a pool, and tests those that were idle.
pub(crate) struct Sessions {
    url: String,
    setup: String,
    generation: Arc<AtomicU64>,
}

impl Sessions {
    /// Sessions whose transactions may pause between statements for at most `pause`.
    pub(crate) fn new(settings: &Settings, pause: Duration) -> Self {
        let millis = |time: Duration| i32::try_from(time.as_millis()).unwrap_or(i32::MAX);
        let statement_timeout = millis(settings.statement_timeout);
        let lock_timeout = millis(settings.lock_timeout.min(settings.statement_timeout));
        let pause = millis(pause);
        Self {
            url: with_timeouts(&settings.url),
            generation: Arc::default(),
            setup: format!(
                "SET statement_timeout = {statement_timeout}; SET lock_timeout = {lock_timeout}; \
                 SET idle_in_transaction_session_timeout = {pause}; SET TimeZone = 'UTC'; {PLAN_SETTINGS}"
            ),
        }
    }

    /// These sessions, which are to be replaced if the generation increases.
    pub(crate) fn of(self, generation: &Arc<AtomicU64>) -> Self {
        Self { generation: Arc::clone(generation), ..self }
    }
}

impl ManageConnection for Sessions {
    type Connection = Session;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Session, Self::Error> {
        let mut conn = PgConnection::establish(&self.url)?;
        conn.batch_execute(&self.setup)?;
        // Some errors are recognized by their English message (see `error.rs`). A role may lack the right to set the
        // language of the messages; then the language of the server applies.
        let _ = conn.batch_execute("SET lc_messages = 'C'");
        let generation = self.generation.load(Ordering::Relaxed);
        Ok(Session { conn, generation, last_used: Instant::now(), suspect: false })
    }

    fn is_valid(&self, session: &mut Session) -> Result<(), Self::Error> {
        if session.generation != self.generation.load(Ordering::Relaxed) {
            let message = "the session is of an earlier generation".to_owned();
            return Err(diesel::r2d2::Error::ConnectionError(ConnectionError::BadConnection(
                message,
            )));
        }
        if session.last_used.elapsed() > TRUSTED {
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

/// A connection, and what is known of its health.
pub(crate) struct Session {
    conn: PgConnection,
    generation: u64,
    last_used: Instant,
    /// Whether the pool should replace it.
    suspect: bool,
}

impl Session {
    /// Does `work`, at most `attempts` times if the database aborts it because of another transaction.
    pub(crate) fn run<T>(
        &mut self,
        attempts: u32,
        mut work: impl FnMut(&mut PgConnection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        let mut attempt = 1;
        let result = loop {
            match work(&mut self.conn) {
                Err(Failure::Database(error)) if is_transient(&error) && attempt < attempts => {
                    attempt += 1;
                }
                result => break result,
            }
        };
        self.last_used = Instant::now();
        result.map_err(|failure| match failure {
            Failure::Rejected(error) => error,
            Failure::Database(error) => {
                let lost = self.examine(&error);
                classify(error, lost)
            }
        })
    }

    /// Does `work` once for several requests.
    pub(crate) fn attempt<T>(
        &mut self,
        work: impl FnOnce(&mut PgConnection) -> QueryResult<T>,
    ) -> Attempt<T> {
        let result = work(&mut self.conn);
        self.last_used = Instant::now();
        match result {
            Ok(done) => Attempt::Done(done),
            Err(error) => {
                let lost = self.examine(&error);
                match error {
                    Error::DatabaseError(..) if !lost => Attempt::Rejected,
                    // The statement may have been executed.
                    error => Attempt::Failed(classify(error, lost)),
                }
            }
        }
    }

    /// Whether the connection is lost, after an error. Then the pool replaces it.
    fn examine(&mut self, error: &Error) -> bool {
        // Diesel does not recognize every loss of the connection, but a query does.
        let lost = self.conn.batch_execute("SELECT 1").is_err();
        // After a failover, a new session may find the server that accepts writes.
        let read_only = matches!(error, Error::DatabaseError(ReadOnlyTransaction, _));
        self.suspect = lost || read_only;
        lost
    }
}

/// The URL with limits on how long a connection may wait for a network that does not answer, unless the URL sets them.
fn with_timeouts(url: &str) -> String {
    let timeouts = [
        ("connect_timeout", "5"),
        ("tcp_user_timeout", "10000"),
        ("keepalives_idle", "5"),
        ("keepalives_interval", "2"),
        ("keepalives_count", "3"),
    ];
    let missing = timeouts.iter().filter(|(name, _)| !url.contains(name));
    let is_uri = url.starts_with("postgres://") || url.starts_with("postgresql://");
    missing.fold(url.to_owned(), |url, (name, value)| match (is_uri, url.contains('?')) {
        (true, true) => format!("{url}&{name}={value}"),
        (true, false) => format!("{url}?{name}={value}"),
        (false, _) => format!("{url} {name}={value}"),
    })
}
