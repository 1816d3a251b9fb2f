//! Clients and their API keys, for the commands that manage them.

use std::collections::BTreeSet;

use diesel::data_types::PgTimestamp;
use diesel::prelude::*;
use diesel::sql_types::{Bytea, Nullable, Text, Timestamptz};
use orders_core::{CalendarId, Client, ClientId, Resource, StoreError, Timestamp};

use crate::PgStore;
use crate::error::{Failure, violates};
use crate::row::{self, decode};
use crate::schema::{api_keys, clients, idempotency_keys};
use crate::statement::statement;

/// SHA-256 of an API key.
pub type KeyHash = [u8; 32];

/// What is known of an API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    /// The client that it belongs to, or belonged to.
    pub client: ClientId,
    /// Its last four characters.
    pub ends: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires or expired.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl PgStore {
    /// Adds a client.
    ///
    /// # Errors
    /// [`StoreError::IdTaken`] if there is a client with this id or this subject.
    pub fn add_client(&self, client: &Client) -> Result<(), StoreError> {
        self.with(|conn| {
            let added = diesel::insert_into(clients::table)
                .values((clients::id.eq(client.id.as_str()), columns(client)))
                .execute(conn);
            unless_taken(client, added).map(drop)
        })
    }

    /// Replaces a client. Its keys stay valid.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::IdTaken`] if another client has this subject.
    pub fn set_client(&self, client: &Client) -> Result<(), StoreError> {
        self.with(|conn| {
            let set = diesel::update(clients::table.find(client.id.as_str()))
                .set(columns(client))
                .execute(conn);
            match unless_taken(client, set)? {
                0 => Err(not_found(&client.id))?,
                _ => Ok(()),
            }
        })
    }

    /// All clients, by id.
    ///
    /// # Errors
    /// None of its own.
    pub fn clients(&self) -> Result<Vec<Client>, StoreError> {
        self.with(|conn| Ok(all_clients(conn)?))
    }

    /// Deletes a client and its idempotency keys, and revokes its API keys.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub fn remove_client(&self, id: &ClientId) -> Result<(), StoreError> {
        self.with(|conn| {
            conn.transaction(|conn| {
                // First the client, so that no key is added meanwhile.
                if diesel::delete(clients::table.find(id.as_str())).execute(conn)? == 0 {
                    return Err(not_found(id).into());
                }
                diesel::update(valid_keys_of(id))
                    .set(api_keys::revoked_at.eq(diesel::dsl::now))
                    .execute(conn)?;
                // Another client may get the same id.
                diesel::delete(idempotency_keys::table)
                    .filter(idempotency_keys::client.eq(id.as_str()))
                    .execute(conn)?;
                Ok(())
            })
        })
    }

    /// Adds a key of a client.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such client.
    pub fn add_key(
        &self,
        client: &ClientId,
        hash: KeyHash,
        ends: &str,
        expires_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.with(|conn| conn.transaction(|conn| insert_key(conn, client, hash, ends, expires_at)))
    }

    /// Adds a key of a client, and lets its other keys expire at a time, unless they expire before.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such client.
    pub fn roll_key(
        &self,
        client: &ClientId,
        hash: KeyHash,
        ends: &str,
        others_expire_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.with(|conn| {
            conn.transaction(|conn| {
                insert_key(conn, client, hash, ends, None)?;
                let expire = ExpireOtherKeys {
                    at: row::pg_timestamp(others_expire_at),
                    client: client.as_str(),
                    hash: &hash,
                };
                expire.execute(conn)?;
                Ok(())
            })
        })
    }

    /// The keys of a client or of all, including the revoked and the expired ones, oldest first.
    ///
    /// # Errors
    /// None of its own.
    pub fn keys(&self, client: Option<&ClientId>) -> Result<Vec<KeyInfo>, StoreError> {
        self.with(|conn| {
            let mut query = api_keys::table
                .select((
                    api_keys::client,
                    api_keys::ends,
                    api_keys::created_at,
                    api_keys::expires_at,
                    api_keys::last_used_at,
                    api_keys::revoked_at,
                ))
                .order((api_keys::client, api_keys::created_at))
                .into_boxed();
            if let Some(client) = client {
                query = query.filter(api_keys::client.eq(client.as_str()));
            }
            Ok(query.load(conn)?.into_iter().map(key_info).collect::<QueryResult<_>>()?)
        })
    }

    /// Revokes the valid keys of a client with these last four characters, and returns how many there were.
    ///
    /// # Errors
    /// None of its own.
    pub fn revoke_keys_ending(&self, client: &ClientId, ends: &str) -> Result<usize, StoreError> {
        self.with(|conn| {
            let revoked = diesel::update(valid_keys_of(client).filter(api_keys::ends.eq(ends)))
                .set(api_keys::revoked_at.eq(diesel::dsl::now))
                .execute(conn)?;
            Ok(revoked)
        })
    }

    /// Revokes a key, and returns whether it was valid.
    ///
    /// # Errors
    /// None of its own.
    pub fn revoke_key(&self, hash: KeyHash) -> Result<bool, StoreError> {
        self.with(|conn| {
            let key = api_keys::table.find(&hash[..]).filter(api_keys::revoked_at.is_null());
            let revoked =
                diesel::update(key).set(api_keys::revoked_at.eq(diesel::dsl::now)).execute(conn)?;
            Ok(revoked == 1)
        })
    }
}

type ValidKeys<'a> = diesel::dsl::Filter<
    diesel::dsl::Filter<api_keys::table, diesel::dsl::Eq<api_keys::client, &'a str>>,
    diesel::dsl::IsNull<api_keys::revoked_at>,
>;

/// The keys of a client that were not revoked.
fn valid_keys_of(client: &ClientId) -> ValidKeys<'_> {
    api_keys::table
        .filter(api_keys::client.eq(client.as_str()))
        .filter(api_keys::revoked_at.is_null())
}

statement! {
    ExpireOtherKeys<'a> {
        at: PgTimestamp as Timestamptz,
        client: &'a str as Text,
        hash: &'a [u8] as Bytea,
    } -> () =
    "UPDATE api_keys SET expires_at = LEAST(expires_at, $1)
      WHERE client = $2 AND hash <> $3 AND revoked_at IS NULL"
}

statement! {
    InsertKey<'a> {
        hash: &'a [u8] as Bytea,
        ends: &'a str as Text,
        expires_at: Option<PgTimestamp> as Nullable<Timestamptz>,
        client: &'a str as Text,
    } -> () =
    "INSERT INTO api_keys (hash, ends, expires_at, client)
     SELECT $1, $2, $3, id FROM clients WHERE id = $4 FOR KEY SHARE"
}

fn insert_key(
    conn: &mut PgConnection,
    client: &ClientId,
    hash: KeyHash,
    ends: &str,
    expires_at: Option<Timestamp>,
) -> Result<(), Failure> {
    let expires_at = expires_at.map(row::pg_timestamp);
    match (InsertKey { hash: &hash, ends, expires_at, client: client.as_str() }).execute(conn)? {
        0 => Err(not_found(client))?,
        _ => Ok(()),
    }
}

type ClientRow = (String, String, Option<Vec<Option<String>>>, Option<i32>, Option<String>);

/// All clients, by id.
pub(crate) fn all_clients(conn: &mut PgConnection) -> QueryResult<Vec<Client>> {
    let rows: Vec<ClientRow> = clients::table.order(clients::id).load(conn)?;
    let read = |(id, scope, calendars, rate, subject): ClientRow| {
        let calendars = calendars.map(|ids| {
            let ids = ids.into_iter().map(|id| decode(CalendarId::new(id.unwrap_or_default())));
            ids.collect::<QueryResult<BTreeSet<_>>>()
        });
        Ok(Client {
            id: decode(ClientId::new(id))?,
            scope: decode(scope.parse())?,
            calendars: calendars.transpose()?,
            rate: rate
                .map(|rate| decode(u32::try_from(rate).and_then(TryInto::try_into)))
                .transpose()?,
            subject,
        })
    };
    rows.into_iter().map(read).collect()
}

/// The columns of a client but its id.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = clients, treat_none_as_null = true)]
struct Columns<'a> {
    scope: &'a str,
    calendars: Option<Vec<&'a str>>,
    rate: Option<i32>,
    subject: Option<&'a str>,
}

fn columns(client: &Client) -> Columns<'_> {
    let calendars = client.calendars.as_ref();
    Columns {
        scope: client.scope.as_str(),
        calendars: calendars.map(|ids| ids.iter().map(CalendarId::as_str).collect()),
        rate: client.rate.map(|rate| i32::try_from(rate.get()).unwrap_or(i32::MAX)),
        subject: client.subject.as_deref(),
    }
}

fn key_info(
    (client, ends, created_at, expires_at, last_used_at, revoked_at): (
        String,
        String,
        PgTimestamp,
        Option<PgTimestamp>,
        Option<PgTimestamp>,
        Option<PgTimestamp>,
    ),
) -> QueryResult<KeyInfo> {
    let optional = |at: Option<PgTimestamp>| at.map(row::timestamp).transpose();
    Ok(KeyInfo {
        client: decode(ClientId::new(client))?,
        ends,
        created_at: row::timestamp(created_at)?,
        expires_at: optional(expires_at)?,
        last_used_at: optional(last_used_at)?,
        revoked_at: optional(revoked_at)?,
    })
}

/// The id or the subject of a client may belong to another one.
fn unless_taken(client: &Client, written: QueryResult<usize>) -> Result<usize, Failure> {
    match written {
        Err(error)
            if violates(&error, "clients_pkey") || violates(&error, "clients_subject_key") =>
        {
            Err(StoreError::IdTaken(Resource::Client(client.id.clone())).into())
        }
        written => Ok(written?),
    }
}

fn not_found(id: &ClientId) -> StoreError {
    StoreError::NotFound(Resource::Client(id.clone()))
}
