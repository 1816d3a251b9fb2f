//! Replacing an order.
//!
//! An order that keeps its time, its calendar and its reference is updated in place by one statement. A move to another
//! time or calendar needs locks (see [`crate::locks`]), because `UPDATE` has no `ON CONFLICT`: two moves to one time
//! would each write first and then wait for the other. So does a new reference: it changes an index, and PostgreSQL
//! then checks the constraint again, although the order stays where it is.

use diesel::data_types::{PgInterval, PgTimestamp};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Interval, Nullable, Numeric, Text, Timestamptz};
use orders_core::{
    CalendarId, Candidate, Mode, Order, OrderDraft, OrderId, Precondition, Timestamp,
};
use rust_decimal::Decimal;

use super::diagnose::{Diagnosis, Proposal, diagnose};
use super::find::allowed;
use super::not_found;
use super::place::unless_overtaken;
use crate::caller::Caller;
use crate::error::{Failure, violates};
use crate::locks::lock_for_move;
use crate::retry::retry_until_resolved;
use crate::row::{self, OrderRow, OrderSql, Stamp, StampSql};
use crate::statement::statement;

/// Replaces an order, or tells why it cannot be replaced.
pub(super) fn replace(
    conn: &mut PgConnection,
    id: &OrderId,
    condition: &Precondition,
    draft: &OrderDraft,
    mode: Mode,
    caller: &Caller,
) -> Result<Order, Failure> {
    match mode {
        Mode::DryRun => {
            let (current, now) = check(conn, id, condition, draft, caller)?;
            let candidate = Candidate::replacing(&current, draft.clone());
            Ok(candidate.into_order(current.version + 1, current.created_at, now))
        }
        Mode::Write => retry_until_resolved(|| {
            let updated = update_in_place(conn, id, condition, draft, caller);
            if let Some(order) = unless_overtaken(updated)? {
                return Ok(Some(order));
            }
            let (current, _) = check(conn, id, condition, draft, caller)?;
            let candidate = Candidate::replacing(&current, draft.clone());
            let moved = match move_order(conn, &current, &candidate, caller) {
                Err(error) if violates(&error, "orders_keep_the_minimum_gap") => Ok(None),
                moved => unless_overtaken(moved),
            };
            Ok(moved?)
        }),
    }
}

/// The reason why an order cannot be replaced, or else the order and the database's time.
fn check(
    conn: &mut PgConnection,
    id: &OrderId,
    condition: &Precondition,
    draft: &OrderDraft,
    caller: &Caller,
) -> Result<(Order, Timestamp), Failure> {
    let OrderDraft { calendar, datetime, services, .. } = draft;
    let proposal = Proposal { id, calendar: calendar.as_ref(), datetime: *datetime, services };
    let Diagnosis { now, current, unknown, conflict, .. } = diagnose(conn, proposal)?;
    let current = current.filter(|current| caller.sees(current)).ok_or_else(|| not_found(id))?;
    let current = allowed(current, condition)?;
    match unknown.or(conflict) {
        Some(error) => Err(error.into()),
        None => Ok((current, now)),
    }
}

statement! {
    /// Updates an order that keeps its time, its calendar and its reference.
    UpdateInPlace<'a> {
        id: &'a str as Text,
        datetime: PgTimestamp as Timestamptz,
        calendar: Option<&'a str> as Nullable<Text>,
        totalfee: Decimal as Numeric,
        services: Vec<&'a str> as Array<Text>,
        reference: Option<&'a str> as Nullable<Text>,
        metadata: Option<String> as Nullable<Text>,
        versions: Option<Vec<i64>> as Nullable<Array<BigInt>>,
        client: &'a str as Text,
        permitted: Option<Vec<&'a str>> as Nullable<Array<Text>>,
    } -> OrderSql =
    "WITH draft AS (
         SELECT $1 AS id, $2 AS datetime, $3 AS calendar, $4 AS totalfee, $5 AS services,
                $6 AS reference, $7 AS metadata, $8 AS versions, $9 AS client, $10 AS permitted)
     UPDATE orders
        SET totalfee = draft.totalfee, services = draft.services, reference = draft.reference,
            metadata = draft.metadata::jsonb, version = version + 1, updated_at = GREATEST(now(), updated_at),
            updated_by = NULLIF(set_config('orders.client', draft.client, true), ' ')
       FROM draft
      WHERE orders.id = draft.id AND orders.datetime IS NOT DISTINCT FROM draft.datetime
        AND orders.reference IS NOT DISTINCT FROM draft.reference
        AND (draft.calendar IS NULL
             OR orders.calendar = (SELECT key FROM calendars WHERE id = draft.calendar))
        AND (draft.versions IS NULL OR orders.version = ANY (draft.versions))
        AND (draft.permitted IS NULL
             OR (SELECT id FROM calendars WHERE key = orders.calendar) = ANY (draft.permitted))
     RETURNING orders.id, (SELECT id FROM calendars WHERE key = orders.calendar), orders.datetime, orders.totalfee,
               orders.services, orders.reference, orders.metadata::text, orders.version, orders.created_at, orders.updated_at"
}

/// `None` if there is no such order with this time, calendar and reference that the caller sees.
fn update_in_place(
    conn: &mut PgConnection,
    id: &OrderId,
    condition: &Precondition,
    draft: &OrderDraft,
    caller: &Caller,
) -> QueryResult<Option<Order>> {
    let update = UpdateInPlace {
        id: id.as_str(),
        datetime: row::pg_timestamp(draft.datetime),
        calendar: draft.calendar.as_ref().map(CalendarId::as_str),
        totalfee: draft.totalfee.amount(),
        services: row::pg_services(&draft.services),
        reference: row::pg_reference(draft.reference.as_ref()),
        metadata: row::pg_metadata(&draft.metadata),
        versions: row::pg_versions(condition),
        client: caller.setting(),
        permitted: caller.calendar_ids(),
    };
    update.get_result::<OrderRow>(conn).optional()?.map(row::order).transpose()
}

statement! {
    /// Moves an order, or gives it another reference, if it is as it was read and the time is free.
    Move<'a> {
        id: &'a str as Text,
        version: i64 as BigInt,
        calendar: i64 as BigInt,
        gap: PgInterval as Interval,
        datetime: PgTimestamp as Timestamptz,
        totalfee: Decimal as Numeric,
        services: Vec<&'a str> as Array<Text>,
        reference: Option<&'a str> as Nullable<Text>,
        metadata: Option<String> as Nullable<Text>,
        client: &'a str as Text,
    } -> StampSql =
    "WITH candidate AS (
         SELECT $1 AS id, $2 AS version, $3 AS calendar, $4 AS gap, $5 AS datetime, $6 AS totalfee, $7 AS services,
                $8 AS reference, $9 AS metadata, $10 AS client)
     UPDATE orders
        SET calendar = candidate.calendar, minimum_gap = candidate.gap, datetime = candidate.datetime,
            totalfee = candidate.totalfee, services = candidate.services,
            reference = candidate.reference, metadata = candidate.metadata::jsonb,
            version = orders.version + 1, updated_at = GREATEST(now(), orders.updated_at),
            updated_by = NULLIF(set_config('orders.client', candidate.client, true), ' ')
       FROM candidate
      WHERE orders.id = candidate.id AND orders.version = candidate.version
        AND NOT EXISTS (
            SELECT FROM orders AS other
             WHERE other.calendar = candidate.calendar
               AND other.datetime > candidate.datetime - candidate.gap
               AND other.datetime < candidate.datetime + candidate.gap
               AND other.id <> candidate.id
            OFFSET 0)
     RETURNING orders.version, orders.created_at, orders.updated_at"
}

/// Moves an order that is still as it was read. `None` if it is not, or if the time is taken.
fn move_order(
    conn: &mut PgConnection,
    current: &Order,
    candidate: &Candidate,
    caller: &Caller,
) -> QueryResult<Option<Order>> {
    let from = (&current.calendar, current.datetime);
    let to = (&candidate.calendar, candidate.datetime);
    conn.transaction(|conn| {
        let Some(calendar) = lock_for_move(conn, from, to)? else { return Ok(None) };
        let update = Move {
            id: current.id.as_str(),
            version: row::decode(current.version.try_into())?,
            calendar: calendar.key,
            gap: row::pg_interval(calendar.gap),
            datetime: row::pg_timestamp(candidate.datetime),
            totalfee: candidate.totalfee.amount(),
            services: row::pg_services(&candidate.services),
            reference: row::pg_reference(candidate.reference.as_ref()),
            metadata: row::pg_metadata(&candidate.metadata),
            client: caller.setting(),
        };
        let stamp: Option<Stamp> = update.get_result(conn).optional()?;
        stamp.map(|stamp| row::stamped(candidate, stamp)).transpose()
    })
}
