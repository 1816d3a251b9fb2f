//! The session that watches the database: [`Heartbeat`].

use std::time::Duration;

use diesel::data_types::{PgInterval, PgTimestamp};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Bytea, Timestamptz};
use orders_core::{Client, ClientId, StoreError, Timestamp};
use r2d2::ManageConnection as _;

use crate::Settings;
use crate::access::{KeyHash, all_clients};
use crate::changes::{assign_briefly, expire};
use crate::error::Failure;
use crate::orders::delete_expired_idempotency_keys;
use crate::row::{self, decode};
use crate::schema::api_keys;
use crate::session::{Session, Sessions};
use crate::statement::statement;

/// The longest time that a statement of the heartbeat takes.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The most expired idempotency keys that it deletes with one statement.
const EXPIRED_KEYS: i64 = 1000;

/// A session of its own, so that it does not wait behind other work. It is opened when it is needed, and again after an
/// error.
pub struct Heartbeat {
    sessions: Sessions,
    session: Option<Session>,
}

/// The state of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beat {
    /// Increases with every change of the clients and their keys.
    pub access_version: i64,
    /// Whether the server accepts no writes, for example because it has become a standby.
    pub read_only: bool,
}

/// The state of the feed of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedState {
    /// The last position.
    pub position: u64,
    /// Whether the feed had all changes that were committed when it was asked for.
    pub is_complete: bool,
}

/// The clients and their valid keys, as of one instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// The version of this state.
    pub version: i64,
    /// Whether a key has ever been created.
    pub any_key_ever: bool,
    /// All clients, by id.
    pub clients: Vec<Client>,
    /// The valid keys, with their clients and their expiry.
    pub keys: Vec<(KeyHash, ClientId, Option<Timestamp>)>,
}

statement! {
    GetBeat {} -> (BigInt, Bool) =
    "SELECT version, current_setting('transaction_read_only')::boolean FROM access_version"
}

statement! {
    /// Sets the last use of keys, unless it is known. Instances do so at the same time, so a key that another one has
    /// locked is left out.
    MarkUsed<'a> {
        hashes: Vec<&'a [u8]> as Array<Bytea>,
        times: Vec<PgTimestamp> as Array<Timestamptz>,
    } -> () =
    "UPDATE api_keys SET last_used_at = used.at
       FROM unnest($1, $2) AS used (hash, at)
       CROSS JOIN LATERAL (
            SELECT ctid FROM api_keys
             WHERE api_keys.hash = used.hash AND (last_used_at < used.at OR last_used_at IS NULL)
               FOR UPDATE SKIP LOCKED) AS unknown
      WHERE api_keys.ctid = unknown.ctid"
}

impl Heartbeat {
    /// A heartbeat of this database.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let settings = Settings { statement_timeout: TIMEOUT, ..settings.clone() };
        Self { sessions: Sessions::new(&settings, TIMEOUT), session: None }
    }

    /// The present state of the database.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it does not answer.
    pub fn beat(&mut self) -> Result<Beat, StoreError> {
        let beat = self.with(|conn| {
            let (access_version, read_only) = GetBeat {}.get_result(conn)?;
            Ok(Beat { access_version, read_only })
        })?;
        if beat.read_only {
            // After a failover, a new session may find the server that accepts writes.
            self.session = None;
        }
        Ok(beat)
    }

    /// The present clients and keys.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub fn access(&mut self) -> Result<Access, StoreError> {
        self.with(|conn| {
            conn.build_transaction().repeatable_read().read_only().run(|conn| {
                let (version, _) = GetBeat {}.get_result::<(i64, bool)>(conn)?;
                let any_key_ever = diesel::dsl::exists(api_keys::table.select(api_keys::client));
                let any_key_ever = diesel::select(any_key_ever).get_result(conn)?;
                let keys = api_keys::table
                    .filter(api_keys::revoked_at.is_null())
                    .filter(
                        api_keys::expires_at
                            .is_null()
                            .or(api_keys::expires_at.assume_not_null().gt(diesel::dsl::now)),
                    )
                    .select((api_keys::hash, api_keys::client, api_keys::expires_at))
                    .load(conn)?
                    .into_iter()
                    .map(key)
                    .collect::<QueryResult<_>>()?;
                Ok(Access { version, any_key_ever, clients: all_clients(conn)?, keys })
            })
        })
    }

    /// Stores when keys were last used.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer or accepts no writes.
    pub fn mark_used(&mut self, keys: &[(KeyHash, Timestamp)]) -> Result<(), StoreError> {
        self.with(|conn| {
            let mark = MarkUsed {
                hashes: keys.iter().map(|(hash, _)| &hash[..]).collect(),
                times: keys.iter().map(|(_, at)| row::pg_timestamp(*at)).collect(),
            };
            mark.execute(conn)?;
            Ok(())
        })
    }

    /// Deletes some of the idempotency keys that have expired, and returns whether there may be more. Creations with a
    /// key delete some too, but there may be none.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer or accepts no writes.
    pub fn delete_expired_idempotency_keys(&mut self) -> Result<bool, StoreError> {
        self.with(|conn| {
            Ok(delete_expired_idempotency_keys(conn, EXPIRED_KEYS)? == EXPIRED_KEYS as usize)
        })
    }

    /// Assigns positions to the newest changes, because there may be no reader.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer or accepts no writes.
    pub fn complete_feed(&mut self) -> Result<FeedState, StoreError> {
        self.with(|conn| Ok(assign_briefly(conn)?))
    }

    /// Lets the oldest changes expire that got their positions longer ago than `keep`, at most so many.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer in time or accepts no writes.
    pub fn expire_changes(&mut self, keep: Duration, most: u64) -> Result<(), StoreError> {
        let keep = PgInterval::from_microseconds(keep.as_micros().try_into().unwrap_or(i64::MAX));
        self.with(|conn| Ok(expire(conn, keep, most.try_into().unwrap_or(i64::MAX))?))
    }

    fn with<T>(
        &mut self,
        work: impl FnMut(&mut PgConnection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => {
                let opened = self.sessions.connect();
                opened.map_err(|error| StoreError::Unavailable(error.into()))?
            }
        };
        let result = session.run(1, work)?;
        self.session = Some(session);
        Ok(result)
    }
}

fn key(
    (hash, client, expires_at): (Vec<u8>, String, Option<PgTimestamp>),
) -> QueryResult<(KeyHash, ClientId, Option<Timestamp>)> {
    let hash = hash.try_into().map_err(|_| "a hash does not have 32 bytes");
    Ok((decode(hash)?, decode(ClientId::new(client))?, expires_at.map(row::timestamp).transpose()?))
}
