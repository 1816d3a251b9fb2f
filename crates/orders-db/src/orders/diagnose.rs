//! Why an order cannot be stored: [`diagnose`], one statement that reads everything at one instant.

use diesel::data_types::{PgInterval, PgTimestamp};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Interval, Nullable, Text, Timestamptz};
use orders_core::{
    CalendarId, Conflict, NearestFree, Order, OrderId, OrderedServices, SEARCH_REACH_MICROS,
    StoreError, Timestamp, UnknownReferences,
};

use crate::row::{self, OrderRow, OrderSql};
use crate::statement::statement;

/// How far from the requested time free times are searched.
const REACH: PgInterval = PgInterval { microseconds: SEARCH_REACH_MICROS, days: 0, months: 0 };

/// What prevents an order from being stored, as of one instant.
pub(super) struct Diagnosis {
    /// The database's time.
    pub(super) now: Timestamp,
    /// The order that has the id.
    pub(super) current: Option<Order>,
    /// The last version that an order with the id had; 0 if there never was one.
    pub(super) last_version: u64,
    /// The calendar or the services that do not exist.
    pub(super) unknown: Option<StoreError>,
    /// The orders that are too close.
    pub(super) conflict: Option<StoreError>,
}

/// Everything about an order that is to be stored. Without a calendar it is the one that the order is in.
///
/// `conflicts` are the orders less than a gap away. From the first and the last of them, `earlier` and `later`
/// follow the orders of the calendar until there is room for one more: until two neighbors are at least two gaps
/// apart. They read 50 orders, and more only if these leave no room. If the gap is less than a minute, they give up
/// after 10,000 orders, and their result is null; with a longer gap, at most 527,040 orders fit into the reach. A
/// `block` is 17 orders: if less than 17 gaps lie between the first and the last, none of its 16 steps is two gaps
/// long. So a calendar that is booked solid is compared at every sixteenth order only.
macro_rules! diagnosis_of {
    ($requests:literal) => {
        concat!(
            "WITH request AS (", $requests, ")
     SELECT now(),
            COALESCE((SELECT version FROM order_versions WHERE order_id = request.id
                       ORDER BY order_id DESC, version DESC LIMIT 1), 0),
            current.id, current_calendar.id, current.datetime, current.totalfee, current.services, current.reference,
            current.metadata::text, current.version, current.created_at, current.updated_at,
            calendar.minimum_gap,
            ARRAY(SELECT named.index
                    FROM unnest(request.services) WITH ORDINALITY AS named (id, index)
                   WHERE NOT EXISTS (SELECT FROM services WHERE services.id = named.id OFFSET 0)
                   ORDER BY named.index),
            conflicts.ids, conflicts.times,
            (SELECT times[n]
               FROM unnest(calendar.steps) AS step (rows),
                    LATERAL (
                        SELECT ARRAY(
                            SELECT datetime FROM orders
                             WHERE orders.calendar = calendar.key AND orders.datetime <= conflicts.first
                               AND orders.datetime > request.datetime - request.reach - calendar.minimum_gap
                               AND orders.id <> request.id
                             ORDER BY datetime DESC
                             LIMIT step.rows + 1) AS times OFFSET 0) AS run,
                    LATERAL (SELECT generate_series(1, cardinality(times), 16) AS first) AS block,
                    LATERAL (SELECT generate_series(first, first + 15) AS n) AS position
              WHERE (times[first + 16] > times[first] - calendar.block) IS NOT TRUE
                AND (times[n + 1] <= times[n] - calendar.two_gaps
                     OR n = cardinality(times) AND n <= step.rows)
              LIMIT 1) AS earlier,
            (SELECT times[n]
               FROM unnest(calendar.steps) AS step (rows),
                    LATERAL (
                        SELECT ARRAY(
                            SELECT datetime FROM orders
                             WHERE orders.calendar = calendar.key AND orders.datetime >= conflicts.last
                               AND orders.datetime < request.datetime + request.reach + calendar.minimum_gap
                               AND orders.id <> request.id
                             ORDER BY datetime
                             LIMIT step.rows + 1) AS times OFFSET 0) AS run,
                    LATERAL (SELECT generate_series(1, cardinality(times), 16) AS first) AS block,
                    LATERAL (SELECT generate_series(first, first + 15) AS n) AS position
              WHERE (times[first + 16] < times[first] + calendar.block) IS NOT TRUE
                AND (times[n + 1] >= times[n] + calendar.two_gaps
                     OR n = cardinality(times) AND n <= step.rows)
              LIMIT 1) AS later
       FROM request
       LEFT JOIN LATERAL (
            SELECT * FROM orders WHERE orders.id = request.id OFFSET 0) AS current ON true
       LEFT JOIN LATERAL (
            SELECT id FROM calendars WHERE calendars.key = current.calendar OFFSET 0) AS current_calendar ON true
       LEFT JOIN LATERAL (
            SELECT key, minimum_gap, 2 * minimum_gap AS two_gaps, 17 * minimum_gap AS block,
                   CASE WHEN minimum_gap < interval '1 minute' THEN '{50, 10000}'::bigint[]
                        ELSE '{50, 10000, 1000000}' END AS steps
              FROM calendars
             WHERE calendars.id = COALESCE(request.calendar, current_calendar.id) OFFSET 0) AS calendar ON true
       LEFT JOIN LATERAL (
            SELECT array_agg(id) AS ids, array_agg(datetime) AS times, min(datetime) AS first, max(datetime) AS last
              FROM (SELECT id, datetime FROM orders
                     WHERE orders.calendar = calendar.key
                       AND orders.datetime > request.datetime - calendar.minimum_gap
                       AND orders.datetime < request.datetime + calendar.minimum_gap
                       AND orders.id <> request.id
                     ORDER BY orders.calendar, orders.datetime, orders.id OFFSET 0) AS near
            ) AS conflicts ON true
      ORDER BY request.index")
    };
}

type DiagnosisSql = (
    Timestamptz,
    BigInt,
    Nullable<OrderSql>,
    Nullable<Interval>,
    Array<BigInt>,
    Nullable<(Array<Text>, Array<Timestamptz>)>,
    Nullable<Timestamptz>,
    Nullable<Timestamptz>,
);

statement! {
    Diagnose<'a> {
        id: &'a str as Text,
        calendar: Option<&'a str> as Nullable<Text>,
        datetime: PgTimestamp as Timestamptz,
        services: Vec<&'a str> as Array<Text>,
        reach: PgInterval as Interval,
    } -> DiagnosisSql =
    diagnosis_of!("SELECT $1 AS id, $2 AS calendar, $3 AS datetime, $4 AS services, $5 AS reach, 1 AS index")
}

statement! {
    /// The same for several orders. The services of an order are one text with commas, which no id contains.
    DiagnoseEach<'a> {
        ids: Vec<&'a str> as Array<Text>,
        calendars: Vec<Option<&'a str>> as Array<Nullable<Text>>,
        datetimes: Vec<PgTimestamp> as Array<Timestamptz>,
        services: Vec<String> as Array<Text>,
        reach: PgInterval as Interval,
    } -> DiagnosisSql =
    diagnosis_of!(
        "SELECT id, calendar, datetime, string_to_array(services, ',') AS services, setting.reach, index
           FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS row (id, calendar, datetime, services, index),
                (SELECT $5 AS reach) AS setting"
    )
}

type DiagnosisRow = (
    PgTimestamp,
    i64,
    Option<OrderRow>,
    Option<PgInterval>,
    Vec<i64>,
    Option<(Vec<String>, Vec<PgTimestamp>)>,
    Option<PgTimestamp>,
    Option<PgTimestamp>,
);

/// A proposed order: it is to be stored. Without a calendar it is the one that the order is in.
#[derive(Clone, Copy)]
pub(super) struct Proposal<'a> {
    pub(super) id: &'a OrderId,
    pub(super) calendar: Option<&'a CalendarId>,
    pub(super) datetime: Timestamp,
    pub(super) services: &'a OrderedServices,
}

/// Finds what prevents the store of an order. The current order never conflicts with its replacement.
pub(super) fn diagnose(conn: &mut PgConnection, proposal: Proposal<'_>) -> QueryResult<Diagnosis> {
    let Proposal { id, calendar, datetime, services } = proposal;
    let diagnose = Diagnose {
        id: id.as_str(),
        calendar: calendar.map(CalendarId::as_str),
        datetime: row::pg_timestamp(datetime),
        services: row::pg_services(services),
        reach: REACH,
    };
    diagnosis(proposal, diagnose.get_result(conn)?)
}

/// The same for several orders, as of one instant.
pub(super) fn diagnose_each(
    conn: &mut PgConnection,
    proposals: &[Proposal<'_>],
) -> QueryResult<Vec<Diagnosis>> {
    let diagnose = DiagnoseEach {
        ids: proposals.iter().map(|it| it.id.as_str()).collect(),
        calendars: proposals.iter().map(|it| it.calendar.map(CalendarId::as_str)).collect(),
        datetimes: proposals.iter().map(|it| row::pg_timestamp(it.datetime)).collect(),
        services: proposals.iter().map(|it| row::joined_services(it.services)).collect(),
        reach: REACH,
    };
    let rows: Vec<DiagnosisRow> = diagnose.load(conn)?;
    proposals.iter().zip(rows).map(|(proposal, row)| diagnosis(*proposal, row)).collect()
}

/// What a row says about a proposed order.
fn diagnosis(proposal: Proposal<'_>, row: DiagnosisRow) -> QueryResult<Diagnosis> {
    let Proposal { calendar, datetime, services, .. } = proposal;
    let (now, last_version, current, gap, missing, conflicts, earlier, later) = row;
    let current = current.map(row::order).transpose()?;
    let calendar = calendar.or(current.as_ref().map(|current| &current.calendar));

    let conflict = match (calendar, gap, conflicts) {
        (Some(calendar), Some(gap), Some((ids, times))) => {
            let gap = row::gap(gap)?;
            let [earlier, later] = [earlier, later].map(|at| at.map(row::timestamp).transpose());
            Some(StoreError::Conflict(Box::new(Conflict {
                datetime,
                calendar: calendar.clone(),
                minimum_gap: gap,
                conflicts_with: ids
                    .iter()
                    .zip(times)
                    .map(|(id, time)| row::booking(id, time))
                    .collect::<QueryResult<_>>()?,
                nearest_free: NearestFree::beside(datetime, gap, earlier?, later?),
            })))
        }
        _ => None,
    };
    let unknown = UnknownReferences {
        calendar: calendar.filter(|_| gap.is_none()).cloned(),
        services: services
            .iter()
            .enumerate()
            .filter(|(index, _)| missing.contains(&(*index as i64 + 1)))
            .map(|(index, id)| (index, id.clone()))
            .collect(),
    };
    Ok(Diagnosis {
        now: row::timestamp(now)?,
        current,
        last_version: row::decode(last_version.try_into())?,
        unknown: Some(unknown)
            .filter(|unknown| unknown.calendar.is_some() || !unknown.services.is_empty())
            .map(StoreError::UnknownReferences),
        conflict,
    })
}
