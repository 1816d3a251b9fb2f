//! Orders as they stand.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Numeric, Text, Timestamptz};
use orders_core::{Order, OrderId};

use crate::row::{self, OrderRow};
use crate::statement::statement;

statement! {
    /// The order with an id.
    One<'a> { id: &'a str as Text }
        -> (Text, Text, Timestamptz, Numeric, Array<Nullable<Text>>, BigInt, Timestamptz, Timestamptz)
    "SELECT id, (SELECT id FROM calendars WHERE key = orders.calendar), datetime, totalfee, services,
            version, created_at, updated_at
       FROM orders WHERE id = $1"
}

pub(super) fn one(conn: &mut PgConnection, id: &OrderId) -> QueryResult<Option<Order>> {
    let row = One { id: id.as_str() }.get_result::<OrderRow>(conn);
    row.optional()?.map(row::order).transpose()
}
