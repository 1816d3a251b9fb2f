//! Connections: [`PgStore`] and its pools.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::prelude::*;
use orders_core::{Client, StoreError};
use r2d2::{Pool, PooledConnection};

use crate::caller::Caller;
use crate::error::Failure;
use crate::outage_log::OutageLog;
use crate::requests::Attempt;
use crate::session::Sessions;

/// How a store reaches its database.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The database, as libpq reads it: `postgres://..` or `host=.. dbname=..`.
    pub url: String,
    /// How many connections are kept open.
    pub connections: u32,
    /// The longest wait for a connection that works.
    pub connect_wait: Duration,
    /// The longest time that a statement runs.
    pub statement_timeout: Duration,
    /// The longest time that a statement waits for the lock of another transaction.
    pub lock_timeout: Duration,
    /// The longest time that a new minimum gap of a calendar takes. It rewrites all orders of the calendar.
    pub gap_change_timeout: Duration,
    /// How many connections for long work there are at most: for exports and new minimum gaps. They are opened when they
    /// are needed.
    pub long_connections: u32,
    /// The longest pause of the receiver of an export. Its transaction delays the cleanup of dead rows.
    pub export_pause: Duration,
}

impl Settings {
    /// The default settings for this database.
    #[must_use]
    pub fn new(url: impl Into<String>, connections: u32) -> Self {
        Self {
            url: url.into(),
            connections,
            connect_wait: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(8),
            lock_timeout: Duration::from_secs(1),
            gap_change_timeout: Duration::from_secs(120),
            long_connections: 5,
            export_pause: Duration::from_secs(60),
        }
    }
}

/// Orders, services and calendars in one PostgreSQL database. Cheap to clone.
#[derive(Clone)]
pub struct PgStore {
    pool: Pool<Sessions>,
    /// For long work, so that it does not take connections from short work.
    long_pool: Pool<Sessions>,
    /// One connection for the feed, so that it never waits behind other work.
    feed_pool: Pool<Sessions>,
    /// Increases if all sessions are to be replaced.
    generation: Arc<AtomicU64>,
    pub(crate) gap_change_timeout: Duration,
    pub(crate) caller: Caller,
}

/// How many connections a store has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// Those that do no work now.
    pub idle: u32,
    /// Those that do work.
    pub used: u32,
}

/// How often work is attempted if the database aborts it because of another transaction, for example in a deadlock.
/// The statements of this crate do not deadlock with each other, but those of a person with `psql` may.
const ATTEMPTS: u32 = 5;

/// How long an idle connection for long work or for the feed stays open.
const IDLE: Duration = Duration::from_secs(60);

impl PgStore {
    /// Opens the connections to a database whose schema is up to date.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database cannot be reached.
    pub fn connect(settings: &Settings) -> Result<Self, StoreError> {
        let generation = Arc::new(AtomicU64::new(0));
        let builder = || {
            Pool::builder()
                .connection_timeout(settings.connect_wait)
                .error_handler(Box::new(OutageLog::default()))
        };
        let pool = builder()
            .max_size(settings.connections)
            .build_unchecked(Sessions::new(settings, settings.statement_timeout).of(&generation));
        // One connection is enough to begin. A busy database may need longer for all.
        drop(get(&pool)?);
        let on_demand = |connections, pause| {
            builder()
                .max_size(connections)
                .min_idle(Some(0))
                .idle_timeout(Some(IDLE))
                .build_unchecked(Sessions::new(settings, pause).of(&generation))
        };
        Ok(Self {
            pool,
            long_pool: on_demand(settings.long_connections, settings.export_pause),
            feed_pool: on_demand(1, settings.statement_timeout),
            generation: Arc::clone(&generation),
            gap_change_timeout: settings.gap_change_timeout,
            caller: Caller::default(),
        })
    }

    /// The same store on behalf of a client: what it writes is recorded as the client's, and it uses only the
    /// client's calendars. `None` is a client without credentials, which may use all.
    #[must_use]
    pub fn acting_as(&self, client: Option<Arc<Client>>) -> Self {
        Self { caller: Caller::new(client), ..self.clone() }
    }

    /// Replaces each session before its next use. After a failover, a new session may find the server that accepts
    /// writes.
    pub fn reconnect(&self) {
        self.generation.fetch_add(1, Ordering::Relaxed);
    }

    /// How many connections there are now.
    #[must_use]
    pub fn connections(&self) -> Connections {
        let pools = [&self.pool, &self.long_pool, &self.feed_pool].map(Pool::state);
        let (idle, all) = pools.iter().fold((0, 0), |(idle, all), pool| {
            (idle + pool.idle_connections, all + pool.connections)
        });
        Connections { idle, used: all.saturating_sub(idle) }
    }

    /// Does `work` on a connection, again if the database aborts it because of another transaction.
    pub(crate) fn with<T>(
        &self,
        work: impl FnMut(&mut PgConnection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        get(&self.pool)?.run(ATTEMPTS, work)
    }

    /// Does work for several requests on a connection, once.
    pub(crate) fn attempt<T>(
        &self,
        work: impl FnOnce(&mut PgConnection) -> QueryResult<T>,
    ) -> Attempt<T> {
        match get(&self.pool) {
            Ok(mut session) => session.attempt(work),
            Err(error) => Attempt::Failed(error),
        }
    }

    /// Reads for several requests on a connection, and if it is lost, again on another one.
    pub(crate) fn attempt_read<T>(
        &self,
        mut read: impl FnMut(&mut PgConnection) -> QueryResult<T>,
    ) -> Attempt<T> {
        let first = match get(&self.pool) {
            Ok(mut session) => session.attempt(&mut read),
            Err(error) => return Attempt::Failed(error),
        };
        match first {
            Attempt::Failed(_) => self.attempt(read),
            first => first,
        }
    }

    /// Does work on the connection for the feed.
    pub(crate) fn with_feed<T>(
        &self,
        work: impl FnMut(&mut PgConnection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        get(&self.feed_pool)?.run(ATTEMPTS, work)
    }

    /// Does work once on a connection.
    pub(crate) fn with_once<T>(
        &self,
        work: impl FnMut(&mut PgConnection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        get(&self.pool)?.run(1, work)
    }

    /// Does long work, which cannot be repeated, on a connection for long work.
    pub(crate) fn with_long<T>(
        &self,
        work: impl FnMut(&mut PgConnection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        get(&self.long_pool)?.run(1, work)
    }
}

fn get(pool: &Pool<Sessions>) -> Result<PooledConnection<Sessions>, StoreError> {
    pool.get().map_err(|error| StoreError::Unavailable(error.into()))
}
