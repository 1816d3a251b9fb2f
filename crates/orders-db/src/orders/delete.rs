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
    Delete<'a> { id: &'a str as Text, versions: Option<Vec<i64>> as Nullable<Array<BigInt>> } -> (Text,) =
    "DELETE FROM orders WHERE id = $1 AND (version = ANY ($2) OR $2 IS NULL) RETURNING id"
}

/// Deletes an order, or tells why it cannot be deleted. A caller that may not see all orders reads the order first, and
/// deletes the version that it has read.
pub(super) fn delete(
    conn: &mut PgConnection,
    id: &OrderId,
    condition: &Precondition,
    caller: &Caller,
) -> Result<(), Failure> {
    retry_until_resolved(|| {
        let condition = match caller.calendars() {
            None => condition.clone(),
            Some(_) => Precondition::VersionIn(vec![find_if(conn, id, condition, caller)?.version]),
        };
        let delete = Delete { id: id.as_str(), versions: row::pg_versions(&condition) };
        if delete.get_result::<(String,)>(conn).optional()?.is_some() {
            return Ok(Some(()));
        }
        if caller.calendars().is_none() {
            find_if(conn, id, &condition, caller)?;
        }
        Ok(None)
    })
}
