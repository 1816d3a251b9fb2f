//! Creating an order with an idempotency key.

use diesel::data_types::PgTimestamp;
use diesel::pg::expression::extensions::IntervalDsl;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Numeric, Text, Timestamptz};
use orders_core::{Candidate, IdempotencyKey, Order, Placed, StoreError};
use rust_decimal::Decimal;

use super::place::{self, unless_overtaken};
use crate::caller::Caller;
use crate::error::Failure;
use crate::locks::try_lock_key;
use crate::retry::retry_until_resolved;
use crate::row::{self, OrderRow};
use crate::schema::idempotency_keys;
use crate::statement::statement;

/// How many expired keys each creation with a key deletes. More than one, so that expired keys become fewer.
const EXPIRED_KEYS: i64 = 4;

statement! {
    /// Deletes the oldest expired keys without waiting for other transactions.
    DeleteExpired { most: i64 as BigInt } -> () =
    "DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM idempotency_keys WHERE created_at < now() - interval '24 hours'
          ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED))"
}

/// Deletes at most so many of the oldest expired keys, and returns how many it deleted.
pub(crate) fn delete_expired_idempotency_keys(
    conn: &mut PgConnection,
    most: i64,
) -> QueryResult<usize> {
    DeleteExpired { most }.execute(conn)
}

/// Creates an order, or returns the one that was created with this key. `chosen_id` tells whether the client chose the
/// id of the candidate.
pub(super) fn place_idempotent(
    conn: &mut PgConnection,
    candidate: &Candidate,
    chosen_id: bool,
    key: &IdempotencyKey,
    caller: &Caller,
) -> Result<Placed, Failure> {
    let key = ClientKey { client: caller.id(), key };
    retry_until_resolved(|| {
        let placed = conn.transaction(|conn| -> Result<_, Failure> {
            if !try_lock_key(conn, key.client, key.key)? {
                return Ok(Err(StoreError::KeyInUse(key.key.clone())));
            }
            match find(conn, key)? {
                None => {}
                Some(stored) if stored.is_expired => delete(conn, key)?,
                Some(stored) if stored.is_for(candidate, chosen_id) => {
                    return Ok(Ok(Some(Placed { order: stored.order, replayed: true })));
                }
                Some(_) => return Ok(Err(StoreError::KeyReused(key.key.clone()))),
            }
            let Some(order) = place::attempt(conn, candidate, caller)? else { return Ok(Ok(None)) };
            insert(conn, key, chosen_id, &order)?;
            // Last, so that a transaction that waits for one of these keys waits shortly.
            delete_expired_idempotency_keys(conn, EXPIRED_KEYS)?;
            Ok(Ok(Some(Placed { order, replayed: false })))
        });
        let placed = match placed {
            Ok(placed) => placed?,
            Err(Failure::Database(error)) => unless_overtaken(Err(error))?,
            Err(rejected) => return Err(rejected),
        };
        if placed.is_none() {
            place::check(conn, candidate)?;
        }
        Ok(placed)
    })
}

/// An idempotency key of a client.
#[derive(Clone, Copy)]
struct ClientKey<'a> {
    /// Empty if the client has no credentials.
    client: &'a str,
    key: &'a IdempotencyKey,
}

/// The order that was created with an idempotency key.
struct StoredKey {
    chosen_id: bool,
    order: Order,
    /// Whether the key is older than 24 hours.
    is_expired: bool,
}

impl StoredKey {
    /// Whether the first request with the key was the same.
    fn is_for(&self, candidate: &Candidate, chosen_id: bool) -> bool {
        let order = &self.order;
        chosen_id == self.chosen_id
            && (!chosen_id || candidate.id == order.id)
            && candidate.calendar == order.calendar
            && candidate.datetime == order.datetime
            && candidate.totalfee == order.totalfee
            && candidate.services == order.services
            && candidate.reference == order.reference
            && candidate.metadata == order.metadata
    }
}

fn find(conn: &mut PgConnection, key: ClientKey<'_>) -> QueryResult<Option<StoredKey>> {
    use idempotency_keys::{
        calendar, created_at, datetime, metadata, order_id, own_id, reference, services, table,
        totalfee, version,
    };
    let order = (
        order_id,
        calendar,
        datetime,
        totalfee,
        services,
        reference,
        metadata.cast::<Nullable<Text>>(),
        version,
        created_at,
        created_at,
    );
    let is_expired = (created_at + 24.hours()).lt(diesel::dsl::now);
    let row: Option<(bool, OrderRow, bool)> = table
        .find((key.client, key.key.as_str()))
        .select((own_id, order, is_expired))
        .first(conn)
        .optional()?;
    row.map(|(chosen_id, order, is_expired)| {
        Ok(StoredKey { chosen_id, order: row::order(order)?, is_expired })
    })
    .transpose()
}

fn delete(conn: &mut PgConnection, key: ClientKey<'_>) -> QueryResult<()> {
    diesel::delete(idempotency_keys::table.find((key.client, key.key.as_str())))
        .execute(conn)
        .map(drop)
}

statement! {
    Insert<'a> {
        client: &'a str as Text,
        key: &'a str as Text,
        order_id: &'a str as Text,
        own_id: bool as Bool,
        calendar: &'a str as Text,
        datetime: PgTimestamp as Timestamptz,
        totalfee: Decimal as Numeric,
        services: Vec<&'a str> as Array<Text>,
        reference: Option<&'a str> as Nullable<Text>,
        metadata: Option<String> as Nullable<Text>,
        created_at: PgTimestamp as Timestamptz,
        version: i64 as BigInt,
    } -> () =
    "INSERT INTO idempotency_keys
            (client, key, order_id, own_id, calendar, datetime, totalfee, services, reference, metadata, created_at,
             version)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb, $11, $12)"
}

fn insert(
    conn: &mut PgConnection,
    key: ClientKey<'_>,
    chosen_id: bool,
    order: &Order,
) -> QueryResult<()> {
    let insert = Insert {
        client: key.client,
        key: key.key.as_str(),
        order_id: order.id.as_str(),
        own_id: chosen_id,
        calendar: order.calendar.as_str(),
        datetime: row::pg_timestamp(order.datetime),
        totalfee: order.totalfee.amount(),
        services: row::pg_services(&order.services),
        reference: row::pg_reference(order.reference.as_ref()),
        metadata: row::pg_metadata(&order.metadata),
        created_at: row::pg_timestamp(order.created_at),
        version: row::decode(order.version.try_into())?,
    };
    insert.execute(conn).map(drop)
}
