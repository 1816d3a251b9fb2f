//! Deletes changes that have been kept long enough.

use diesel::data_types::PgInterval;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Interval};

use super::positions::assign_some;
use crate::heartbeat::FeedState;
use crate::locks::try_lock_expiry;
use crate::row;
use crate::statement::statement;

statement! {
    /// A version is deleted when the next one has expired. So the present version of an order is always there, and no
    /// version of an id is repeated; and the state of an order at every instant since then is known.
    Expire { keep: PgInterval as Interval, most: i64 as BigInt } -> () =
    "WITH given AS (SELECT $1 AS keep, $2 AS most),
     expired AS (
         SELECT position, assigned_at, order_id, version
           FROM (SELECT position, assigned_at, order_id, version FROM order_versions
                  WHERE position > (SELECT expired_position FROM change_feed)
                  ORDER BY position LIMIT (SELECT most FROM given)) AS oldest
          WHERE assigned_at < now() - (SELECT keep FROM given)),
     deleted AS (
         DELETE FROM order_versions USING expired
          WHERE order_versions.order_id = expired.order_id AND order_versions.version = expired.version - 1)
     UPDATE change_feed
        SET expired_position = last.position, expired_at = last.assigned_at
       FROM (SELECT position, assigned_at FROM expired ORDER BY position DESC LIMIT 1) AS last"
}

statement! {
    LastPosition {} -> (BigInt,) = "SELECT position FROM change_feed"
}

/// How many chunks of positions are assigned at once. A heartbeat must not take long.
const ROUNDS: usize = 3;

/// Gives positions to versions that have none, because there may be no reader. Then lets the oldest changes expire, at most so
/// many: those that got their positions longer ago than `keep`. If another session does so, it leaves that to it.
pub(crate) fn expire(
    conn: &mut PgConnection,
    keep: PgInterval,
    most: i64,
) -> QueryResult<FeedState> {
    let mut is_complete = false;
    for _ in 0..ROUNDS {
        is_complete = !assign_some(conn)?;
        if is_complete {
            break;
        }
    }
    conn.transaction(|conn| {
        if try_lock_expiry(conn)? {
            Expire { keep, most }.execute(conn)?;
        }
        let (position,) = LastPosition {}.get_result::<(i64,)>(conn)?;
        Ok(FeedState { position: row::decode(position.try_into())?, is_complete })
    })
}
