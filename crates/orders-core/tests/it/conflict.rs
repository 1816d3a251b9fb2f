use std::error::Error;

use orders_core::{
    Booking, CalendarId, Conflict, GapTooWide, IdempotencyKey, MinimumGap, NearestFree, OrderId,
    Resource, StoreError, UnknownReferences,
};

use crate::at;

fn booking(id: &str, datetime: &str) -> Booking {
    Booking { id: OrderId::new(id).unwrap(), datetime: at(datetime) }
}

fn conflict(conflicts_with: Vec<Booking>) -> Conflict {
    Conflict {
        datetime: at("2022-11-01T12:00:00Z"),
        calendar: CalendarId::default(),
        minimum_gap: MinimumGap::default(),
        conflicts_with,
        nearest_free: NearestFree::default(),
    }
}

#[test]
fn a_conflict_names_the_requested_time_the_gap_and_every_conflicting_order() {
    let first = booking("223", "2022-11-01T11:11:11.111Z");
    let second = booking("224", "2022-11-01T14:30:00Z");
    assert_eq!(
        conflict(vec![first.clone()]).to_string(),
        "2022-11-01T12:00:00Z is less than 3 hours from order 223 at 2022-11-01T11:11:11.111Z"
    );
    assert_eq!(
        conflict(vec![first, second]).to_string(),
        "2022-11-01T12:00:00Z is less than 3 hours from order 223 at 2022-11-01T11:11:11.111Z \
         and order 224 at 2022-11-01T14:30:00Z"
    );
}

#[test]
fn store_errors_say_what_is_wrong_once() {
    let crew = || CalendarId::new("crew").unwrap();
    let gap_too_wide =
        GapTooWide { calendar: crew(), minimum_gap: "P1DT12H".parse().unwrap(), too_close: vec![] };
    let check = |error: StoreError, says: &str| {
        assert_eq!(error.to_string(), says);
        // What is already said must not come again down the chain.
        assert!(error.source().is_none_or(|source| source.to_string() != says));
    };
    check(StoreError::NotFound(Resource::Calendar(crew())), "there is no calendar crew");
    check(
        StoreError::IdTaken(Resource::Order(OrderId::new("223").unwrap())),
        "order 223 already exists",
    );
    check(StoreError::InUse(Resource::Calendar(crew())), "calendar crew is in use");
    check(
        StoreError::UnknownReferences(UnknownReferences::default()),
        "there is no such calendar or service",
    );
    check(
        StoreError::GapTooWide(Box::new(gap_too_wide)),
        "calendar crew has orders less than 1 day 12 hours apart",
    );
    let id = OrderId::new("223").unwrap();
    check(StoreError::VersionMismatch { id, current: 2 }, "order 223 is at version 2 now");
    let key = || IdempotencyKey::new("k").unwrap();
    check(StoreError::KeyReused(key()), "idempotency key k was used with another body");
    check(StoreError::KeyInUse(key()), "a creation under idempotency key k is still running");
    check(StoreError::Unavailable("gone".into()), "the database is unavailable: gone");
}
