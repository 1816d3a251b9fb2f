//! The queries that read the rows, and how their columns are decoded.

use std::fmt::Display;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use orders_core::{CalendarId, Name, OrderId, Reference, ServiceId, Timestamp};

use super::{CalendarRow, DatabaseError, OrderRow};

#[derive(QueryableByName)]
pub(super) struct OrderColumns {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    calendar: String,
    #[diesel(sql_type = BigInt)]
    gap: i64,
    #[diesel(sql_type = BigInt)]
    datetime: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    slot_from: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    slot_to: Option<i64>,
    #[diesel(sql_type = BigInt)]
    cents: i64,
    #[diesel(sql_type = Array<Text>)]
    services: Vec<String>,
    #[diesel(sql_type = Nullable<Text>)]
    reference: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    metadata: Option<String>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = BigInt)]
    created_at: i64,
    #[diesel(sql_type = BigInt)]
    updated_at: i64,
}

impl OrderColumns {
    pub(super) const QUERY: &str = "
        SELECT orders.id, calendars.id AS calendar,
               (extract(epoch FROM orders.minimum_gap) * 1000000)::bigint AS gap,
               (extract(epoch FROM datetime) * 1000000)::bigint AS datetime,
               (extract(epoch FROM lower(slot)) * 1000000)::bigint AS slot_from,
               (extract(epoch FROM upper(slot)) * 1000000)::bigint AS slot_to,
               (totalfee * 100)::bigint AS cents, services, reference, metadata::text, version,
               (extract(epoch FROM created_at) * 1000000)::bigint AS created_at,
               (extract(epoch FROM updated_at) * 1000000)::bigint AS updated_at
          FROM orders JOIN calendars ON calendars.key = orders.calendar
         ORDER BY orders.id";

    pub(super) fn decode(self) -> Result<OrderRow, DatabaseError> {
        let services = self.services.into_iter().map(|id| valid(ServiceId::new(id)));
        Ok(OrderRow {
            id: valid(OrderId::new(self.id))?,
            calendar: valid(CalendarId::new(self.calendar))?,
            gap: self.gap,
            datetime: valid(Timestamp::from_micros(self.datetime))?,
            slot: self.slot_from.zip(self.slot_to),
            cents: self.cents,
            services: services.collect::<Result<_, _>>()?,
            reference: self.reference.map(|text| valid(Reference::new(text))).transpose()?,
            metadata: valid(serde_json::from_str(self.metadata.as_deref().unwrap_or("null")))?,
            version: valid(self.version.try_into())?,
            created_at: valid(Timestamp::from_micros(self.created_at))?,
            updated_at: valid(Timestamp::from_micros(self.updated_at))?,
        })
    }
}

#[derive(QueryableByName)]
pub(super) struct CalendarColumns {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    gap: i64,
}

impl CalendarColumns {
    pub(super) const QUERY: &str = "
        SELECT id, name, (extract(epoch FROM minimum_gap) * 1000000)::bigint AS gap
          FROM calendars ORDER BY id";

    pub(super) fn decode(self) -> Result<CalendarRow, DatabaseError> {
        let (id, name) = (valid(CalendarId::new(self.id))?, valid(Name::new(self.name))?);
        Ok(CalendarRow { id, name, gap: self.gap })
    }
}

/// Something that is to be the same in two tables.
#[derive(QueryableByName)]
pub(super) struct Comparison {
    #[diesel(sql_type = Text)]
    pub(super) description: String,
    #[diesel(sql_type = Bool)]
    pub(super) matches: bool,
}

impl Comparison {
    /// The services of the orders, in `order_services` and in the orders themselves.
    pub(super) const OF_SERVICES: &str = "
        SELECT coalesce(s.order_id, o.id) || ' ' || coalesce(s.service, o.service)
                   || CASE WHEN s.order_id IS NULL THEN ' is missing' ELSE ' matches no order' END
                   AS description,
               s.order_id IS NOT NULL AND o.id IS NOT NULL AS matches
          FROM order_services s
          FULL JOIN (SELECT id, calendar, datetime, unnest(services) AS service FROM orders) o
            ON (s.order_id, s.calendar, s.datetime, s.service)
               = (o.id, o.calendar, o.datetime, o.service)";

    /// The orders, and their newest versions in `order_versions` unless those are deletions.
    pub(super) const OF_VERSIONS: &str = "
        SELECT 'row: ' || coalesce(o::text, 'none') || ', newest version: ' || coalesce(v::text, 'none')
                   AS description,
               o::text IS NOT DISTINCT FROM v::text AS matches
          FROM (SELECT orders.id, version, calendars.id AS calendar, datetime, totalfee, services, reference, metadata,
                       created_at, updated_at, updated_by
                  FROM orders JOIN calendars ON calendars.key = orders.calendar) o
          FULL JOIN
               (SELECT order_id, version, calendar, datetime, totalfee, services, reference, metadata,
                       created_at, updated_at, client
                  FROM order_versions latest
                 WHERE type <> 'deleted'
                   AND version = (SELECT max(version) FROM order_versions v
                                   WHERE v.order_id = latest.order_id)) v
            ON v.order_id = o.id";
}

/// How many there are.
#[derive(QueryableByName)]
pub(super) struct Count {
    #[diesel(sql_type = BigInt)]
    pub(super) count: i64,
}

fn valid<T, E: Display>(value: Result<T, E>) -> Result<T, DatabaseError> {
    value.map_err(|error| DatabaseError::InvalidValue(error.to_string()))
}
