//! Placing many orders with one statement.
//!
//! The rows of one insert see each other as they see those of anybody else, so of two lines that are too
//! close the first wins. A batch holds many orders while it waits for the next one's time, so it must not
//! meet whoever waits in the other direction: batches into one calendar take turns, with each other and
//! with moves.

use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::data_types::{PgInterval, PgTimestamp};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Interval, Numeric, Text, Timestamptz};
use orders_core::{CalendarId, Mode, Order, OrderDraft, OrderId, StoreError};
use rust_decimal::Decimal;

use super::place;
use super::refusal::{self, Wish};
use crate::error::Failure;
use crate::row;
use crate::statement::statement;

/// A draft with the id and the calendar that its order gets.
pub(super) struct Line {
    pub(super) id: OrderId,
    pub(super) calendar: CalendarId,
    pub(super) draft: OrderDraft,
}

statement! {
    /// Locks these calendars against other batches, moves, and a new gap.
    LockBatch<'a> { calendars: Vec<&'a str> as Array<Text> } -> (BigInt, Text, Interval, Text)
    "SELECT key, id, minimum_gap, pg_advisory_xact_lock(1, hashint8(key))::text
       FROM (SELECT key, id, minimum_gap FROM calendars WHERE id = ANY ($1)
              ORDER BY hashint8(key) FOR KEY SHARE) AS locked"
}

statement! {
    /// Places those lines that can be placed. A list of services is one text here, with commas, which no
    /// id contains: PostgreSQL has no arrays of arrays of different lengths. `OFFSET 0` keeps the planner
    /// from reading whole tables once rather than the few rows of each line.
    PlaceEach<'a> {
        ids: Vec<&'a str> as Array<Text>,
        calendars: Vec<i64> as Array<BigInt>,
        gaps: Vec<PgInterval> as Array<Interval>,
        datetimes: Vec<PgTimestamp> as Array<Timestamptz>,
        totalfees: Vec<Decimal> as Array<Numeric>,
        services: Vec<String> as Array<Text>,
    } -> (Text, BigInt, Timestamptz, Timestamptz)
    "INSERT INTO orders (id, calendar, minimum_gap, datetime, totalfee, services)
     SELECT wish.id, wish.calendar, wish.gap, wish.datetime, wish.totalfee, wish.services
       FROM (SELECT id, calendar, gap, datetime, totalfee, string_to_array(services, ',') AS services, place
               FROM unnest($1, $2, $3, $4, $5, $6)
                    WITH ORDINALITY AS line (id, calendar, gap, datetime, totalfee, services, place)) AS wish
      WHERE NOT EXISTS (
            SELECT FROM orders
             WHERE (orders.calendar, orders.datetime)
                   > (wish.calendar, wish.datetime - wish.gap)
               AND (orders.calendar, orders.datetime)
                   < (wish.calendar, wish.datetime + wish.gap)
            OFFSET 0)
        AND NOT EXISTS (
            SELECT FROM unnest(wish.services) AS named (id)
             WHERE NOT EXISTS (SELECT FROM services WHERE services.id = named.id OFFSET 0)
            OFFSET 0)
      ORDER BY wish.place
     ON CONFLICT DO NOTHING
     RETURNING id, version, created_at, updated_at"
}

/// Places each line, or finds out why it cannot be placed.
pub(super) fn place(
    conn: &mut PgConnection,
    lines: &[Line],
) -> Result<Vec<Result<Order, StoreError>>, Failure> {
    let mut answers = Vec::with_capacity(lines.len());
    let mut rest = lines;
    while !rest.is_empty() {
        let (run, behind) = rest.split_at(until_repeated_id(rest));
        answers.extend(place_run(conn, run)?);
        rest = behind;
    }
    Ok(answers)
}

/// How many lines there are before one repeats the id of another. A row that was placed tells its id,
/// and nothing else tells which line it came from.
fn until_repeated_id(lines: &[Line]) -> usize {
    let mut seen = HashSet::with_capacity(lines.len());
    lines.iter().position(|line| !seen.insert(&line.id)).unwrap_or(lines.len())
}

fn place_run(
    conn: &mut PgConnection,
    lines: &[Line],
) -> Result<Vec<Result<Order, StoreError>>, Failure> {
    let mut placed = HashMap::with_capacity(lines.len());
    match insert(conn, lines) {
        Ok(rows) => placed.extend(rows.into_iter().map(|row| (row.0, (row.1, row.2, row.3)))),
        // A service was removed between the look and the write: one by one then.
        Err(error) if place::names_missing_service(&error) => {}
        Err(error) => return Err(error.into()),
    }
    lines
        .iter()
        .map(|line| match placed.remove(line.id.as_str()) {
            Some(stamp) => Ok(Ok(row::written(&line.id, &line.calendar, &line.draft, stamp)?)),
            None => refused(conn, line),
        })
        .collect()
}

type PlacedRow = (String, i64, PgTimestamp, PgTimestamp);

/// Inserts the lines whose calendars exist. A calendar that is created after they were locked may get a new gap
/// at any time, so a line in such a calendar is left out.
fn insert(conn: &mut PgConnection, lines: &[Line]) -> QueryResult<Vec<PlacedRow>> {
    conn.transaction(|conn| {
        let calendars: BTreeSet<_> = lines.iter().map(|line| line.calendar.as_str()).collect();
        let lock = LockBatch { calendars: calendars.into_iter().collect() };
        let locked: HashMap<_, _> = lock
            .load::<(i64, String, PgInterval, String)>(conn)?
            .into_iter()
            .map(|(key, id, gap, _)| (id, (key, gap)))
            .collect();
        let lines: Vec<_> = lines
            .iter()
            .filter_map(|line| Some((line, locked.get(line.calendar.as_str())?)))
            .collect();
        let insert = PlaceEach {
            ids: lines.iter().map(|(line, _)| line.id.as_str()).collect(),
            calendars: lines.iter().map(|(_, (key, _))| *key).collect(),
            gaps: lines.iter().map(|(_, (_, gap))| *gap).collect(),
            datetimes: lines
                .iter()
                .map(|(line, _)| row::pg_timestamp(line.draft.datetime))
                .collect(),
            totalfees: lines.iter().map(|(line, _)| line.draft.totalfee.amount()).collect(),
            services: lines
                .iter()
                .map(|(line, _)| row::pg_services(&line.draft.services).join(","))
                .collect(),
        };
        insert.load(conn)
    })
}

/// Why a line was left out. When nothing stands against it any longer it is placed after all.
fn refused(conn: &mut PgConnection, line: &Line) -> Result<Result<Order, StoreError>, Failure> {
    let Line { id, calendar, draft } = line;
    let placed =
        match refusal::refuse(conn, &Wish { id, calendar, draft, is_new: true, mode: Mode::Write })
        {
            Ok(_) => place::place(conn, id, draft),
            Err(failure) => Err(failure),
        };
    match placed {
        Ok(order) => Ok(Ok(order)),
        Err(Failure::Refused(refusal @ StoreError::Unavailable(_))) => Err(refusal.into()),
        Err(Failure::Refused(refusal)) => Ok(Err(refusal)),
        Err(Failure::Database(error)) => Err(error.into()),
    }
}
