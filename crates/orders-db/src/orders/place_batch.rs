//! Creating many orders with one statement.
//!
//! The rows of one insert see each other like the rows of other transactions, so the first of two candidates that are
//! too close is stored.

use std::collections::{HashMap, HashSet};

use diesel::data_types::{PgInterval, PgTimestamp};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Interval, Nullable, Numeric, Text, Timestamptz};
use orders_core::{CalendarId, Candidate, Order, StoreError};
use rust_decimal::Decimal;

use super::place::{self, unless_overtaken};
use crate::caller::Caller;
use crate::error::Failure;
use crate::locks::lock_for_batch;
use crate::row;
use crate::statement::statement;

statement! {
    /// Creates the orders that can be created. The services of an order are one text with commas, which no id
    /// contains, because PostgreSQL has no arrays of arrays of different lengths. `OFFSET 0` keeps the planner
    /// from reading whole tables once instead of the few rows of each candidate.
    PlaceBatch<'a> {
        ids: Vec<&'a str> as Array<Text>,
        calendars: Vec<i64> as Array<BigInt>,
        gaps: Vec<PgInterval> as Array<Interval>,
        datetimes: Vec<PgTimestamp> as Array<Timestamptz>,
        totalfees: Vec<Decimal> as Array<Numeric>,
        services: Vec<String> as Array<Text>,
        references: Vec<Option<&'a str>> as Array<Nullable<Text>>,
        metadata: Vec<Option<String>> as Array<Nullable<Text>>,
        client: &'a str as Text,
    } -> (Text, BigInt, Timestamptz, Timestamptz) =
    "INSERT INTO orders (
            id, calendar, minimum_gap, datetime, totalfee, services, reference, metadata, updated_by, version)
     SELECT candidate.id, candidate.calendar, candidate.gap, candidate.datetime, candidate.totalfee,
            candidate.services, candidate.reference, candidate.metadata::jsonb, candidate.client,
            COALESCE((SELECT version FROM order_versions WHERE order_id = candidate.id
                       ORDER BY order_id DESC, version DESC LIMIT 1), 0) + 1
       FROM (SELECT id, calendar, gap, datetime, totalfee, string_to_array(services, ',') AS services, reference,
                    metadata, index, client
               FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) WITH ORDINALITY AS row
                    (id, calendar, gap, datetime, totalfee, services, reference, metadata, index),
                    (SELECT NULLIF($9, '') AS client) AS caller) AS candidate
      WHERE NOT EXISTS (
            SELECT FROM orders
             WHERE orders.calendar = candidate.calendar
               AND orders.datetime > candidate.datetime - candidate.gap
               AND orders.datetime < candidate.datetime + candidate.gap
            OFFSET 0)
        AND NOT EXISTS (
            SELECT FROM unnest(candidate.services) AS named (id)
             WHERE NOT EXISTS (SELECT FROM services WHERE services.id = named.id OFFSET 0)
            OFFSET 0)
      ORDER BY candidate.index
     ON CONFLICT DO NOTHING
     RETURNING id, version, created_at, updated_at"
}

/// Creates each order, or tells why it cannot be created.
pub(super) fn place_batch(
    conn: &mut PgConnection,
    candidates: &[Candidate],
    caller: &Caller,
) -> Result<Vec<Result<Order, StoreError>>, Failure> {
    let mut results = Vec::with_capacity(candidates.len());
    let mut rest = candidates;
    while !rest.is_empty() {
        let (distinct, others) = rest.split_at(distinct_ids(rest));
        results.extend(place_distinct(conn, distinct, caller)?);
        rest = others;
    }
    Ok(results)
}

/// How many candidates come before the first that repeats an id. The id is what assigns an inserted row to its
/// candidate.
fn distinct_ids(candidates: &[Candidate]) -> usize {
    let mut seen = HashSet::with_capacity(candidates.len());
    candidates.iter().position(|it| !seen.insert(&it.id)).unwrap_or(candidates.len())
}

type InsertedRow = (String, i64, PgTimestamp, PgTimestamp);

fn place_distinct(
    conn: &mut PgConnection,
    candidates: &[Candidate],
    caller: &Caller,
) -> Result<Vec<Result<Order, StoreError>>, Failure> {
    let mut busy = HashSet::new();
    let inserted = insert(conn, candidates, caller, &mut busy).map(Some);
    // If a service is deleted or an id is used between the check and the write, nothing is written, and each order is
    // created alone.
    let inserted = unless_overtaken(inserted)?;
    let mut stamps: HashMap<_, _> = inserted
        .into_iter()
        .flatten()
        .map(|(id, version, created_at, updated_at)| (id, (version, created_at, updated_at)))
        .collect();
    let rejected: Vec<_> =
        candidates.iter().filter(|it| !stamps.contains_key(it.id.as_str())).collect();
    let mut reasons = place::reasons(conn, &rejected)?.into_iter();
    candidates
        .iter()
        .map(|candidate| match stamps.remove(candidate.id.as_str()) {
            Some(stamp) => Ok(Ok(row::stamped(candidate, stamp)?)),
            // OK because there is one for each rejected candidate.
            None => match reasons.next().expect("a reason for each rejected candidate") {
                Some(reason) => Ok(Err(reason)),
                None => place_alone(conn, candidate, busy.contains(&candidate.calendar), caller),
            },
        })
        .collect()
}

/// Inserts the candidates whose calendars it could lock: the gap of another calendar may change at any time. The others
/// are added to `busy`; they need not exist.
fn insert<'a>(
    conn: &mut PgConnection,
    candidates: &'a [Candidate],
    caller: &Caller,
    busy: &mut HashSet<&'a CalendarId>,
) -> QueryResult<Vec<InsertedRow>> {
    conn.transaction(|conn| {
        let locked = lock_for_batch(conn, candidates.iter().map(|it| &it.calendar).collect())?;
        let calendars: HashMap<_, _> = locked.iter().map(|it| (&it.id, it)).collect();
        let ids = candidates.iter().map(|it| &it.calendar);
        busy.extend(ids.filter(|id| !calendars.contains_key(id)));
        let rows: Vec<_> = candidates
            .iter()
            .filter_map(|candidate| Some((candidate, *calendars.get(&candidate.calendar)?)))
            .collect();
        let insert = PlaceBatch {
            ids: rows.iter().map(|(it, _)| it.id.as_str()).collect(),
            calendars: rows.iter().map(|(_, calendar)| calendar.key).collect(),
            gaps: rows.iter().map(|(_, calendar)| row::pg_interval(calendar.gap)).collect(),
            datetimes: rows.iter().map(|(it, _)| row::pg_timestamp(it.datetime)).collect(),
            totalfees: rows.iter().map(|(it, _)| it.totalfee.amount()).collect(),
            client: caller.id(),
            services: rows.iter().map(|(it, _)| row::joined_services(&it.services)).collect(),
            references: rows
                .iter()
                .map(|(it, _)| row::pg_reference(it.reference.as_ref()))
                .collect(),
            metadata: rows.iter().map(|(it, _)| row::pg_metadata(&it.metadata)).collect(),
        };
        insert.load(conn)
    })
}

/// Creates an order that was not inserted although nothing prevents it any longer.
fn place_alone(
    conn: &mut PgConnection,
    candidate: &Candidate,
    is_busy: bool,
    caller: &Caller,
) -> Result<Result<Order, StoreError>, Failure> {
    let placed = match is_busy {
        // Many candidates of one calendar must not wait for it one after the other.
        true => unless_overtaken(place::attempt(conn, candidate, caller))?
            .ok_or_else(|| StoreError::Busy.into()),
        false => place::place(conn, candidate, caller),
    };
    match placed {
        Ok(order) => Ok(Ok(order)),
        Err(Failure::Rejected(error)) => Ok(Err(error)),
        Err(failure) => Err(failure),
    }
}
