//! Replacing an order, which may move it.
//!
//! An order that keeps its time and calendar is rewritten by one statement. A move has no `ON CONFLICT`
//! to lean on: two that race for one time would each write first and then wait for the other. So moves
//! take turns, but only those that could meet. Every mover locks, in this order,
//!
//! 1. the calendars it leaves and enters, shared, against a new gap, a removal or a batch;
//! 2. the stretches of time it leaves and enters, one at a time in rising order of the lock's number;
//! 3. its own row, by writing it.
//!
//! Whoever holds a lock waits only for later ones, so nobody waits in a circle.

use std::collections::BTreeSet;

use diesel::data_types::{PgInterval, PgTimestamp};
use diesel::prelude::*;
use diesel::sql_types::Interval;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Numeric, Text, Timestamptz};
use orders_core::{
    CalendarId, MinimumGap, Mode, Order, OrderDraft, OrderId, Precondition, Timestamp,
};
use rust_decimal::Decimal;

use super::refusal::{self, Wish};
use super::{mismatch, not_found, read};
use crate::error::{Failure, violates};
use crate::row::{self, OrderRow};
use crate::statement::statement;

/// Replaces an order, or finds out why it cannot be replaced.
pub(super) fn replace(
    conn: &mut PgConnection,
    id: &OrderId,
    condition: &Precondition,
    draft: &OrderDraft,
) -> Result<Order, Failure> {
    refusal::until_settled(|| {
        if let Some(order) = settled(rewrite(conn, id, condition, draft))? {
            return Ok(Some(order));
        }
        let standing = standing(conn, id, condition)?;
        let calendar = draft.calendar.as_ref().unwrap_or(&standing.calendar);
        if let Some(order) = settled(relocate(conn, &standing, calendar, draft))? {
            return Ok(Some(order));
        }
        examine(conn, id, condition, draft)?;
        Ok(None)
    })
}

/// What [`replace`] would answer, without writing.
pub(super) fn rehearse(
    conn: &mut PgConnection,
    id: &OrderId,
    condition: &Precondition,
    draft: &OrderDraft,
) -> Result<Order, Failure> {
    let (standing, now) = examine(conn, id, condition, draft)?;
    Ok(Order {
        calendar: draft.calendar.as_ref().unwrap_or(&standing.calendar).clone(),
        datetime: draft.datetime,
        totalfee: draft.totalfee,
        services: draft.services.clone(),
        version: standing.version + 1,
        updated_at: now,
        ..standing
    })
}

/// The order that could be replaced now, and the database's time; or why it cannot be.
fn examine(
    conn: &mut PgConnection,
    id: &OrderId,
    condition: &Precondition,
    draft: &OrderDraft,
) -> Result<(Order, Timestamp), Failure> {
    refusal::at_one_instant(conn, |conn| {
        let standing = standing(conn, id, condition)?;
        let calendar = draft.calendar.as_ref().unwrap_or(&standing.calendar);
        let wish = Wish { id, calendar, draft, is_new: false, mode: Mode::DryRun };
        let now = refusal::judge(conn, &wish, &mut Vec::new())??;
        Ok((standing, now))
    })
}

/// The order as it stands, if it is one that may be written.
pub(super) fn standing(
    conn: &mut PgConnection,
    id: &OrderId,
    condition: &Precondition,
) -> Result<Order, Failure> {
    let standing = read::one(conn, id)?.ok_or_else(|| not_found(id))?;
    match condition.allows(standing.version) {
        true => Ok(standing),
        false => Err(mismatch(&standing).into()),
    }
}

/// A write that broke the rule or named a missing service did not happen, and why is found out next.
fn settled(written: QueryResult<Option<Order>>) -> QueryResult<Option<Order>> {
    match written {
        Err(error)
            if violates(&error, "orders_keep_the_minimum_gap")
                || violates(&error, "order_services_service_fkey") =>
        {
            Ok(None)
        }
        written => written,
    }
}

statement! {
    /// Writes an order that keeps its time and its calendar.
    Rewrite<'a> {
        id: &'a str as Text,
        datetime: PgTimestamp as Timestamptz,
        calendar: Option<&'a str> as Nullable<Text>,
        totalfee: Decimal as Numeric,
        services: Vec<&'a str> as Array<Text>,
        versions: Option<Vec<i64>> as Nullable<Array<BigInt>>,
    } -> (Text, Text, Timestamptz, Numeric, Array<Nullable<Text>>, BigInt, Timestamptz, Timestamptz)
    "WITH wish AS (
         SELECT $1 AS id, $2 AS datetime, $3 AS calendar, $4 AS totalfee, $5 AS services,
                $6 AS versions)
     UPDATE orders
        SET totalfee = wish.totalfee, services = wish.services, version = version + 1, updated_at = now()
       FROM wish
      WHERE orders.id = wish.id AND orders.datetime IS NOT DISTINCT FROM wish.datetime
        AND (wish.calendar IS NULL
             OR orders.calendar = (SELECT key FROM calendars WHERE id = wish.calendar))
        AND (wish.versions IS NULL OR orders.version = ANY (wish.versions))
     RETURNING orders.id, (SELECT id FROM calendars WHERE key = orders.calendar), orders.datetime, orders.totalfee, orders.services,
               orders.version, orders.created_at, orders.updated_at"
}

fn rewrite(
    conn: &mut PgConnection,
    id: &OrderId,
    condition: &Precondition,
    draft: &OrderDraft,
) -> QueryResult<Option<Order>> {
    let rewrite = Rewrite {
        id: id.as_str(),
        datetime: row::pg_timestamp(draft.datetime),
        calendar: draft.calendar.as_ref().map(CalendarId::as_str),
        totalfee: draft.totalfee.amount(),
        services: row::pg_services(&draft.services),
        versions: row::pg_versions(condition),
    };
    rewrite.get_result::<OrderRow>(conn).optional()?.map(row::order).transpose()
}

statement! {
    /// The calendars that an order leaves and enters, locked.
    LockCalendars<'a> { leaves: &'a str as Text, enters: &'a str as Text }
        -> (BigInt, Text, Interval, Text)
    "SELECT key, id, minimum_gap, pg_advisory_xact_lock_shared(1, hashint8(key))::text
       FROM (SELECT key, id, minimum_gap FROM calendars WHERE id IN ($1, $2)
              ORDER BY hashint8(key) FOR KEY SHARE) AS locked"
}

statement! {
    /// Takes locks in the order given, for the rest of the transaction.
    LockStretches { stretches: Vec<i64> as Array<BigInt> } -> (Bool,)
    "SELECT count(pg_advisory_xact_lock(stretch)::text) > 0 FROM unnest($1) AS stretch"
}

statement! {
    /// Writes an order to another time or calendar, if it is as it was seen and the time is free. Its
    /// version alone does not tell it from one that was placed anew under its id.
    Relocate<'a> {
        id: &'a str as Text,
        seen: i64 as BigInt,
        created_at: PgTimestamp as Timestamptz,
        calendar: i64 as BigInt,
        gap: PgInterval as Interval,
        datetime: PgTimestamp as Timestamptz,
        totalfee: Decimal as Numeric,
        services: Vec<&'a str> as Array<Text>,
    } -> (BigInt, Timestamptz, Timestamptz)
    "WITH wish AS (
         SELECT $1 AS id, $2 AS seen, $3 AS created_at, $4 AS calendar, $5 AS gap, $6 AS datetime,
                $7 AS totalfee, $8 AS services)
     UPDATE orders
        SET calendar = wish.calendar, minimum_gap = wish.gap, datetime = wish.datetime,
            totalfee = wish.totalfee, services = wish.services, version = version + 1, updated_at = now()
       FROM wish
      WHERE orders.id = wish.id
        AND orders.version = wish.seen AND orders.created_at = wish.created_at
        AND NOT EXISTS (
            SELECT FROM orders AS other
             WHERE (other.calendar, other.datetime) > (wish.calendar, wish.datetime - wish.gap)
               AND (other.calendar, other.datetime) < (wish.calendar, wish.datetime + wish.gap)
               AND other.id <> wish.id
            OFFSET 0)
     RETURNING orders.version, orders.created_at, orders.updated_at"
}

/// Moves an order that stands as it was seen; none when it does not, or the time is taken.
fn relocate(
    conn: &mut PgConnection,
    standing: &Order,
    calendar: &CalendarId,
    draft: &OrderDraft,
) -> QueryResult<Option<Order>> {
    conn.transaction(|conn| {
        let lock = LockCalendars { leaves: standing.calendar.as_str(), enters: calendar.as_str() };
        let mut stretches = BTreeSet::new();
        let mut enters = None;
        for (key, id, gap, _) in lock.load::<(i64, String, PgInterval, String)>(conn)? {
            let gap = row::gap(gap)?;
            if id == standing.calendar.as_str() {
                stretches.extend(stretches_around(key, gap, standing.datetime));
            }
            if id == calendar.as_str() {
                stretches.extend(stretches_around(key, gap, draft.datetime));
                enters = Some((key, gap));
            }
        }
        let Some((key, gap)) = enters else {
            return Ok(None);
        };
        let stretches = stretches.into_iter().collect();
        LockStretches { stretches }.get_result::<(bool,)>(conn)?;

        let relocate = Relocate {
            id: standing.id.as_str(),
            seen: row::sound(standing.version.try_into())?,
            created_at: row::pg_timestamp(standing.created_at),
            calendar: key,
            gap: row::pg_interval(gap),
            datetime: row::pg_timestamp(draft.datetime),
            totalfee: draft.totalfee.amount(),
            services: row::pg_services(&draft.services),
        };
        let written: Option<row::Stamp> = relocate.get_result(conn).optional()?;
        let Some(stamp) = written else {
            return Ok(None);
        };
        row::written(&standing.id, calendar, draft, stamp).map(Some)
    })
}

/// The numbers of the locks that an order at `at` takes: time is cut into stretches of one gap, and it
/// takes its own and the next one, so that any two orders less than a gap apart share a lock.
fn stretches_around(calendar: i64, gap: MinimumGap, at: Timestamp) -> impl Iterator<Item = i64> {
    let own = at.as_micros().checked_div_euclid(gap.as_micros());
    own.into_iter().flat_map(move |own| [own, own + 1]).map(move |n| mixed(calendar, n))
}

/// One number out of two. When two pairs share one, some moves take turns that need not.
fn mixed(calendar: i64, stretch: i64) -> i64 {
    // The finalizer of SplitMix64, which spreads every bit of its input over the output.
    let mut x = (calendar as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (stretch as u64);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (x ^ (x >> 31)) as i64
}
