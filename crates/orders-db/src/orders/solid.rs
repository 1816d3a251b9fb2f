//! What long searches for free time have learned: the table `solid_runs`.
//!
//! A calendar that is booked solid for years has no room for hundreds of orders in a row, and the search
//! would read them all, every time. So a long search writes down the run that it read, and the next one
//! steps over it. Whoever frees a time deletes the runs that hold it, by trigger.
//!
//! A run is claimed first and proven afterwards. The claim waits for nobody but happens only while nobody
//! is about to free a time, so all who do so later see it, and delete it; and the proof looks again.

use diesel::data_types::{PgInterval, PgTimestamp};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Interval, Nullable, Timestamptz};
use orders_core::{MinimumGap, Timestamp};

use crate::row;
use crate::statement::statement;

/// A search that read so many orders is worth writing down.
pub(super) const LONG_SEARCH: usize = 200;

/// Orders from the one at `first` to the one at `last`, with no room in between.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub(super) calendar: i64,
    pub(super) gap: MinimumGap,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
}

statement! {
    /// How far the runs that hold the order at a time reach. A proof is good for an hour.
    Reach { calendar: i64 as BigInt, gap: PgInterval as Interval, at: PgTimestamp as Timestamptz,
    }
        -> (Nullable<Timestamptz>, Nullable<Timestamptz>)
    "SELECT min(first), max(last) FROM solid_runs
      WHERE calendar = $1 AND minimum_gap = $2 AND first <= $3 AND last >= $3
        AND proven_at > now() - interval '1 hour'"
}

/// The ends of the known runs around the order at `at`; `at` itself twice when none is known.
pub(super) fn reach(
    conn: &mut PgConnection,
    calendar: i64,
    gap: MinimumGap,
    at: Timestamp,
) -> QueryResult<(Timestamp, Timestamp)> {
    let (gap, at) = (row::pg_interval(gap), row::pg_timestamp(at));
    let reach = Reach { calendar, gap, at };
    let (first, last): (Option<PgTimestamp>, Option<PgTimestamp>) = reach.get_result(conn)?;
    Ok((row::timestamp(first.unwrap_or(at))?, row::timestamp(last.unwrap_or(at))?))
}

statement! {
    /// Whether nobody is freeing a time of a calendar; nobody will be until the transaction ends. None when
    /// the calendar itself is being changed: a claim refers to it, and would have to wait.
    TryLock { calendar: i64 as BigInt } -> (Bool,)
    "SELECT pg_try_advisory_xact_lock(2, hashint8(key))
       FROM (SELECT key FROM calendars WHERE key = $1 FOR KEY SHARE SKIP LOCKED) AS calendar"
}

statement! {
    Forget { calendar: i64 as BigInt } -> ()
    "DELETE FROM solid_runs
      WHERE calendar = $1 AND proven_at < now() - interval '1 hour'"
}

statement! {
    Claim {
        calendar: i64 as BigInt,
        gap: PgInterval as Interval,
        first: PgTimestamp as Timestamptz,
        last: PgTimestamp as Timestamptz,
    } -> ()
    "INSERT INTO solid_runs (calendar, minimum_gap, first, last)
     SELECT $1, $2, $3, $4 ON CONFLICT DO NOTHING"
}

statement! {
    Prove {
        calendar: i64 as BigInt,
        gap: PgInterval as Interval,
        first: PgTimestamp as Timestamptz,
        last: PgTimestamp as Timestamptz,
    } -> ()
    "UPDATE solid_runs SET proven_at = now()
      WHERE calendar = $1 AND minimum_gap = $2 AND first = $3 AND last = $4
        AND (SELECT min(datetime) = $3 AND max(datetime) = $4 AND bool_and(later - datetime < $2 * 2)
               FROM (SELECT datetime, lead(datetime) OVER (ORDER BY datetime) AS later
                       FROM orders
                      WHERE calendar = $1 AND datetime BETWEEN $3 AND $4) AS neighbours)"
}

/// Writes down a run, unless somebody is just freeing a time of the calendar.
pub(super) fn learn(conn: &mut PgConnection, run: Run) -> QueryResult<()> {
    let Run { calendar, gap, .. } = run;
    let gap = row::pg_interval(gap);
    let (first, last) = (row::pg_timestamp(run.first), row::pg_timestamp(run.last));
    let claimed = conn.transaction(|conn| {
        let locked = TryLock { calendar }.get_result::<(bool,)>(conn).optional()?;
        let free = locked == Some((true,));
        if free {
            Forget { calendar }.execute(conn)?;
            Claim { calendar, gap, first, last }.execute(conn)?;
        }
        QueryResult::Ok(free)
    })?;
    if claimed {
        Prove { calendar, gap, first, last }.execute(conn)?;
    }
    Ok(())
}
