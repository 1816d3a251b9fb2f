//! Positions in the feed.
//!
//! Transactions commit in another order than they draw numbers, so a reader that continues after the largest number it
//! has seen misses changes. Therefore readers assign the positions: a version is stored without one, and a reader
//! first numbers those that have been committed, under a lock that no writer takes. The feed has a version as soon as a
//! reader could see it, and no slow or prepared transaction delays the others. The search for versions without a position
//! begins at the first transaction that was not seen yet, and includes those that were open when positions were last assigned.

use diesel::data_types::PgTimestamp;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Timestamptz};
use orders_core::{Cursor, StoreError};

use crate::error::Failure;
use crate::heartbeat::FeedState;
use crate::locks::lock_feed;
use crate::row;
use crate::statement::statement;

/// How many positions are assigned in one statement, so that it holds the lock only briefly.
const CHUNK: i64 = 5_000;

/// How many statements a reader waits for. The next reader, or the heartbeat, continues.
const ROUNDS: usize = 4;

/// How many statements a heartbeat waits for, which must not take long.
const HEARTBEAT_ROUNDS: usize = 3;

statement! {
    /// Whether versions have no position.
    AnyWaiting {} -> (Bool,) = "SELECT EXISTS (SELECT FROM versions_without_position)"
}

statement! {
    /// The versions without a position, and the last position.
    Waiting {} -> (Array<BigInt>, BigInt, Timestamptz) =
    "SELECT ARRAY(SELECT sequence FROM versions_without_position), position, assigned_at FROM change_feed"
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
///
/// # Errors
/// [`StoreError::Unavailable`] if there are very many of them. Some have positions then.
pub(super) fn assign(conn: &mut PgConnection) -> Result<(), Failure> {
    for _ in 0..ROUNDS {
        let (any_waiting,): (bool,) = AnyWaiting {}.get_result(conn)?;
        if !any_waiting || !assign_some(conn)? {
            return Ok(());
        }
    }
    Err(StoreError::Unavailable("very many changes are getting their positions".into()).into())
}

/// Gives positions to some of the versions that have been committed, and returns whether there may be more.
fn assign_some(conn: &mut PgConnection) -> QueryResult<bool> {
    let (assigned,): (i64,) = Assign { seen: None, most: Some(CHUNK) }.get_result(conn)?;
    Ok(assigned == CHUNK)
}

/// Gives positions to versions that have none, for a short time.
pub(crate) fn assign_briefly(conn: &mut PgConnection) -> QueryResult<FeedState> {
    let mut is_complete = false;
    for _ in 0..HEARTBEAT_ROUNDS {
        is_complete = !assign_some(conn)?;
        if is_complete {
            break;
        }
    }
    let (position, ..): (i64, PgTimestamp, bool) = Head {}.get_result(conn)?;
    Ok(FeedState { position: row::decode(position.try_into())?, is_complete })
}

/// The cursor of the last change that a new snapshot contains, and no change that it does not contain comes before it.
/// `reader` has begun a transaction that keeps the snapshot of its first query, and has made no query yet. `None` if the
/// snapshot contains versions without a position and the database accepts no writes.
pub(crate) fn head_of(
    reader: &mut PgConnection,
    conn: &mut PgConnection,
) -> Result<Option<Cursor>, Failure> {
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
            return Ok(Some(cursor(position, assigned_at)?));
        }
        if read_only {
            return Ok(None);
        }
        Assign { seen: Some(waiting), most: None }.execute(conn)?;
        let (position, assigned_at, _): (_, _, bool) = Head {}.get_result(conn)?;
        Ok(Some(cursor(position, assigned_at)?))
    })
}

/// The cursor in these columns.
pub(crate) fn cursor(position: i64, assigned_at: PgTimestamp) -> QueryResult<Cursor> {
    Ok(Cursor {
        position: row::decode(position.try_into())?,
        assigned_at: row::timestamp(assigned_at)?,
    })
}
