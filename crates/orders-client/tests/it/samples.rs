//! Values for tests.

use orders_client::{OrderDraft, OrderId, OrderedServices, Timestamp};

const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// The start of a day from 2040 on.
pub(crate) fn day(number: i64) -> Timestamp {
    let start: Timestamp = "2040-01-01T00:00:00Z".parse().unwrap();
    start.plus_micros(number * DAY).unwrap()
}

/// A draft at so many minutes after this instant.
pub(crate) fn draft(start: Timestamp, minutes: i64) -> OrderDraft {
    let services = OrderedServices::new(["123".parse().unwrap()]).unwrap();
    let datetime = start.plus_micros(minutes * 60_000_000).unwrap();
    OrderDraft::new(datetime, "100".parse().unwrap(), services)
}

pub(crate) fn id(text: &str) -> OrderId {
    OrderId::new(text).unwrap()
}
