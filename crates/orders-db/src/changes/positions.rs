//! Positions in the feed.
//!
//! Transactions commit in another order than they draw numbers, so a reader that continues after the largest number it
//! has seen misses changes. Therefore readers assign the positions: a version is stored without one, and a reader
//! first numbers those that have been committed, under a lock that no writer takes. The feed has a version as soon as a
//! reader could see it, and no slow or prepared transaction delays the others.

use std::sync::atomic::{AtomicBool, Ordering};

use diesel::data_types::PgTimestamp;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamptz};
use orders_core::Cursor;

use crate::locks::lock_feed;
use crate::row;
use crate::statement::statement;

statement! {
    /// Whether versions have no position. Without `all`, only those are searched that may have been committed since the
    /// last assignment.
    Waiting { all: bool as Bool } -> (Bool,) =
    "SELECT EXISTS (
         SELECT FROM order_versions
          WHERE position IS NULL
            AND transaction >= CASE WHEN $1 OR settled_before > pg_snapshot_xmin(pg_current_snapshot()) THEN '0'
                                    ELSE settled_before END)
       FROM change_feed"
}

/// How many positions are assigned in one statement. More could take longer than a statement may.
const CHUNK: i64 = 20_000;

statement! {
    Assign<'a> {
        seen: Option<&'a str> as Nullable<Text>,
        all: bool as Bool,
        most: i64 as BigInt,
    } -> (BigInt,) =
    "SELECT assign_positions($1::pg_snapshot, $2, $3)"
}

statement! {
    Head {} -> (BigInt, Timestamptz) = "SELECT position, assigned_at FROM change_feed"
}

statement! {
    IsReadOnly {} -> (Bool,) = "SELECT current_setting('transaction_read_only')::boolean"
}

fn is_read_only(conn: &mut PgConnection) -> QueryResult<bool> {
    let (read_only,): (bool,) = IsReadOnly {}.get_result(conn)?;
    Ok(read_only)
}

statement! {
    Snapshot {} -> (Text,) = "SELECT pg_current_snapshot()::text"
}

/// Gives a position to every version that has been committed. `all_searched` tells whether this store has searched all of
/// them once: the database may have been restored on a server that counts its transactions from a smaller number.
pub(super) fn assign(conn: &mut PgConnection, all_searched: &AtomicBool) -> QueryResult<()> {
    let all = !all_searched.load(Ordering::Relaxed);
    let (waiting,): (bool,) = Waiting { all }.get_result(conn)?;
    if waiting {
        assign_seen(conn, None, all)?;
    }
    all_searched.store(true, Ordering::Relaxed);
    Ok(())
}

/// Gives a position to every version that a snapshot contains, or that has been committed.
fn assign_seen(conn: &mut PgConnection, seen: Option<&str>, all: bool) -> QueryResult<()> {
    loop {
        let (assigned,): (i64,) = Assign { seen, all, most: CHUNK }.get_result(conn)?;
        if assigned < CHUNK {
            return Ok(());
        }
    }
}

/// The cursor of the last change that a new snapshot contains, and no change that it does not contain comes before it.
/// `reader` has begun a transaction that keeps the snapshot of its first query, and has made no query yet. `None` if the
/// snapshot contains versions without a position and the database accepts no writes.
pub(crate) fn head_of(
    reader: &mut PgConnection,
    conn: &mut PgConnection,
    all_searched: &AtomicBool,
) -> QueryResult<Option<Cursor>> {
    let read_only = is_read_only(conn)?;
    if !read_only {
        // Most of the work, before it makes others wait.
        assign(conn, all_searched)?;
    }
    conn.transaction(|conn| {
        // From now on no other session assigns positions.
        lock_feed(conn)?;
        if read_only {
            let (waiting,): (bool,) = Waiting { all: true }.get_result(reader)?;
            let (position, assigned_at) = Head {}.get_result(reader)?;
            return (!waiting).then(|| cursor(position, assigned_at)).transpose();
        }
        let (seen,): (String,) = Snapshot {}.get_result(reader)?;
        assign_seen(conn, Some(&seen), false)?;
        let (position, assigned_at) = Head {}.get_result(conn)?;
        cursor(position, assigned_at).map(Some)
    })
}

pub(super) fn cursor(position: i64, assigned_at: PgTimestamp) -> QueryResult<Cursor> {
    Ok(Cursor {
        position: row::decode(position.try_into())?,
        assigned_at: row::timestamp(assigned_at)?,
    })
}
