//! Where a calendar has room. The search itself is `orders-core`'s; here the taken times are streamed to it.

use std::cell::RefCell;

use diesel::data_types::{PgInterval, PgTimestamp};
use diesel::prelude::*;
use diesel::sql_types::Interval as IntervalSql;
use diesel::sql_types::{Array, BigInt, Text, Timestamptz};
use orders_core::{
    Booking, CalendarId, Direction, Interval, MinimumGap, NearestFree, OrderId, Resource,
    SEARCH_REACH_MICROS, StoreError, Timestamp, first_free_from, free_within, last_free_until,
};

use super::refusal::booking;
use super::solid::{self, Run};
use crate::error::Failure;
use crate::row;
use crate::statement::statement;

/// The times taken in a calendar, by all orders but one.
pub(super) struct Taken<'a> {
    pub(super) calendar: i64,
    pub(super) gap: MinimumGap,
    pub(super) except: &'a OrderId,
    /// Whether to use, and add to, what is known of solid runs: only when no order is left out, and
    /// when something may be written.
    pub(super) steps_over_runs: bool,
}

statement! {
    /// The orders less than a gap away from a time, by time.
    Around<'a> {
        calendar: i64 as BigInt,
        at: PgTimestamp as Timestamptz,
        gap: PgInterval as IntervalSql,
        except: &'a str as Text,
    } -> (Text, Timestamptz)
    "SELECT id, datetime FROM orders
      WHERE (calendar, datetime) > ($1, $2 - $3) AND (calendar, datetime) < ($1, $2 + $3) AND id <> $4
      ORDER BY calendar, datetime, id"
}

statement! {
    /// Taken times from one on, rising.
    Later<'a> { calendar: i64 as BigInt, from: PgTimestamp as Timestamptz, except: &'a str as Text, most: i64 as BigInt }
        -> (Timestamptz,)
    "SELECT datetime FROM orders WHERE (calendar, datetime) >= ($1, $2) AND (calendar, datetime) <= ($1, 'infinity') AND id <> $3
      ORDER BY calendar, datetime LIMIT $4"
}

statement! {
    /// Taken times from one back, falling.
    Earlier<'a> { calendar: i64 as BigInt, from: PgTimestamp as Timestamptz, except: &'a str as Text, most: i64 as BigInt }
        -> (Timestamptz,)
    "SELECT datetime FROM orders WHERE (calendar, datetime) <= ($1, $2) AND (calendar, datetime) >= ($1, '-infinity') AND id <> $3
      ORDER BY calendar DESC, datetime DESC LIMIT $4"
}

impl Taken<'_> {
    /// The orders that one at `at` would conflict with.
    pub(super) fn around(
        &self,
        conn: &mut PgConnection,
        at: Timestamp,
    ) -> QueryResult<Vec<Booking>> {
        let (at, gap) = (row::pg_timestamp(at), row::pg_interval(self.gap));
        let around = Around { calendar: self.calendar, at, gap, except: self.except.as_str() };
        around.load(conn)?.into_iter().map(booking).collect()
    }
}

/// The nearest times at which an order could start to one where it conflicts with these. What was learned
/// on the way is added to `learned`.
pub(super) fn nearest(
    conn: &mut PgConnection,
    taken: &Taken<'_>,
    at: Timestamp,
    conflicts: &[Booking],
    learned: &mut Vec<Run>,
) -> QueryResult<NearestFree> {
    let (Some(first), Some(last)) = (conflicts.first(), conflicts.last()) else {
        return Ok(NearestFree { before: Some(at), after: Some(at) });
    };
    let mut side = |order: &Booking, direction| -> QueryResult<_> {
        let nearest = beyond(conn, taken, at, order.datetime, direction, learned)?;
        Ok(nearest.filter(|free| distance(*free, at) <= SEARCH_REACH_MICROS))
    };
    Ok(NearestFree {
        before: side(first, Direction::Descending)?,
        after: side(last, Direction::Ascending)?,
    })
}

/// The nearest free time beyond an order, in one direction. Nothing on its near side matters any more.
fn beyond(
    conn: &mut PgConnection,
    taken: &Taken<'_>,
    at: Timestamp,
    order: Timestamp,
    direction: Direction,
    learned: &mut Vec<Run>,
) -> QueryResult<Option<Timestamp>> {
    let Taken { calendar, gap, except, steps_over_runs } = *taken;
    let mut start = order;
    while steps_over_runs && distance(start, at) <= SEARCH_REACH_MICROS {
        let (first, last) = solid::reach(conn, calendar, gap, start)?;
        let end = if direction == Direction::Ascending { last } else { first };
        if end == start {
            break;
        }
        start = end;
    }
    if distance(start, at) > SEARCH_REACH_MICROS {
        return Ok(None);
    }

    // The order at `start` is in the wish's way, or runs were stepped over and the wish is far behind.
    let candidate = if start == order { at } else { start };
    let except = except.as_str();
    let (mut read, mut end) = (0, start);
    let fetch = |from, most| match direction {
        Direction::Ascending => Later { calendar, from, except, most }.load(conn),
        Direction::Descending => Earlier { calendar, from, except, most }.load(conn),
    };
    let found = searched(start, fetch, |times| {
        let times = times.inspect(|time| (read, end) = (read + 1, *time));
        match direction {
            Direction::Ascending => first_free_from(candidate, gap, times),
            Direction::Descending => last_free_until(candidate, gap, times),
        }
    })?;
    if steps_over_runs && read >= solid::LONG_SEARCH {
        // The last order without room behind it: one gap before the room, or where the search gave up.
        let back =
            if direction == Direction::Ascending { -gap.as_micros() } else { gap.as_micros() };
        let end = found.and_then(|free| free.plus_micros(back)).unwrap_or(end);
        let (first, last) = (start.min(end), start.max(end));
        learned.push(Run { calendar, gap, first, last });
    }
    Ok(found)
}

fn distance(a: Timestamp, b: Timestamp) -> i64 {
    (a.as_micros() - b.as_micros()).abs()
}

/// Runs a search over times that are fetched in portions, each larger than the one before.
fn searched(
    from: Timestamp,
    mut fetch: impl FnMut(PgTimestamp, i64) -> QueryResult<Vec<(PgTimestamp,)>>,
    search: impl FnOnce(&mut dyn Iterator<Item = Timestamp>) -> Option<Timestamp>,
) -> QueryResult<Option<Timestamp>> {
    let failed = RefCell::new(None);
    let mut next = Some((row::pg_timestamp(from), 16));
    let portions = std::iter::from_fn(|| {
        let (from, most) = next.take()?;
        let times = fetch(from, most).map_err(|error| failed.replace(Some(error))).ok()?;
        // The last time of a full portion is the first of the next: a time seen twice changes nothing.
        if let (Some((last,)), true) = (times.last(), times.len() as i64 == most) {
            next = Some((*last, most * 8));
        }
        Some(times)
    });
    let found =
        search(&mut portions.flatten().map_while(|(at,)| {
            row::timestamp(at).map_err(|error| failed.replace(Some(error))).ok()
        }));
    match failed.into_inner() {
        Some(error) => Err(error),
        None => Ok(found),
    }
}

statement! {
    /// The gap of a calendar, and the times of its orders from one gap before a window to one gap after it,
    /// in ascending order.
    Within<'a> {
        from: PgTimestamp as Timestamptz,
        to: PgTimestamp as Timestamptz,
        calendar: &'a str as Text,
    } -> (IntervalSql, Array<Timestamptz>)
    "SELECT calendars.minimum_gap, ARRAY(
            SELECT datetime FROM orders
             WHERE (calendar, datetime) > (calendars.key, $1 - calendars.minimum_gap)
               AND (calendar, datetime) < (calendars.key, $2 + calendars.minimum_gap)
             ORDER BY calendar, datetime)
       FROM calendars WHERE id = $3"
}

/// The spans of `window` in which an order could start.
pub(super) fn within(
    conn: &mut PgConnection,
    calendar: &CalendarId,
    window: Interval,
) -> Result<Vec<Interval>, Failure> {
    let (from, to) = (row::pg_timestamp(window.from), row::pg_timestamp(window.to));
    let row: Option<(PgInterval, Vec<PgTimestamp>)> =
        Within { calendar: calendar.as_str(), from, to }.get_result(conn).optional()?;
    let Some((gap, taken)) = row else {
        return Err(StoreError::NotFound(Resource::Calendar(calendar.clone())).into());
    };
    let taken = taken.into_iter().map(row::timestamp);
    Ok(free_within(window, row::gap(gap)?, taken.collect::<QueryResult<Vec<_>>>()?))
}
