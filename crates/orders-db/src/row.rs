//! Domain values as columns, and back.
//!
//! The database holds only what the domain allows, so a column that cannot be read is a bug of ours.

use std::fmt::Display;

use diesel::QueryResult;
use diesel::data_types::{PgInterval, PgTimestamp};
use diesel::result::Error;
use orders_core::{
    CalendarId, Fee, MinimumGap, Name, Order, OrderDraft, OrderId, OrderedServices, Precondition,
    ServiceId, Timestamp,
};
use rust_decimal::Decimal;

/// PostgreSQL counts from 2000-01-01, a timestamp from 1970-01-01.
const POSTGRES_EPOCH_MICROS: i64 = 946_684_800_000_000;

/// The columns of an order, as every query of one selects them.
pub(crate) type OrderRow =
    (String, String, PgTimestamp, Decimal, Vec<Option<String>>, i64, PgTimestamp, PgTimestamp);

pub(crate) fn order(row: OrderRow) -> QueryResult<Order> {
    let (id, calendar, at, totalfee, services, version, created_at, updated_at) = row;
    let services = services
        .into_iter()
        .map(|id| ServiceId::new(id.unwrap_or_default()))
        .collect::<Result<Vec<_>, _>>();
    Ok(Order {
        id: order_id(&id)?,
        calendar: calendar_id(&calendar)?,
        datetime: timestamp(at)?,
        totalfee: sound(Fee::new(totalfee))?,
        services: sound(OrderedServices::new(sound(services)?))?,
        version: sound(version.try_into())?,
        created_at: timestamp(created_at)?,
        updated_at: timestamp(updated_at)?,
    })
}

/// What the database adds to an order that it writes: its version, when it was placed, and when written.
pub(crate) type Stamp = (i64, PgTimestamp, PgTimestamp);

/// The order that was written as drafted, under this id and in this calendar.
pub(crate) fn written(
    id: &OrderId,
    calendar: &CalendarId,
    draft: &OrderDraft,
    (version, created_at, updated_at): Stamp,
) -> QueryResult<Order> {
    Ok(Order {
        id: id.clone(),
        calendar: calendar.clone(),
        datetime: draft.datetime,
        totalfee: draft.totalfee,
        services: draft.services.clone(),
        version: sound(version.try_into())?,
        created_at: timestamp(created_at)?,
        updated_at: timestamp(updated_at)?,
    })
}

pub(crate) fn order_id(text: &str) -> QueryResult<OrderId> {
    sound(OrderId::new(text))
}

pub(crate) fn service_id(text: &str) -> QueryResult<ServiceId> {
    sound(ServiceId::new(text))
}

pub(crate) fn calendar_id(text: &str) -> QueryResult<CalendarId> {
    sound(CalendarId::new(text))
}

pub(crate) fn name(text: &str) -> QueryResult<Name> {
    sound(Name::new(text))
}

pub(crate) fn timestamp(at: PgTimestamp) -> QueryResult<Timestamp> {
    sound(Timestamp::from_micros(at.0.saturating_add(POSTGRES_EPOCH_MICROS)))
}

pub(crate) fn gap(interval: PgInterval) -> QueryResult<MinimumGap> {
    match interval {
        PgInterval { microseconds, days: 0, months: 0 } => {
            sound(MinimumGap::from_micros(microseconds))
        }
        _ => Err(unsound("a minimum gap has days or months")),
    }
}

pub(crate) fn pg_timestamp(at: Timestamp) -> PgTimestamp {
    PgTimestamp(at.as_micros() - POSTGRES_EPOCH_MICROS)
}

pub(crate) fn pg_interval(gap: MinimumGap) -> PgInterval {
    PgInterval::from_microseconds(gap.as_micros())
}

pub(crate) fn pg_services(services: &OrderedServices) -> Vec<&str> {
    services.iter().map(ServiceId::as_str).collect()
}

/// The versions that an order may have; none is any.
pub(crate) fn pg_versions(condition: &Precondition) -> Option<Vec<i64>> {
    match condition {
        Precondition::None => None,
        // A version that no column can hold is one that no order has.
        Precondition::VersionIn(versions) => {
            Some(versions.iter().filter_map(|&version| version.try_into().ok()).collect())
        }
    }
}

/// A value that the database should not have been able to hold otherwise.
pub(crate) fn sound<T, E: Display>(value: Result<T, E>) -> QueryResult<T> {
    value.map_err(|error| unsound(&error.to_string()))
}

fn unsound(error: &str) -> Error {
    Error::DeserializationError(format!("a row breaks a rule: {error}").into())
}

/// A new id: a UUIDv7, so that ids made later sort later.
pub(crate) fn fresh_id<I, E: std::fmt::Debug>(new: impl FnOnce(String) -> Result<I, E>) -> I {
    // OK because a UUID is 36 characters of those that an id may have.
    new(uuid::Uuid::now_v7().to_string()).expect("a UUID is an id")
}
