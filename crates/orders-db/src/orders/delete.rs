//! Deleting an order.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use orders_core::{OrderId, Precondition};

use super::find::find_if;
use crate::caller::Caller;
use crate::error::Failure;
use crate::retry::retry_until_resolved;
use crate::row;
use crate::statement::statement;

statement! {
    /// Deletes an order of the permitted calendars, which are all if there is no list. The client is set for the trigger
    /// that stores the deletion as a version.
    Delete<'a> {
        id: &'a str as Text,
        versions: Option<Vec<i64>> as Nullable<Array<BigInt>>,
        permitted: Option<Vec<&'a str>> as Nullable<Array<Text>>,
        client: &'a str as Text,
    } -> (Text,) =
    "DELETE FROM orders
      WHERE id = $1 AND (version = ANY ($2) OR $2 IS NULL)
        AND ($3 IS NULL OR (SELECT id FROM calendars WHERE key = orders.calendar) = ANY ($3))
     RETURNING set_config('orders.client', $4, true)"
}

/// Deletes an order, or tells why it cannot be deleted.
pub(super) fn delete(
    conn: &mut PgConnection,
    id: &OrderId,
    condition: &Precondition,
    caller: &Caller,
) -> Result<(), Failure> {
    retry_until_resolved(|| {
        let versions = row::pg_versions(condition);
        let delete = Delete {
            id: id.as_str(),
            versions,
            permitted: caller.calendar_ids(),
            client: caller.setting(),
        };
        if delete.get_result::<(String,)>(conn).optional()?.is_some() {
            return Ok(Some(()));
        }
        find_if(conn, id, condition, caller)?;
        Ok(None)
    })
}
