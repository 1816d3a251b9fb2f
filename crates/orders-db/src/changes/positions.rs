//! Positions in the feed.
//!
//! Transactions commit in another order than they draw numbers, so a reader that continues after the largest number it
//! has seen misses changes. Therefore readers assign the positions: a version is stored without one, and a reader
//! first numbers those that have been committed, under a lock that no writer takes. The feed has a version as soon as a
//! reader could see it, and no slow or prepared transaction delays the others.

use diesel::data_types::PgTimestamp;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Timestamptz};
use orders_core::Cursor;

use crate::locks::lock_feed;
use crate::row;
use crate::statement::statement;

/// How many positions are assigned in one statement. More could take longer than a statement may.
const CHUNK: i64 = 20_000;

statement! {
    /// Whether versions have no position.
    AnyWaiting {} -> (Bool,) =
    "SELECT EXISTS (SELECT FROM order_versions WHERE position IS NULL AND sequence > settled_sequence)
       FROM change_feed"
}

statement! {
    /// The versions without a position, and the last position.
    Waiting {} -> (Array<BigInt>, BigInt, Timestamptz) =
    "SELECT ARRAY(SELECT sequence FROM order_versions WHERE position IS NULL AND sequence > settled_sequence),
            position, assigned_at
       FROM change_feed"
}

statement! {
    Assign { seen: Option<Vec<i64>> as Nullable<Array<BigInt>>, most: Option<i64> as Nullable<BigInt> } -> (BigInt,) =
    "SELECT assign_positions($1, $2)"
}

statement! {
    Head {} -> (BigInt, Timestamptz, Bool) =
    "SELECT position, assigned_at, current_setting('transaction_read_only')::boolean FROM change_feed"
}

/// Gives positions to the versions that have been committed.
pub(super) fn assign(conn: &mut PgConnection) -> QueryResult<()> {
    while assign_some(conn, CHUNK)? {}
    Ok(())
}

/// Gives positions to versions that have been committed, at most so many, and returns whether there may be more.
pub(super) fn assign_some(conn: &mut PgConnection, most: i64) -> QueryResult<bool> {
    let (any_waiting,): (bool,) = AnyWaiting {}.get_result(conn)?;
    if !any_waiting {
        return Ok(false);
    }
    let (assigned,): (i64,) = Assign { seen: None, most: Some(most) }.get_result(conn)?;
    Ok(assigned == most)
}

/// The cursor of the last change that a new snapshot contains, and no change that it does not contain comes before it.
/// `reader` has begun a transaction that keeps the snapshot of its first query, and has made no query yet. `None` if the
/// snapshot contains versions without a position and the database accepts no writes.
pub(crate) fn head_of(
    reader: &mut PgConnection,
    conn: &mut PgConnection,
) -> QueryResult<Option<Cursor>> {
    let (.., read_only): (i64, PgTimestamp, bool) = Head {}.get_result(conn)?;
    if !read_only {
        // Most of the work, before it makes others wait.
        assign(conn)?;
    }
    conn.transaction(|conn| {
        // From now on no other session assigns positions.
        lock_feed(conn)?;
        let (waiting, position, assigned_at): (Vec<i64>, _, _) = Waiting {}.get_result(reader)?;
        if waiting.is_empty() {
            return cursor(position, assigned_at).map(Some);
        }
        if read_only {
            return Ok(None);
        }
        Assign { seen: Some(waiting), most: None }.execute(conn)?;
        let (position, assigned_at, _): (_, _, bool) = Head {}.get_result(conn)?;
        cursor(position, assigned_at).map(Some)
    })
}

pub(super) fn cursor(position: i64, assigned_at: PgTimestamp) -> QueryResult<Cursor> {
    Ok(Cursor {
        position: row::decode(position.try_into())?,
        assigned_at: row::timestamp(assigned_at)?,
    })
}
