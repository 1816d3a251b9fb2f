//! Creating an order.
//!
//! One statement does it. It reads first, so that a taken time costs no write; it locks the calendar
//! against a new gap; and `ON CONFLICT DO NOTHING` lets exactly one of several concurrent requests for a time
//! succeed, without the deadlocks of a bare insert. If it writes nothing, [`super::diagnose`] tells why.

use diesel::data_types::PgTimestamp;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::{Array, Nullable, Numeric, Text, Timestamptz};
use orders_core::{Candidate, Order, Resource, StoreError};
use rust_decimal::Decimal;

use super::diagnose::{Diagnosis, Proposal, diagnose, diagnose_each};
use crate::caller::Caller;
use crate::error::{Failure, violates};
use crate::retry::retry_until_resolved;
use crate::row::{self, Stamp, StampSql};
use crate::statement::statement;

statement! {
    Place<'a> {
        id: &'a str as Text,
        calendar: &'a str as Text,
        datetime: PgTimestamp as Timestamptz,
        totalfee: Decimal as Numeric,
        services: Vec<&'a str> as Array<Text>,
        reference: Option<&'a str> as Nullable<Text>,
        metadata: Option<String> as Nullable<Text>,
        client: &'a str as Text,
    } -> StampSql =
    "WITH candidate AS (
         SELECT $1 AS id, $2 AS calendar, $3 AS datetime, $4 AS totalfee, $5 AS services,
                $6 AS reference, $7 AS metadata, $8 AS client)
     INSERT INTO orders (
            id, calendar, minimum_gap, datetime, totalfee, services, reference, metadata, updated_by, version)
     SELECT candidate.id, calendars.key, calendars.minimum_gap, candidate.datetime, candidate.totalfee,
            candidate.services, candidate.reference, candidate.metadata::jsonb, NULLIF(candidate.client, ''),
            COALESCE((SELECT version FROM order_versions WHERE order_id = candidate.id
                       ORDER BY order_id DESC, version DESC LIMIT 1), 0) + 1
       FROM candidate JOIN calendars ON calendars.id = candidate.calendar
      WHERE NOT EXISTS (
            SELECT FROM orders
             WHERE orders.calendar = calendars.key
               AND orders.datetime > candidate.datetime - calendars.minimum_gap
               AND orders.datetime < candidate.datetime + calendars.minimum_gap
            OFFSET 0)
        FOR KEY SHARE OF calendars SKIP LOCKED
     ON CONFLICT DO NOTHING
     RETURNING version, created_at, updated_at"
}

/// Creates an order, or tells why it cannot be created.
pub(super) fn place(
    conn: &mut PgConnection,
    candidate: &Candidate,
    caller: &Caller,
) -> Result<Order, Failure> {
    retry_until_resolved(|| {
        if let Some(order) = unless_overtaken(attempt(conn, candidate, caller))? {
            return Ok(Some(order));
        }
        check(conn, candidate)?;
        Ok(None)
    })
}

/// What [`place`] would return, without writing.
pub(super) fn dry_run(conn: &mut PgConnection, candidate: Candidate) -> Result<Order, Failure> {
    let Diagnosis { now, last_version, .. } = check(conn, &candidate)?;
    Ok(candidate.into_order(last_version + 1, now, now))
}

/// Tries once to create an order. `None` if something stood against it.
pub(super) fn attempt(
    conn: &mut PgConnection,
    candidate: &Candidate,
    caller: &Caller,
) -> QueryResult<Option<Order>> {
    let place = Place {
        id: candidate.id.as_str(),
        calendar: candidate.calendar.as_str(),
        datetime: row::pg_timestamp(candidate.datetime),
        totalfee: candidate.totalfee.amount(),
        services: row::pg_services(&candidate.services),
        reference: row::pg_reference(candidate.reference.as_ref()),
        metadata: row::pg_metadata(&candidate.metadata),
        client: caller.id(),
    };
    let stamp: Option<Stamp> = place.get_result(conn).optional()?;
    stamp.map(|stamp| row::stamped(candidate, stamp)).transpose()
}

/// The reason why an order cannot be created, or else the diagnosis that nothing prevents it.
pub(super) fn check(conn: &mut PgConnection, candidate: &Candidate) -> Result<Diagnosis, Failure> {
    Ok(reason(diagnose(conn, proposal(candidate))?)?)
}

/// The reason for each of these orders; `None` if nothing prevents it.
pub(crate) fn reasons(
    conn: &mut PgConnection,
    candidates: &[&Candidate],
) -> QueryResult<Vec<Option<StoreError>>> {
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    let proposals: Vec<_> = candidates.iter().copied().map(proposal).collect();
    Ok(diagnose_each(conn, &proposals)?.into_iter().map(|it| reason(it).err()).collect())
}

fn proposal(candidate: &Candidate) -> Proposal<'_> {
    let Candidate { id, calendar, datetime, services, .. } = candidate;
    Proposal { id, calendar: Some(calendar), datetime: *datetime, services }
}

fn reason(mut diagnosis: Diagnosis) -> Result<Diagnosis, StoreError> {
    let id_taken = diagnosis.current.take().map(|it| StoreError::IdTaken(Resource::Order(it.id)));
    match diagnosis.unknown.take().or(id_taken).or_else(|| diagnosis.conflict.take()) {
        Some(error) => Err(error),
        None => Ok(diagnosis),
    }
}

/// `None` if a write failed because a service does not exist, which the diagnosis then tells, or because another
/// transaction has used the id meanwhile, so that the next version is another one.
pub(super) fn unless_overtaken<T>(written: Result<Option<T>, Error>) -> Result<Option<T>, Error> {
    match written {
        Err(error)
            if violates(&error, "order_services_service_fkey")
                || violates(&error, "order_versions_pkey") =>
        {
            Ok(None)
        }
        written => written,
    }
}
