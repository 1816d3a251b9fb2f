//! Pages of the list of orders, and all of it.
//!
//! A page is found by key, never by counting rows: each filter has an index that ends in `(datetime, id)`,
//! so a page is one descent into it, wherever in the list it is.

use std::ops::ControlFlow;

use diesel::data_types::PgTimestamp;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Numeric, Text, Timestamptz};
use orders_core::{Direction, Order, OrderFilter, OrderQuery, Page, Position};

use crate::row::{self, OrderRow};
use crate::statement::statement;

/// How many orders are fetched at once when all are wanted.
const PORTION: usize = 1000;

/// Declares a list in both directions: of orders between two positions, both excluded.
macro_rules! listing {
    (
        $rising:ident, $falling:ident { $($field:ident),* },
        $from:literal, $datetime:literal, $id:literal, $lower:literal, $upper:literal, $limit:literal
    ) => {
        listing!(@one $rising { $($field),* }, $from, $datetime, $id, $lower, $upper, $limit, "");
        listing!(@one $falling { $($field),* }, $from, $datetime, $id, $lower, $upper, $limit, " DESC");
    };
    (
        @one $name:ident { $($field:ident),* },
        $from:literal, $datetime:literal, $id:literal, $lower:literal, $upper:literal, $limit:literal,
        $direction:literal
    ) => {
        statement! {
            $name<'a> {
                $($field: &'a str as Text,)*
                lower: PgTimestamp as Timestamptz,
                lower_id: &'a str as Text,
                upper: PgTimestamp as Timestamptz,
                upper_id: &'a str as Text,
                limit: i64 as BigInt,
            } -> (Text, Text, Timestamptz, Numeric, Array<Nullable<Text>>, BigInt, Timestamptz, Timestamptz)
            concat!(
                "SELECT orders.id, (SELECT id FROM calendars WHERE key = orders.calendar),
                        orders.datetime, orders.totalfee, orders.services, orders.version,
                        orders.created_at, orders.updated_at
                   FROM ", $from,
                " AND (", $datetime, ", ", $id, ") > ", $lower,
                " AND (", $datetime, ", ", $id, ") < ", $upper,
                " ORDER BY ", $datetime, $direction, ", ", $id, $direction, " LIMIT ", $limit,
            )
        }
    };
}

listing! {
    All, AllFalling {},
    "orders WHERE true", "orders.datetime", "orders.id", "($1, $2)", "($3, $4)", "$5"
}

listing! {
    OfCalendar, OfCalendarFalling { calendar },
    "orders WHERE calendar = (SELECT key FROM calendars WHERE id = $1)",
    "orders.datetime", "orders.id", "($2, $3)", "($4, $5)", "$6"
}

// The order itself is fetched by its key, row by row: `OFFSET 0` keeps the planner from joining otherwise.
listing! {
    OfService, OfServiceFalling { service },
    "order_services AS named
       CROSS JOIN LATERAL (SELECT * FROM orders WHERE orders.id = named.order_id OFFSET 0) AS orders
      WHERE named.service = $1",
    "named.datetime", "named.order_id", "($2, $3)", "($4, $5)", "$6"
}

listing! {
    OfBoth, OfBothFalling { service, calendar },
    "order_services AS named
       CROSS JOIN LATERAL (SELECT * FROM orders WHERE orders.id = named.order_id OFFSET 0) AS orders
      WHERE named.service = $1 AND named.calendar = (SELECT key FROM calendars WHERE id = $2)",
    "named.datetime", "named.order_id", "($3, $4)", "($5, $6)", "$7"
}

/// A place between orders. No id is empty, so an empty one stands before every order of its time.
type Edge<'a> = (PgTimestamp, &'a str);

const START: Edge<'static> = (PgTimestamp(i64::MIN), "");
const END: Edge<'static> = (PgTimestamp(i64::MAX), "");

/// A page of the list of orders.
pub(super) fn page(conn: &mut PgConnection, query: &OrderQuery) -> QueryResult<Page> {
    let OrderFilter { calendar, service, from, to } = &query.filter;
    let after = query.after.as_ref().map(|at| (row::pg_timestamp(at.datetime), at.id.as_str()));
    let mut from = from.map_or(START, |from| (row::pg_timestamp(from), ""));
    let mut to = to.map_or(END, |to| (row::pg_timestamp(to), ""));
    match (after, query.direction) {
        (None, _) => {}
        (Some(after), Direction::Ascending) => from = later(from, after),
        (Some(after), Direction::Descending) => to = earlier(to, after),
    }
    let ((lower, lower_id), (upper, upper_id)) = (from, to);
    // One more than asked for tells whether there is more.
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX).saturating_add(1);

    macro_rules! load {
        ($name:ident { $($field:ident),* }) => {
            $name { $($field: $field.as_str(),)* lower, lower_id, upper, upper_id, limit }.load(conn)
        };
    }
    let rows: Vec<OrderRow> = match (service, calendar, query.direction) {
        (None, None, Direction::Ascending) => load!(All {}),
        (None, None, Direction::Descending) => load!(AllFalling {}),
        (None, Some(calendar), Direction::Ascending) => load!(OfCalendar { calendar }),
        (None, Some(calendar), Direction::Descending) => load!(OfCalendarFalling { calendar }),
        (Some(service), None, Direction::Ascending) => load!(OfService { service }),
        (Some(service), None, Direction::Descending) => load!(OfServiceFalling { service }),
        (Some(service), Some(calendar), Direction::Ascending) => {
            load!(OfBoth { service, calendar })
        }
        (Some(service), Some(calendar), Direction::Descending) => {
            load!(OfBothFalling { service, calendar })
        }
    }?;

    let mut orders = rows.into_iter().map(row::order).collect::<QueryResult<Vec<Order>>>()?;
    let more = orders.len() > query.limit;
    orders.truncate(query.limit);
    let last = orders.last().filter(|_| more);
    let next = last.map(|last| Position { datetime: last.datetime, id: last.id.clone() });
    Ok(Page { orders, next })
}

/// Hands all orders that match to `sink`, in order, as they stood at one instant.
pub(super) fn export(
    conn: &mut PgConnection,
    filter: &OrderFilter,
    direction: Direction,
    sink: &mut dyn FnMut(Vec<Order>) -> ControlFlow<()>,
) -> QueryResult<()> {
    conn.build_transaction().repeatable_read().read_only().run(|conn| {
        let mut query =
            OrderQuery { filter: filter.clone(), direction, after: None, limit: PORTION };
        loop {
            let Page { orders, next } = page(conn, &query)?;
            if sink(orders).is_break() || next.is_none() {
                return Ok(());
            }
            query.after = next;
        }
    })
}

fn later<'a>(a: Edge<'a>, b: Edge<'a>) -> Edge<'a> {
    if (a.0.0, a.1) > (b.0.0, b.1) { a } else { b }
}

fn earlier<'a>(a: Edge<'a>, b: Edge<'a>) -> Edge<'a> {
    if (a.0.0, a.1) < (b.0.0, b.1) { a } else { b }
}
