//! Reading one order.

use diesel::prelude::*;
use diesel::sql_types::Text;
use orders_core::{Order, OrderId, Precondition, StoreError};

use super::{not_found, version_mismatch};
use crate::caller::Caller;
use crate::error::Failure;
use crate::row::{self, OrderRow, OrderSql};
use crate::statement::statement;

statement! {
    Find<'a> { id: &'a str as Text } -> OrderSql =
    "SELECT id, (SELECT id FROM calendars WHERE key = orders.calendar), datetime, totalfee, services,
            reference, metadata::text, version, created_at, updated_at
       FROM orders WHERE id = $1"
}

/// The order with this id, if the caller sees it.
pub(super) fn find(
    conn: &mut PgConnection,
    id: &OrderId,
    caller: &Caller,
) -> Result<Order, Failure> {
    let row: Option<OrderRow> = Find { id: id.as_str() }.get_result(conn).optional()?;
    let order = row.map(row::order).transpose()?;
    Ok(order.filter(|order| caller.sees(order)).ok_or_else(|| not_found(id))?)
}

/// The order with this id, if the caller sees it and the condition allows a write.
pub(super) fn find_if(
    conn: &mut PgConnection,
    id: &OrderId,
    condition: &Precondition,
    caller: &Caller,
) -> Result<Order, Failure> {
    Ok(allowed(find(conn, id, caller)?, condition)?)
}

/// The order, if the condition allows a write.
pub(super) fn allowed(current: Order, condition: &Precondition) -> Result<Order, StoreError> {
    if condition.allows(current.version) { Ok(current) } else { Err(version_mismatch(&current)) }
}
