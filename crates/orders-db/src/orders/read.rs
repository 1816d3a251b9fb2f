//! Orders as they stand.

use diesel::dsl::InnerJoinOn;
use diesel::prelude::*;
use orders_core::{Order, OrderId};

use crate::row;
use crate::schema::{calendars, orders};

/// What [`OrderRow`] holds, in its order.
pub(super) type Columns = (
    orders::id,
    calendars::id,
    orders::datetime,
    orders::totalfee,
    orders::services,
    orders::version,
    orders::created_at,
    orders::updated_at,
);

pub(super) const COLUMNS: Columns = (
    orders::id,
    calendars::id,
    orders::datetime,
    orders::totalfee,
    orders::services,
    orders::version,
    orders::created_at,
    orders::updated_at,
);

pub(super) fn one(conn: &mut PgConnection, id: &OrderId) -> QueryResult<Option<Order>> {
    let row = with_calendar().select(COLUMNS).filter(orders::id.eq(id.as_str())).first(conn);
    row.optional()?.map(row::order).transpose()
}

type OnKey = diesel::dsl::Eq<orders::calendar, calendars::key>;

fn with_calendar() -> InnerJoinOn<orders::table, calendars::table, OnKey> {
    orders::table.inner_join(calendars::table.on(orders::calendar.eq(calendars::key)))
}
