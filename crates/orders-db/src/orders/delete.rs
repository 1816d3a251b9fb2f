//! Deleting an order.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use orders_core::{OrderId, Precondition};

use super::find::find_if;
use crate::error::Failure;
use crate::retry::retry_until_resolved;
use crate::row;
use crate::statement::statement;

statement! {
    Delete<'a> { id: &'a str as Text, versions: Option<Vec<i64>> as Nullable<Array<BigInt>> } -> (Text,) =
    "DELETE FROM orders WHERE id = $1 AND (version = ANY ($2) OR $2 IS NULL) RETURNING id"
}

/// Deletes an order, or tells why it cannot be deleted.
pub(super) fn delete(
    conn: &mut PgConnection,
    id: &OrderId,
    condition: &Precondition,
) -> Result<(), Failure> {
    retry_until_resolved(|| {
        let delete = Delete { id: id.as_str(), versions: row::pg_versions(condition) };
        if delete.get_result::<(String,)>(conn).optional()?.is_some() {
            return Ok(Some(()));
        }
        find_if(conn, id, condition)?;
        Ok(None)
    })
}
