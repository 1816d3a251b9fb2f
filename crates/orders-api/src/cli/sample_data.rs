//! Sample services, calendars and orders.

use std::fmt::Debug;

use orders_core::{
    CalendarDraft, CalendarId, Calendars, Fee, Metadata, Mode, Name, OrderDraft, OrderId,
    OrderedServices, Orders, Reference, ServiceDraft, ServiceId, Services, StoreError, Timestamp,
};

/// Id and name.
const SERVICES: [(&str, &str); 3] =
    [("123", "Inspection"), ("789", "Testing"), ("456", "Analysis")];

/// Id and name.
const CALENDARS: [(&str, &str); 3] =
    [("inspection", "Inspection crew"), ("testing", "Testing crew"), ("analysis", "Analysis crew")];

/// Id, service and calendar. They do not conflict because each is in another calendar.
const ORDERS: [(&str, &str, &str); 3] =
    [("223", "123", "inspection"), ("224", "789", "testing"), ("225", "456", "analysis")];

const DATETIME: &str = "2022-11-01T11:11:11.111Z";
const TOTALFEE: &str = "100";

/// Adds the sample services that are missing, and counts them.
///
/// # Errors
/// If the store fails.
pub fn add_services(store: &impl Services) -> Result<usize, StoreError> {
    add_missing(SERVICES, |(id, name)| {
        let draft =
            ServiceDraft { id: Some(valid(ServiceId::new(id))), name: valid(Name::new(name)) };
        store.add_service(draft).map(drop)
    })
}

/// Adds the sample calendars that are missing, and counts them.
///
/// # Errors
/// If the store fails.
pub fn add_calendars(store: &impl Calendars) -> Result<usize, StoreError> {
    add_missing(CALENDARS, |(id, name)| {
        let id = Some(valid(CalendarId::new(id)));
        let draft = CalendarDraft { id, name: valid(Name::new(name)), minimum_gap: None };
        store.add_calendar(draft).map(drop)
    })
}

/// Places the sample orders that are missing, and counts them.
///
/// # Errors
/// If the store fails, or another order is too close.
pub fn place_orders(store: &impl Orders) -> Result<usize, StoreError> {
    add_missing(ORDERS, |(id, service, calendar)| {
        let draft = OrderDraft {
            id: Some(valid(OrderId::new(id))),
            calendar: Some(valid(CalendarId::new(calendar))),
            datetime: valid(DATETIME.parse::<Timestamp>()),
            totalfee: valid(TOTALFEE.parse::<Fee>()),
            services: valid(OrderedServices::new([valid(ServiceId::new(service))])),
            reference: Some(valid(Reference::new(format!("PO-{id}")))),
            metadata: Metadata::default(),
        };
        store.place(draft, Mode::Write).map(drop)
    })
}

/// Adds each sample whose id does not exist, and counts those.
fn add_missing<T>(
    samples: impl IntoIterator<Item = T>,
    add: impl Fn(T) -> Result<(), StoreError>,
) -> Result<usize, StoreError> {
    let mut added = 0;
    for sample in samples {
        match add(sample) {
            Ok(()) => added += 1,
            Err(StoreError::IdTaken(_)) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(added)
}

/// OK because the samples are constants that a test adds.
fn valid<T, E: Debug>(value: Result<T, E>) -> T {
    value.expect("a valid sample")
}
