//! Placing an order that may have been placed before, under an idempotency key.

use diesel::data_types::PgTimestamp;
use diesel::pg::expression::extensions::IntervalDsl;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use orders_core::{IdempotencyKey, Mode, Order, OrderDraft, OrderId, Placed, StoreError};
use rust_decimal::Decimal;

use super::place::{self, Attempt};
use super::refusal::{self, Wish};
use crate::error::Failure;
use crate::row;
use crate::schema::idempotency_keys;
use crate::statement::statement;

statement! {
    /// Whether nobody else is at work under a key; nobody else will be until the transaction ends.
    Claim<'a> { key: &'a str as Text } -> (Bool,)
    "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))"
}

/// How many keys whose time is over each new one takes away: more than one, so that they grow fewer.
const SWEPT: i64 = 4;

statement! {
    /// Forgets the oldest few keys whose 24 hours are over, and waits for nobody.
    Sweep { most: i64 as BigInt } -> ()
    "DELETE FROM idempotency_keys WHERE key IN (
         SELECT key FROM idempotency_keys WHERE created_at < now() - interval '24 hours'
          ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED)"
}

type KeyRow = (String, bool, String, PgTimestamp, Decimal, Vec<Option<String>>, PgTimestamp, bool);

/// What came of one attempt.
enum Outcome {
    Placed(Placed),
    Refused(StoreError),
    /// The order was not placed, for a reason that is still to be found.
    InTheWay,
}

/// Places an order, or answers the one that was placed under this key.
pub(super) fn place(
    conn: &mut PgConnection,
    fresh: &OrderId,
    draft: &OrderDraft,
    key: &IdempotencyKey,
) -> Result<Placed, Failure> {
    let id = draft.id.as_ref().unwrap_or(fresh);
    let calendar = draft.calendar.clone().unwrap_or_default();
    refusal::until_settled(|| {
        let outcome = conn.transaction(|conn| -> Result<_, Failure> {
            let (claimed,) = Claim { key: key.as_str() }.get_result::<(bool,)>(conn)?;
            if !claimed {
                return Ok(Outcome::Refused(StoreError::KeyInUse(key.clone())));
            }
            match remembered(conn, key)? {
                None => {}
                Some(earlier) if earlier.is_over => forget(conn, key)?,
                Some(earlier) if same(draft, &earlier) => {
                    let order = earlier.order;
                    return Ok(Outcome::Placed(Placed { order, replayed: true }));
                }
                Some(_) => return Ok(Outcome::Refused(StoreError::KeyReused(key.clone()))),
            }
            match place::attempt(conn, id, &calendar, draft)? {
                Attempt::Placed(order) => {
                    remember(conn, key, draft.id.is_some(), &order)?;
                    // Last, so that nobody who waits for one of these keys is waited for.
                    Sweep { most: SWEPT }.execute(conn)?;
                    Ok(Outcome::Placed(Placed { order, replayed: false }))
                }
                Attempt::InTheWay => Ok(Outcome::InTheWay),
            }
        });
        match outcome {
            Ok(Outcome::Placed(placed)) => return Ok(Some(placed)),
            Ok(Outcome::Refused(refusal)) => return Err(refusal.into()),
            Ok(Outcome::InTheWay) => {}
            Err(Failure::Database(error)) if place::names_missing_service(&error) => {}
            Err(failure) => return Err(failure),
        }
        refusal::refuse(
            conn,
            &Wish { id, calendar: &calendar, draft, is_new: true, mode: Mode::Write },
        )?;
        Ok(None)
    })
}

/// A creation that was remembered.
struct Remembered {
    own_id: bool,
    order: Order,
    /// Whether its 24 hours are over.
    is_over: bool,
}

fn remembered(conn: &mut PgConnection, key: &IdempotencyKey) -> QueryResult<Option<Remembered>> {
    use idempotency_keys::{
        calendar, created_at, datetime, order_id, own_id, services, table, totalfee,
    };
    let is_over = (created_at + 24.hours()).lt(diesel::dsl::now);
    let columns = (order_id, own_id, calendar, datetime, totalfee, services, created_at, is_over);
    let row: Option<KeyRow> = table.find(key.as_str()).select(columns).first(conn).optional()?;
    row.map(|(id, own, calendar_id, at, fee, named, created, is_over)| {
        let created_again = PgTimestamp(created.0);
        let order = row::order((id, calendar_id, at, fee, named, 1, created, created_again))?;
        Ok(Remembered { own_id: own, order, is_over })
    })
    .transpose()
}

/// Whether a draft asks for just what an earlier one did.
fn same(draft: &OrderDraft, earlier: &Remembered) -> bool {
    let Remembered { own_id, order, is_over: _ } = earlier;
    draft.id.as_ref() == own_id.then_some(&order.id)
        && draft.calendar.clone().unwrap_or_default() == order.calendar
        && draft.datetime == order.datetime
        && draft.totalfee == order.totalfee
        && draft.services == order.services
}

fn forget(conn: &mut PgConnection, key: &IdempotencyKey) -> QueryResult<()> {
    diesel::delete(idempotency_keys::table.find(key.as_str())).execute(conn).map(drop)
}

fn remember(
    conn: &mut PgConnection,
    key: &IdempotencyKey,
    own_id: bool,
    order: &Order,
) -> QueryResult<()> {
    diesel::insert_into(idempotency_keys::table)
        .values((
            idempotency_keys::key.eq(key.as_str()),
            idempotency_keys::order_id.eq(order.id.as_str()),
            idempotency_keys::own_id.eq(own_id),
            idempotency_keys::calendar.eq(order.calendar.as_str()),
            idempotency_keys::datetime.eq(row::pg_timestamp(order.datetime)),
            idempotency_keys::totalfee.eq(order.totalfee.amount()),
            idempotency_keys::services.eq(row::pg_services(&order.services)),
            idempotency_keys::created_at.eq(row::pg_timestamp(order.created_at)),
        ))
        .execute(conn)
        .map(drop)
}
