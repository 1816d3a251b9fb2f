//! Domain values as columns, and back.
//!
//! The database enforces the rules of the domain, so a column that breaks one is a bug.

use std::fmt::Display;
use std::str::FromStr;

use diesel::QueryResult;
use diesel::data_types::{PgInterval, PgTimestamp};
use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::result::Error;
use diesel::sql_types::{Array, BigInt, Nullable, Numeric, Text, Timestamptz};
use orders_core::{
    Booking, CalendarId, Candidate, Fee, Metadata, MinimumGap, Name, Order, OrderId,
    OrderedServices, Precondition, Reference, ServiceId, Timestamp,
};
use rust_decimal::Decimal;

/// PostgreSQL counts from 2000-01-01, a timestamp from 1970-01-01.
const POSTGRES_EPOCH_MICROS: i64 = 946_684_800_000_000;

/// An id as it is read from a column of text, without a copy in between.
#[derive(Debug, FromSqlRow)]
pub(crate) struct Id<T>(pub(crate) T);

impl<T> FromSql<Text, Pg> for Id<T>
where
    T: FromStr<Err: Display>,
{
    fn from_sql(value: PgValue<'_>) -> diesel::deserialize::Result<Self> {
        let text = std::str::from_utf8(value.as_bytes())?;
        Ok(Self(decode(text.parse())?))
    }
}

/// The columns of an order, as all queries select them: id, calendar, datetime, totalfee, services, reference, metadata
/// as text, version, created_at, updated_at.
pub(crate) type OrderRow<Calendar = Id<CalendarId>> = (
    Id<OrderId>,
    Calendar,
    PgTimestamp,
    Decimal,
    Vec<Option<Id<ServiceId>>>,
    Option<String>,
    Option<String>,
    i64,
    PgTimestamp,
    PgTimestamp,
);

/// The SQL types of [`OrderRow`].
pub(crate) type OrderSql<Calendar = Text> = (
    Text,
    Calendar,
    Timestamptz,
    Numeric,
    Array<Nullable<Text>>,
    Nullable<Text>,
    Nullable<Text>,
    BigInt,
    Timestamptz,
    Timestamptz,
);

/// The limit of a query for a page with so many rows. One row more tells whether there is a next page.
pub(crate) fn one_more_than(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

/// A page ends after so many bytes of metadata, which is what makes an order large.
const MAX_PAGE_BYTES: usize = 1 << 20;

/// How many of these rows still fit on a page that has so many bytes of metadata, to which theirs are added.
pub(crate) fn fitting<R>(rows: &[R], size: impl Fn(&R) -> usize, bytes: &mut usize) -> usize {
    let fits = |row: &&R| {
        let fits = *bytes < MAX_PAGE_BYTES;
        *bytes += size(row);
        fits
    };
    rows.iter().take_while(fits).count()
}

/// How many bytes of metadata an order has.
pub(crate) fn metadata_bytes<C>(row: &OrderRow<C>) -> usize {
    row.6.as_ref().map_or(0, String::len)
}

pub(crate) fn order(row: OrderRow) -> QueryResult<Order> {
    order_in(row, |Id(calendar)| Ok(calendar))
}

/// An order whose calendar is found by another column.
pub(crate) fn order_in<Calendar>(
    row: OrderRow<Calendar>,
    find: impl FnOnce(Calendar) -> QueryResult<CalendarId>,
) -> QueryResult<Order> {
    let (
        Id(id),
        calendar,
        at,
        totalfee,
        services,
        reference,
        metadata,
        version,
        created_at,
        updated_at,
    ) = row;
    let services = services.into_iter().map(|id| id.map(|Id(id)| id)).collect::<Option<Vec<_>>>();
    let services = services.ok_or_else(|| corrupt("a service is null"))?;
    Ok(Order {
        id,
        calendar: find(calendar)?,
        datetime: timestamp(at)?,
        totalfee: decode(Fee::new(totalfee))?,
        services: decode(OrderedServices::new(services))?,
        reference: decode(reference.map(Reference::new).transpose())?,
        metadata: self::metadata(metadata.as_deref())?,
        version: decode(version.try_into())?,
        created_at: timestamp(created_at)?,
        updated_at: timestamp(updated_at)?,
    })
}

/// What the database adds to an order that it writes: version, created_at, updated_at.
pub(crate) type Stamp = (i64, PgTimestamp, PgTimestamp);

/// The SQL types of [`Stamp`].
pub(crate) type StampSql = (BigInt, Timestamptz, Timestamptz);

/// The order that was written.
pub(crate) fn stamped(
    candidate: &Candidate,
    (version, created_at, updated_at): Stamp,
) -> QueryResult<Order> {
    let version = decode(version.try_into())?;
    Ok(candidate.clone().into_order(version, timestamp(created_at)?, timestamp(updated_at)?))
}

pub(crate) fn booking(id: &str, datetime: PgTimestamp) -> QueryResult<Booking> {
    Ok(Booking { id: order_id(id)?, datetime: timestamp(datetime)? })
}

pub(crate) fn order_id(text: &str) -> QueryResult<OrderId> {
    decode(OrderId::new(text))
}

pub(crate) fn service_id(text: &str) -> QueryResult<ServiceId> {
    decode(ServiceId::new(text))
}

pub(crate) fn calendar_id(text: &str) -> QueryResult<CalendarId> {
    decode(CalendarId::new(text))
}

pub(crate) fn name(text: &str) -> QueryResult<Name> {
    decode(Name::new(text))
}

fn metadata(json: Option<&str>) -> QueryResult<Metadata> {
    json.map_or_else(|| Ok(Metadata::default()), |json| decode(serde_json::from_str(json)))
}

pub(crate) fn timestamp(at: PgTimestamp) -> QueryResult<Timestamp> {
    decode(Timestamp::from_micros(at.0.saturating_add(POSTGRES_EPOCH_MICROS)))
}

pub(crate) fn gap(interval: PgInterval) -> QueryResult<MinimumGap> {
    match interval {
        PgInterval { microseconds, days: 0, months: 0 } => {
            decode(MinimumGap::from_micros(microseconds))
        }
        _ => Err(corrupt("a minimum gap has days or months")),
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

/// Services as one text with commas, which no id contains.
pub(crate) fn joined_services(services: &OrderedServices) -> String {
    pg_services(services).join(",")
}

pub(crate) fn pg_reference(reference: Option<&Reference>) -> Option<&str> {
    reference.map(Reference::as_str)
}

/// Metadata as the text of a `jsonb`; none if it is not set.
pub(crate) fn pg_metadata(metadata: &Metadata) -> Option<String> {
    // OK because the keys are strings.
    let text = || serde_json::to_string(metadata).expect("metadata is JSON");
    (!metadata.is_empty()).then(text)
}

/// The versions that an order may have; `None` is any.
pub(crate) fn pg_versions(condition: &Precondition) -> Option<Vec<i64>> {
    match condition {
        Precondition::None => None,
        // No order has a version that its column cannot hold.
        Precondition::VersionIn(versions) => {
            Some(versions.iter().filter_map(|&version| version.try_into().ok()).collect())
        }
    }
}

/// A column as a value of the domain.
pub(crate) fn decode<T, E: Display>(value: Result<T, E>) -> QueryResult<T> {
    value.map_err(|error| corrupt(&error.to_string()))
}

fn corrupt(error: &str) -> Error {
    Error::DeserializationError(format!("a row breaks a rule: {error}").into())
}

/// A new id: a UUIDv7, so ids sort by the time of their creation.
pub(crate) fn generate_id<I, E: std::fmt::Debug>(new: impl FnOnce(String) -> Result<I, E>) -> I {
    // OK because a UUID has 36 characters, and an id may contain each of them.
    new(uuid::Uuid::now_v7().to_string()).expect("a UUID is an id")
}
