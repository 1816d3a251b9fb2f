//! Pages of the list of orders, and the export of all of it.
//!
//! A page is found by its key and not by counting rows: each filter has an index that ends in `(datetime, id)`,
//! so the cost of a page does not depend on its position in the list.

use std::collections::{BTreeSet, HashMap};
use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::mpsc;
use std::thread;

use diesel::data_types::PgTimestamp;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::Error;
use diesel::sql_types::{Array, BigInt, Text, Timestamptz};
use orders_core::{
    CalendarId, Cursor, Direction, ListPage, Order, OrderFilter, OrderQuery, Page, Position,
    Reference, ServiceId, StoreError,
};

use crate::caller::Caller;
use crate::error::Failure;
use crate::row::{self, Id, OrderRow, OrderSql};
use crate::schema;

/// How many orders of a page are read with one statement.
const PAGE_STEP: usize = 200;

/// How many orders an export fetches at once.
const EXPORT_CHUNK: usize = 500;

/// How many chunks of an export are read while the sink works on another one.
const PAGES_READ_AHEAD: usize = 1;

/// The orders between two positions, both excluded, in one direction.
///
/// Diesel caches the prepared statement by its text, and there are 48 texts: twelve filters in two directions, with the ids or
/// the keys of the calendars. Each
/// follows one index: its near bound and its order name all columns of the index, so no other index can be used.
/// PostgreSQL would not stop reading at the far bound, but the limit comes before it.
struct List<'a, CalendarSql> {
    /// Whether the second column is the key of the order's calendar or its id.
    calendar: PhantomData<CalendarSql>,
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

/// How a list names the calendar of an order.
trait CalendarColumn {
    /// The column, of the row `found`.
    const COLUMN: &'static str;
}

impl CalendarColumn for Text {
    const COLUMN: &'static str = "(SELECT id FROM calendars WHERE key = found.calendar)";
}

impl CalendarColumn for BigInt {
    const COLUMN: &'static str = "found.calendar";
}

impl<C: CalendarColumn> List<'_, C> {
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
        Self::push_columns(out);
        out.push_sql("FROM (SELECT * FROM ");
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

    fn push_columns(out: &mut AstPass<'_, '_, Pg>) {
        out.push_sql("SELECT found.id, ");
        out.push_sql(C::COLUMN);
        out.push_sql(
            ", found.datetime, found.totalfee, found.services, found.reference, found.metadata::text,
             found.version, found.created_at, found.updated_at ",
        );
    }

    /// The list of the orders with a reference. The calendars and the service are conditions on the rows of its index, in
    /// a form that no other index can answer.
    fn push_by_reference<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let (after, before) = self.comparisons();
        Self::push_columns(out);
        out.push_sql("FROM orders AS listed CROSS JOIN LATERAL (SELECT listed.*) AS found WHERE listed.reference IS NOT NULL AND ");
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

impl<C: CalendarColumn> QueryFragment<Pg> for List<'_, C> {
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

impl<C> QueryId for List<'_, C> {
    type QueryId = ();
    // The text depends on the filters, so the type does not identify the statement.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C> Query for List<'_, C> {
    type SqlType = OrderSql<C>;
}

impl<C> RunQueryDsl<PgConnection> for List<'_, C> {}

/// A position between orders. An order's id is never empty, so an empty id comes before every order of its time.
type Edge<'a> = (PgTimestamp, &'a str);

const START: Edge<'static> = (PgTimestamp(i64::MIN), "");
const END: Edge<'static> = (PgTimestamp(i64::MAX), "");

/// A page of the list of orders. It ends early if they are large.
pub(super) fn page(
    conn: &mut PgConnection,
    query: &OrderQuery,
    caller: &Caller,
) -> QueryResult<Page> {
    let (mut step, mut orders, mut bytes) = (query.clone(), Vec::new(), 0);
    loop {
        step.limit = PAGE_STEP.min(query.limit - orders.len());
        let mut rows: Vec<OrderRow> = list::<Text>(&step, caller).load(conn)?;
        let fitting = row::fitting(&rows, row::metadata_bytes, &mut bytes).min(step.limit);
        let more = rows.len() > fitting;
        rows.truncate(fitting);
        for row in rows {
            orders.push(row::order(row)?);
        }
        let next = orders.last().filter(|_| more).map(position);
        if next.is_none() || fitting < step.limit || orders.len() == query.limit {
            return Ok(Page { orders, next });
        }
        step.after = next;
    }
}

/// The position of an order in the list.
fn position(order: &Order) -> Position {
    Position { datetime: order.datetime, id: order.id.clone() }
}

/// The statement for a page, and one order more.
fn list<'a, C>(query: &'a OrderQuery, caller: &'a Caller) -> List<'a, C> {
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
    List {
        calendar: PhantomData,
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
    }
}

/// The page of these orders, which are one more if others follow.
fn paged(orders: Vec<Order>, query: &OrderQuery) -> Page {
    let ListPage { items: orders, next } = ListPage::new(orders, query.limit, position);
    Page { orders, next }
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

/// Passes all matching orders to `pass`, page by page, until it returns `false`. Each calendar is looked up once: a look-up for
/// each order takes as long as reading the order.
fn read_pages(
    conn: &mut PgConnection,
    filter: &OrderFilter,
    direction: Direction,
    caller: &Caller,
    pass: impl Fn(Vec<Order>) -> bool,
) -> Result<(), Failure> {
    let mut query =
        OrderQuery { filter: filter.clone(), direction, after: None, limit: EXPORT_CHUNK };
    let mut calendars = HashMap::new();
    loop {
        let rows: Vec<OrderRow<i64>> = list::<BigInt>(&query, caller).load(conn)?;
        let keys = rows.iter().map(|row| row.1);
        let missing: BTreeSet<_> = keys.filter(|key| !calendars.contains_key(key)).collect();
        if !missing.is_empty() {
            let ids: Vec<(i64, Id<CalendarId>)> = schema::calendars::table
                .select((schema::calendars::key, schema::calendars::id))
                .filter(schema::calendars::key.eq_any(missing))
                .load(conn)?;
            calendars.extend(ids.into_iter().map(|(key, Id(id))| (key, id)));
        }
        let calendar = |key| calendars.get(&key).cloned().ok_or(Error::NotFound);
        let orders = rows.into_iter().map(|row| row::order_in(row, calendar));
        let Page { orders, next } = paged(orders.collect::<QueryResult<_>>()?, &query);
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
