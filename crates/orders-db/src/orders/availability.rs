//! The free times of a calendar.

use diesel::data_types::{PgInterval, PgTimestamp};
use diesel::prelude::*;
use diesel::sql_types::Interval as IntervalSql;
use diesel::sql_types::{Array, Text, Timestamptz};
use orders_core::{CalendarId, Interval, Resource, StoreError, free_within};

use crate::error::Failure;
use crate::row;
use crate::statement::statement;

statement! {
    /// The gap of a calendar, and the times of its orders from one gap before a window to one gap after it,
    /// ascending. A gap of zero restricts nothing, so no order is read then.
    Near<'a> {
        from: PgTimestamp as Timestamptz,
        to: PgTimestamp as Timestamptz,
        calendar: &'a str as Text,
    } -> (IntervalSql, Array<Timestamptz>) =
    "SELECT calendars.minimum_gap, ARRAY(
            SELECT datetime FROM orders
             WHERE calendar = calendars.key
               AND datetime > $1 - calendars.minimum_gap AND datetime < $2 + calendars.minimum_gap
               AND calendars.minimum_gap > interval '0'
             ORDER BY calendar, datetime)
       FROM calendars WHERE id = $3"
}

/// The intervals of `window` in which an order could start.
pub(super) fn availability(
    conn: &mut PgConnection,
    calendar: &CalendarId,
    window: Interval,
) -> Result<Vec<Interval>, Failure> {
    let (from, to) = (row::pg_timestamp(window.from), row::pg_timestamp(window.to));
    let row: Option<(PgInterval, Vec<PgTimestamp>)> =
        Near { calendar: calendar.as_str(), from, to }.get_result(conn).optional()?;
    Ok(free(calendar, window, row)??)
}

/// The free intervals of a window beside these orders, if the calendar has a gap: otherwise there is no such calendar.
pub(crate) fn free(
    calendar: &CalendarId,
    window: Interval,
    near: Option<(PgInterval, Vec<PgTimestamp>)>,
) -> QueryResult<Result<Vec<Interval>, StoreError>> {
    let Some((gap, taken)) = near else {
        return Ok(Err(StoreError::NotFound(Resource::Calendar(calendar.clone()))));
    };
    let taken = taken.into_iter().map(row::timestamp);
    Ok(Ok(free_within(window, row::gap(gap)?, taken.collect::<QueryResult<Vec<_>>>()?)))
}
