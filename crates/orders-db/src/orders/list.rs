//! Pages of the list of orders, and the export of all of it.
//!
//! A page is found by its key and not by counting rows: each filter has an index that ends in `(datetime, id)`,
//! so the cost of a page does not depend on its position in the list.

use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::mpsc;
use std::thread;

use diesel::data_types::PgTimestamp;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Text, Timestamptz};
use orders_core::{
    Cursor, Direction, Order, OrderFilter, OrderQuery, Page, Position, Reference, ServiceId,
    StoreError,
};

use crate::caller::Caller;
use crate::error::Failure;
use crate::row::{self, OrderRow, OrderSql};

/// How many orders an export fetches at once.
const EXPORT_CHUNK: usize = 500;

/// How many chunks of an export are read while the sink works on another one.
const PAGES_READ_AHEAD: usize = 1;

/// The orders between two positions, both excluded, in one direction.
///
/// Diesel caches the prepared statement by its text, and there are 24 texts: twelve filters in two directions. Each
/// follows one index: its near bound and its order name all columns of the index, so no other index can be used.
/// PostgreSQL would not stop reading at the far bound, but the limit comes before it.
struct List<'a> {
    calendars: Calendars<'a>,
    service: Option<&'a str>,
    reference: Option<&'a str>,
    near: Edge<'a>,
    far: Edge<'a>,
    direction: Direction,
    limit: i64,
}

/// The calendars of a list.
enum Calendars<'a> {
    All,
    One(&'a str),
    /// The list of each calendar is read up to the limit, and the results are merged.
    Several(Vec<&'a str>),
}

impl List<'_> {
    /// The columns of the index that the list follows.
    fn key(&self) -> &'static str {
        if self.reference.is_some() {
            return "listed.reference, listed.datetime, listed.id";
        }
        match (&self.calendars, self.service) {
            (Calendars::All, None) => "listed.datetime, listed.id",
            (_, None) => "listed.calendar, listed.datetime, listed.id",
            (Calendars::All, Some(_)) => "listed.service, listed.datetime, listed.order_id",
            (_, Some(_)) => "listed.calendar, listed.service, listed.datetime, listed.order_id",
        }
    }

    /// The list of all calendars, of one, or of the one that is called `permitted`.
    fn push_list<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let (after, before) = self.comparisons();
        out.push_sql(
            "SELECT found.id, (SELECT id FROM calendars WHERE key = found.calendar), found.datetime,
                    found.totalfee, found.services, found.reference, found.metadata::text, found.version, found.created_at, found.updated_at
               FROM (SELECT * FROM ",
        );
        out.push_sql(match (&self.calendars, self.service) {
            // The predicate of the index.
            (Calendars::All, None) => "orders AS listed WHERE created_at > '-infinity' AND ",
            (_, None) => "orders AS listed WHERE ",
            (_, Some(_)) => "order_services AS listed WHERE ",
        });
        self.push_bound(out, after, &self.near)?;
        self.push_order(out, self.key());
        self.push_limit(out)?;
        out.push_sql(") AS listed CROSS JOIN LATERAL (");
        out.push_sql(match self.service {
            None => "SELECT listed.*",
            // OFFSET 0 keeps the planner from joining: each order is fetched by its id.
            Some(_) => "SELECT * FROM orders WHERE orders.id = listed.order_id OFFSET 0",
        });
        out.push_sql(") AS found WHERE ");
        self.push_bound(out, before, &self.far)?;
        self.push_order(out, self.key());
        Ok(())
    }

    /// The list of the orders with a reference. The calendars and the service are conditions on the rows of its index, in
    /// a form that no other index can answer.
    fn push_by_reference<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let (after, before) = self.comparisons();
        out.push_sql(
            "SELECT listed.id, (SELECT id FROM calendars WHERE key = listed.calendar), listed.datetime,
                    listed.totalfee, listed.services, listed.reference, listed.metadata::text, listed.version,
                    listed.created_at, listed.updated_at
               FROM orders AS listed WHERE listed.reference IS NOT NULL AND ",
        );
        self.push_bound(out, after, &self.near)?;
        out.push_sql(" AND ");
        self.push_bound(out, before, &self.far)?;
        let calendar = " AND (SELECT id FROM calendars WHERE key = listed.calendar) = ";
        match &self.calendars {
            Calendars::All => {}
            Calendars::One(id) => {
                out.push_sql(calendar);
                out.push_bind_param::<Text, _>(id)?;
            }
            Calendars::Several(ids) => {
                out.push_sql(calendar);
                out.push_sql("ANY (");
                out.push_bind_param::<Array<Text>, _>(ids)?;
                out.push_sql(")");
            }
        }
        if let Some(service) = &self.service {
            out.push_sql(" AND ");
            out.push_bind_param::<Text, _>(service)?;
            out.push_sql(" = ANY (listed.services)");
        }
        self.push_order(out, self.key());
        self.push_limit(out)
    }

    /// What a key is to the near edge, and what to the far one.
    fn comparisons(&self) -> (&'static str, &'static str) {
        match self.direction {
            Direction::Ascending => (") > (", ") < ("),
            Direction::Descending => (") < (", ") > ("),
        }
    }

    /// `(key) > (edge)`, or with another operator.
    fn push_bound<'b>(
        &'b self,
        out: &mut AstPass<'_, 'b, Pg>,
        operator: &str,
        (datetime, id): &'b Edge<'_>,
    ) -> QueryResult<()> {
        out.push_sql("(");
        out.push_sql(self.key());
        out.push_sql(operator);
        if let Some(reference) = &self.reference {
            out.push_bind_param::<Text, _>(reference)?;
            out.push_sql(", ");
        } else {
            self.push_calendar_and_service(out)?;
        }
        out.push_bind_param::<Timestamptz, _>(datetime)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(id)?;
        out.push_sql(")");
        Ok(())
    }

    fn push_calendar_and_service<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match &self.calendars {
            Calendars::All => {}
            Calendars::One(calendar) => {
                out.push_sql("(SELECT key FROM calendars WHERE id = ");
                out.push_bind_param::<Text, _>(calendar)?;
                out.push_sql("), ");
            }
            Calendars::Several(_) => out.push_sql("permitted.key, "),
        }
        if let Some(service) = &self.service {
            out.push_bind_param::<Text, _>(service)?;
            out.push_sql(", ");
        }
        Ok(())
    }

    fn push_order(&self, out: &mut AstPass<'_, '_, Pg>, key: &str) {
        out.push_sql(" ORDER BY ");
        out.push_sql(&match self.direction {
            Direction::Ascending => key.to_owned(),
            Direction::Descending => format!("{} DESC", key.replace(',', " DESC,")),
        });
    }

    fn push_limit<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(" LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.limit)
    }
}

impl QueryFragment<Pg> for List<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if self.reference.is_some() {
            return self.push_by_reference(&mut out);
        }
        let Calendars::Several(calendars) = &self.calendars else {
            return self.push_list(&mut out);
        };
        out.push_sql("SELECT merged.* FROM unnest(");
        out.push_bind_param::<Array<Text>, _>(calendars)?;
        out.push_sql(
            ") AS named (id)
             CROSS JOIN LATERAL (
                 SELECT key FROM calendars WHERE calendars.id = named.id OFFSET 0) AS permitted
             CROSS JOIN LATERAL (",
        );
        self.push_list(&mut out)?;
        out.push_sql(") AS merged");
        // By datetime and id.
        self.push_order(&mut out, "3, 1");
        self.push_limit(&mut out)
    }
}

impl QueryId for List<'_> {
    type QueryId = ();
    // The text depends on the filters, so the type does not identify the statement.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for List<'_> {
    type SqlType = OrderSql;
}

impl RunQueryDsl<PgConnection> for List<'_> {}

/// A position between orders. An order's id is never empty, so an empty id comes before every order of its time.
type Edge<'a> = (PgTimestamp, &'a str);

const START: Edge<'static> = (PgTimestamp(i64::MIN), "");
const END: Edge<'static> = (PgTimestamp(i64::MAX), "");

/// A page of the list of orders.
pub(super) fn page(
    conn: &mut PgConnection,
    query: &OrderQuery,
    caller: &Caller,
) -> QueryResult<Page> {
    let OrderFilter { calendar, service, reference, from, to } = &query.filter;
    let after = query.after.as_ref().map(|at| (row::pg_timestamp(at.datetime), at.id.as_str()));
    let mut from = from.map_or(START, |from| (row::pg_timestamp(from), ""));
    let mut to = to.map_or(END, |to| (row::pg_timestamp(to), ""));
    match (after, query.direction) {
        (None, _) => {}
        (Some(after), Direction::Ascending) => from = later(from, after),
        (Some(after), Direction::Descending) => to = earlier(to, after),
    }
    let (near, far) = match query.direction {
        Direction::Ascending => (from, to),
        Direction::Descending => (to, from),
    };
    let list = List {
        calendars: match (calendar, caller.calendar_ids()) {
            (Some(calendar), _) => Calendars::One(calendar.as_str()),
            (None, Some(permitted)) => Calendars::Several(permitted),
            (None, None) => Calendars::All,
        },
        service: service.as_ref().map(ServiceId::as_str),
        reference: reference.as_ref().map(Reference::as_str),
        near,
        far,
        direction: query.direction,
        limit: row::one_more_than(query.limit),
    };
    let rows: Vec<OrderRow> = list.load(conn)?;

    let mut orders = rows.into_iter().map(row::order).collect::<QueryResult<Vec<Order>>>()?;
    let more = orders.len() > query.limit;
    orders.truncate(query.limit);
    let last = orders.last().filter(|_| more);
    let next = last.map(|last| Position { datetime: last.datetime, id: last.id.clone() });
    Ok(Page { orders, next })
}

/// Passes all matching orders to `sink`, in order, as they were at one instant, with the cursor that `head_of` finds for
/// the snapshot. It gets the connection before its first query.
pub(super) fn export(
    conn: &mut PgConnection,
    filter: &OrderFilter,
    direction: Direction,
    caller: &Caller,
    head_of: &dyn Fn(&mut PgConnection) -> Result<Option<Cursor>, StoreError>,
    sink: &mut dyn FnMut(Option<Cursor>, Vec<Order>) -> ControlFlow<()>,
) -> Result<(), Failure> {
    conn.build_transaction().repeatable_read().read_only().run(|conn| {
        let cursor = head_of(conn)?;
        let (pages, read) = mpsc::sync_channel(PAGES_READ_AHEAD);
        thread::scope(|scope| {
            let reader = thread::Builder::new().name("export".to_owned());
            let reading = reader.spawn_scoped(scope, move || {
                read_pages(conn, filter, direction, caller, |orders| pages.send(orders).is_ok())
            });
            let reading = reading.map_err(|error| StoreError::Unavailable(error.into()))?;
            for orders in read {
                if sink(cursor, orders).is_break() {
                    break;
                }
            }
            reading.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    })
}

/// Passes all matching orders to `pass`, page by page, until it returns `false`.
fn read_pages(
    conn: &mut PgConnection,
    filter: &OrderFilter,
    direction: Direction,
    caller: &Caller,
    pass: impl Fn(Vec<Order>) -> bool,
) -> Result<(), Failure> {
    let mut query =
        OrderQuery { filter: filter.clone(), direction, after: None, limit: EXPORT_CHUNK };
    loop {
        let Page { orders, next } = page(conn, &query, caller)?;
        if !pass(orders) || next.is_none() {
            return Ok(());
        }
        query.after = next;
    }
}

fn later<'a>(a: Edge<'a>, b: Edge<'a>) -> Edge<'a> {
    if (a.0.0, a.1) > (b.0.0, b.1) { a } else { b }
}

fn earlier<'a>(a: Edge<'a>, b: Edge<'a>) -> Edge<'a> {
    if (a.0.0, a.1) < (b.0.0, b.1) { a } else { b }
}
