//! Values to try a store with, made briefly.

use orders_core::{
    AsOf, Booking, CalendarDraft, CalendarFeeds, CalendarId, Calendars, Changes, Conflict,
    IdempotencyKey, Interval, Metadata, MetadataKey, MetadataValue, MinimumGap, Mode, Name, Order,
    OrderDraft, OrderId, OrderedServices, Orders, Precondition, Reference, Resource, Service,
    ServiceDraft, ServiceId, Services, StoreError, Timestamp, UnknownReferences,
};

use proptest::test_runner::{Config, RngSeed, TestRunner};

pub(crate) use Mode::{DryRun, Write};

/// All that a store is.
pub(crate) trait Store:
    Orders + Changes + Services + Calendars + CalendarFeeds + Sync
{
}

impl<S: Orders + Changes + Services + Calendars + CalendarFeeds + Sync> Store for S {}

pub(crate) const HOUR: i64 = 3_600_000_000;

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Noon of some day, and some hours.
pub(crate) fn noon_plus(hours: i64) -> Timestamp {
    micros_after_noon(hours * HOUR)
}

/// Noon of some day, and some microseconds.
pub(crate) fn micros_after_noon(micros: i64) -> Timestamp {
    at("2022-11-01T12:00:00Z").plus_micros(micros).unwrap()
}

pub(crate) fn span(from: Timestamp, to: Timestamp) -> Interval {
    Interval { from, to }
}

pub(crate) fn gap(text: &str) -> MinimumGap {
    text.parse().unwrap()
}

pub(crate) fn order_id(text: &str) -> OrderId {
    text.parse().unwrap()
}

pub(crate) fn service_id(text: &str) -> ServiceId {
    text.parse().unwrap()
}

pub(crate) fn calendar_id(text: &str) -> CalendarId {
    text.parse().unwrap()
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub(crate) fn services(ids: &[&str]) -> OrderedServices {
    OrderedServices::new(ids.iter().map(|id| service_id(id))).unwrap()
}

pub(crate) fn reference(text: &str) -> Reference {
    Reference::new(text).unwrap()
}

pub(crate) fn metadata(entries: &[(&str, &str)]) -> Metadata {
    let entries = entries
        .iter()
        .map(|(key, value)| (MetadataKey::new(key).unwrap(), MetadataValue::new(value).unwrap()));
    Metadata::new(entries.collect()).unwrap()
}

/// An order for service `123` in no particular calendar.
pub(crate) fn draft(id: &str, datetime: Timestamp) -> OrderDraft {
    OrderDraft {
        id: Some(order_id(id)),
        calendar: None,
        datetime,
        totalfee: "100".parse().unwrap(),
        services: services(&["123"]),
        reference: None,
        metadata: Metadata::default(),
    }
}

/// The same in a certain calendar.
pub(crate) fn draft_in(calendar: &str, id: &str, datetime: Timestamp) -> OrderDraft {
    OrderDraft { calendar: Some(calendar_id(calendar)), ..draft(id, datetime) }
}

pub(crate) fn service_draft(id: &str) -> ServiceDraft {
    ServiceDraft { id: Some(service_id(id)), name: name(&format!("Service {id}")) }
}

pub(crate) fn calendar_draft(id: &str, minimum_gap: &str) -> CalendarDraft {
    CalendarDraft {
        id: Some(calendar_id(id)),
        name: name(&format!("Calendar {id}")),
        minimum_gap: Some(gap(minimum_gap)),
    }
}

/// Services `123`, `456` and `789`, which most tests need.
#[track_caller]
pub(crate) fn add_services(store: &impl Store) {
    for id in ["123", "456", "789"] {
        store.add_service(service_draft(id)).unwrap();
    }
}

/// Gives `default` another gap.
#[track_caller]
pub(crate) fn set_gap(store: &impl Store, minimum_gap: &str) {
    let id = CalendarId::default();
    let draft = calendar_draft("default", minimum_gap);
    store.replace_calendar(&id, draft).unwrap();
}

#[track_caller]
pub(crate) fn placed(store: &impl Store, draft: OrderDraft) -> Order {
    store.place(draft, Write).unwrap()
}

/// Places orders of these ids at these hours from noon, in `default`.
#[track_caller]
pub(crate) fn place_all(store: &impl Store, orders: &[(&str, i64)]) {
    for (id, hours) in orders {
        placed(store, draft(id, noon_plus(*hours)));
    }
}

pub(crate) fn booking(id: &str, datetime: Timestamp) -> Booking {
    Booking { id: order_id(id), datetime }
}

pub(crate) fn no_order(id: &str) -> StoreError {
    StoreError::NotFound(Resource::Order(order_id(id)))
}

pub(crate) fn no_state(id: &str, as_of: AsOf) -> StoreError {
    StoreError::NotFound(Resource::OrderAsOf(order_id(id), as_of))
}

pub(crate) fn no_service(id: &str) -> StoreError {
    StoreError::NotFound(Resource::Service(service_id(id)))
}

pub(crate) fn no_calendar(id: &str) -> StoreError {
    StoreError::NotFound(Resource::Calendar(calendar_id(id)))
}

pub(crate) fn unknown(calendar: Option<&str>, services: &[(usize, &str)]) -> StoreError {
    StoreError::UnknownReferences(UnknownReferences {
        calendar: calendar.map(calendar_id),
        services: services.iter().map(|(place, id)| (*place, service_id(id))).collect(),
    })
}

/// Asserts that a call was refused for just this reason.
#[track_caller]
pub(crate) fn check_refused<T: std::fmt::Debug>(
    answer: Result<T, StoreError>,
    expected: &StoreError,
) {
    let refusal = answer.expect_err("a refusal");
    assert_eq!(format!("{refusal:?}"), format!("{expected:?}"));
}

/// The conflict that a call was refused for.
#[track_caller]
pub(crate) fn conflict<T: std::fmt::Debug>(answer: Result<T, StoreError>) -> Conflict {
    match answer {
        Err(StoreError::Conflict(conflict)) => *conflict,
        other => panic!("a conflict, not {other:?}"),
    }
}

#[track_caller]
pub(crate) fn check_conflicts_with<T: std::fmt::Debug>(
    answer: Result<T, StoreError>,
    expected: &[Booking],
) {
    assert_eq!(conflict(answer).conflicts_with, expected);
}

/// All that a store keeps.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    orders: Vec<Order>,
    services: Vec<Service>,
    calendars: Vec<orders_core::Calendar>,
}

pub(crate) fn kept(store: &impl Store) -> Kept {
    Kept {
        orders: store.orders().unwrap(),
        services: store.all_services().unwrap(),
        calendars: store.all_calendars().unwrap(),
    }
}

pub(crate) fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::new(text).unwrap()
}

pub(crate) fn versions(versions: &[u64]) -> Precondition {
    Precondition::VersionIn(versions.to_vec())
}

pub(crate) fn ids(orders: &[Order]) -> Vec<&str> {
    orders.iter().map(|order| order.id.as_str()).collect()
}

/// A gap as PostgreSQL reads it: hours, minutes and seconds.
pub(crate) fn sql_gap(gap: MinimumGap) -> String {
    let micros = gap.as_micros();
    let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
    format!("'{}:{:02}:{:02}.{rest:06}'", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// SQL that inserts an order without asking the store.
pub(crate) fn sql_order(id: &str, calendar: &str, at: Timestamp) -> String {
    format!(
        "INSERT INTO orders (id, calendar, minimum_gap, datetime, totalfee, services)
         SELECT '{id}', key, minimum_gap, '{at}', 1, '{{123}}' FROM calendars WHERE id = '{calendar}'"
    )
}

/// SQL that inserts orders which follow each other by `every`, the first at `from`, into `default`. Every second one has the
/// reference `PO-1`.
pub(crate) fn sql_orders(id: &str, from: Timestamp, every: &str, count: usize) -> String {
    format!(
        "INSERT INTO orders (id, calendar, minimum_gap, datetime, totalfee, services, reference)
         SELECT '{id}-' || n, key, minimum_gap, timestamptz '{from}' + n * interval '{every}', 1, '{{123}}',
                CASE n % 2 WHEN 0 THEN 'PO-1' END
           FROM calendars, generate_series(0, {count} - 1) AS n WHERE calendars.id = 'default'"
    )
}

/// A test runner that puts the same so many cases in every run.
pub(crate) fn runner(cases: u32) -> TestRunner {
    let rng_seed = RngSeed::Fixed(223);
    TestRunner::new(Config { cases, rng_seed, failure_persistence: None, ..Config::default() })
}
