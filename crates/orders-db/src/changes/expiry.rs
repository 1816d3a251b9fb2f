//! Deletes changes that have been kept long enough.

use diesel::data_types::PgInterval;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Interval};

use crate::locks::try_lock_expiry;
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

/// Lets the oldest changes expire, at most so many: those that got their positions longer ago than `keep`. If another session
/// does so, it leaves that to it.
pub(crate) fn expire(conn: &mut PgConnection, keep: PgInterval, most: i64) -> QueryResult<()> {
    conn.transaction(|conn| {
        if try_lock_expiry(conn)? {
            Expire { keep, most }.execute(conn)?;
        }
        Ok(())
    })
}
