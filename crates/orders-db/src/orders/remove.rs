//! Removing an order.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use orders_core::{OrderId, Precondition};

use super::{refusal, replace};
use crate::error::Failure;
use crate::row;
use crate::statement::statement;

statement! {
    Remove<'a> { id: &'a str as Text, versions: Option<Vec<i64>> as Nullable<Array<BigInt>> } -> (Text,)
    "DELETE FROM orders WHERE id = $1 AND (version = ANY ($2) OR $2 IS NULL) RETURNING id"
}

/// Removes an order, or finds out why it cannot be removed.
pub(super) fn remove(
    conn: &mut PgConnection,
    id: &OrderId,
    condition: &Precondition,
) -> Result<(), Failure> {
    refusal::until_settled(|| {
        let remove = Remove { id: id.as_str(), versions: row::pg_versions(condition) };
        if remove.get_result::<(String,)>(conn).optional()?.is_some() {
            return Ok(Some(()));
        }
        replace::standing(conn, id, condition)?;
        Ok(None)
    })
}
