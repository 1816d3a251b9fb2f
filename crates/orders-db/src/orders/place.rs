//! Placing an order.
//!
//! One statement does it: it reads first, so that a taken time costs no write; it locks the calendar
//! against a new gap; and `ON CONFLICT DO NOTHING` lets of those who race for one time exactly one win,
//! without the deadlocks of a bare insert. Who did not win is told why by [`super::refusal`].

use diesel::data_types::PgTimestamp;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::{Array, BigInt, Numeric, Text, Timestamptz};
use orders_core::{CalendarId, Mode, Order, OrderDraft, OrderId};
use rust_decimal::Decimal;

use super::refusal::{self, Wish};
use crate::error::{Failure, violates};
use crate::row;
use crate::statement::statement;

statement! {
    Place<'a> {
        id: &'a str as Text,
        calendar: &'a str as Text,
        datetime: PgTimestamp as Timestamptz,
        totalfee: Decimal as Numeric,
        services: Vec<&'a str> as Array<Text>,
    } -> (BigInt, Timestamptz, Timestamptz)
    "WITH wish AS (
         SELECT $1 AS id, $2 AS calendar, $3 AS datetime, $4 AS totalfee, $5 AS services)
     INSERT INTO orders (id, calendar, minimum_gap, datetime, totalfee, services)
     SELECT wish.id, calendars.key, calendars.minimum_gap, wish.datetime, wish.totalfee, wish.services
       FROM wish JOIN calendars ON calendars.id = wish.calendar
      WHERE NOT EXISTS (
            SELECT FROM orders
             WHERE (orders.calendar, orders.datetime)
                   > (calendars.key, wish.datetime - calendars.minimum_gap)
               AND (orders.calendar, orders.datetime)
                   < (calendars.key, wish.datetime + calendars.minimum_gap)
            OFFSET 0)
        FOR KEY SHARE OF calendars
     ON CONFLICT DO NOTHING
     RETURNING version, created_at, updated_at"
}

/// What came of one attempt to place an order.
pub(super) enum Attempt {
    Placed(Order),
    /// Something it refers to is missing, its id is taken, or its time is.
    InTheWay,
}

/// Whether an attempt failed since a service does not exist, or not any longer.
pub(super) fn names_missing_service(error: &Error) -> bool {
    violates(error, "order_services_service_fkey")
}

/// Tries once to place an order.
pub(super) fn attempt(
    conn: &mut PgConnection,
    id: &OrderId,
    calendar: &CalendarId,
    draft: &OrderDraft,
) -> QueryResult<Attempt> {
    let insert = Place {
        id: id.as_str(),
        calendar: calendar.as_str(),
        datetime: row::pg_timestamp(draft.datetime),
        totalfee: draft.totalfee.amount(),
        services: row::pg_services(&draft.services),
    };
    let written: Option<row::Stamp> = insert.get_result(conn).optional()?;
    let Some(stamp) = written else { return Ok(Attempt::InTheWay) };
    row::written(id, calendar, draft, stamp).map(Attempt::Placed)
}

/// Places an order under this id, or finds out why it cannot be placed.
pub(super) fn place(
    conn: &mut PgConnection,
    id: &OrderId,
    draft: &OrderDraft,
) -> Result<Order, Failure> {
    let calendar = draft.calendar.clone().unwrap_or_default();
    refusal::until_settled(|| {
        match attempt(conn, id, &calendar, draft) {
            Ok(Attempt::Placed(order)) => return Ok(Some(order)),
            Ok(Attempt::InTheWay) => {}
            Err(error) if names_missing_service(&error) => {}
            Err(error) => return Err(error.into()),
        }
        refusal::refuse(
            conn,
            &Wish { id, calendar: &calendar, draft, is_new: true, mode: Mode::Write },
        )?;
        Ok(None)
    })
}

/// What [`place`] would answer, without writing.
pub(super) fn rehearse(
    conn: &mut PgConnection,
    id: &OrderId,
    draft: &OrderDraft,
) -> Result<Order, Failure> {
    let calendar = draft.calendar.clone().unwrap_or_default();
    let now = refusal::refuse(
        conn,
        &Wish { id, calendar: &calendar, draft, is_new: true, mode: Mode::DryRun },
    )?;
    Ok(Order {
        id: id.clone(),
        calendar,
        datetime: draft.datetime,
        totalfee: draft.totalfee,
        services: draft.services.clone(),
        version: 1,
        created_at: now,
        updated_at: now,
    })
}
