//! Orders as they stand.

use diesel::prelude::*;
use orders_core::{Order, OrderId};

use crate::row::{self, OrderRow};
use crate::schema::{calendars, orders};

pub(super) fn one(conn: &mut PgConnection, id: &OrderId) -> QueryResult<Option<Order>> {
    let row = orders::table
        .inner_join(calendars::table.on(orders::calendar.eq(calendars::key)))
        .select((
            orders::id,
            calendars::id,
            orders::datetime,
            orders::totalfee,
            orders::services,
            orders::version,
            orders::created_at,
            orders::updated_at,
        ))
        .filter(orders::id.eq(id.as_str()))
        .first::<OrderRow>(conn);
    row.optional()?.map(row::order).transpose()
}
