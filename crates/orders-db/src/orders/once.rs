//! Placing an order that may have been placed before, under an idempotency key.

use diesel::data_types::PgTimestamp;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
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

statement! {
    /// Forgets a key whose 24 hours are over, and the oldest few others.
    Sweep<'a> { key: &'a str as Text } -> ()
    "DELETE FROM idempotency_keys
      WHERE created_at < now() - interval '24 hours'
        AND (key = $1 OR key IN (
            SELECT key FROM idempotency_keys WHERE created_at < now() - interval '24 hours'
             ORDER BY created_at LIMIT 4 FOR UPDATE SKIP LOCKED))"
}

type KeyRow = (String, bool, String, PgTimestamp, Decimal, Vec<Option<String>>, PgTimestamp);

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
            Sweep { key: key.as_str() }.execute(conn)?;
            if let Some(earlier) = remembered(conn, key)? {
                return Ok(match same(draft, &earlier) {
                    true => Outcome::Placed(Placed { order: earlier.order, replayed: true }),
                    false => Outcome::Refused(StoreError::KeyReused(key.clone())),
                });
            }
            match place::attempt(conn, id, &calendar, draft)? {
                Attempt::Placed(order) => {
                    remember(conn, key, draft.id.is_some(), &order)?;
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
}

fn remembered(conn: &mut PgConnection, key: &IdempotencyKey) -> QueryResult<Option<Remembered>> {
    use idempotency_keys::{
        calendar, created_at, datetime, order_id, own_id, services, table, totalfee,
    };
    let columns = (order_id, own_id, calendar, datetime, totalfee, services, created_at);
    let row: Option<KeyRow> = table.find(key.as_str()).select(columns).first(conn).optional()?;
    row.map(|(id, own, calendar_id, at, fee, named, created)| {
        let created_again = PgTimestamp(created.0);
        let order = row::order((id, calendar_id, at, fee, named, 1, created, created_again))?;
        Ok(Remembered { own_id: own, order })
    })
    .transpose()
}

/// Whether a draft asks for just what an earlier one did.
fn same(draft: &OrderDraft, earlier: &Remembered) -> bool {
    let Remembered { own_id, order } = earlier;
    draft.id.as_ref() == own_id.then_some(&order.id)
        && draft.calendar.clone().unwrap_or_default() == order.calendar
        && draft.datetime == order.datetime
        && draft.totalfee == order.totalfee
        && draft.services == order.services
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
