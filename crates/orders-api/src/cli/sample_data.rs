//! The sample data, for a first look: [`services`], [`calendars`], [`orders`].

use orders_core::{
    CalendarDraft, CalendarId, Calendars, Fee, Mode, Name, OrderDraft, OrderId, OrderedServices,
    Orders, ServiceDraft, ServiceId, Services, StoreError, Timestamp,
};

/// The services: id and name.
const SERVICES: [(&str, &str); 3] =
    [("123", "Inspection"), ("789", "Testing"), ("456", "Analysis")];

/// The crews, each a calendar: id and name.
const CALENDARS: [(&str, &str); 3] =
    [("inspection", "Inspection crew"), ("testing", "Testing crew"), ("analysis", "Analysis crew")];

/// The orders, all at one time and so each in the calendar of its crew: id, service, calendar.
const ORDERS: [(&str, &str, &str); 3] =
    [("223", "123", "inspection"), ("224", "789", "testing"), ("225", "456", "analysis")];

const DATETIME: &str = "2022-11-01T11:11:11.111Z";
const TOTALFEE: &str = "100";

/// Adds the sample services that are not there, and counts them.
///
/// # Errors
/// When the store fails.
pub fn services(store: &impl Services) -> Result<usize, StoreError> {
    count(SERVICES, |(id, name)| {
        let id = Some(sample(ServiceId::new(id)));
        store.add_service(ServiceDraft { id, name: sample(Name::new(name)) }).map(drop)
    })
}

/// Adds the sample calendars that are not there, and counts them.
///
/// # Errors
/// When the store fails.
pub fn calendars(store: &impl Calendars) -> Result<usize, StoreError> {
    count(CALENDARS, |(id, name)| {
        let id = Some(sample(CalendarId::new(id)));
        store
            .add_calendar(CalendarDraft { id, name: sample(Name::new(name)), minimum_gap: None })
            .map(drop)
    })
}

/// Places the sample orders that are not there, and counts them.
///
/// # Errors
/// When the store fails, or another order is too close.
pub fn orders(store: &impl Orders) -> Result<usize, StoreError> {
    count(ORDERS, |(id, service, calendar)| {
        let draft = OrderDraft {
            id: Some(sample(OrderId::new(id))),
            calendar: Some(sample(CalendarId::new(calendar))),
            datetime: sample(DATETIME.parse::<Timestamp>()),
            totalfee: sample(TOTALFEE.parse::<Fee>()),
            services: sample(OrderedServices::new([sample(ServiceId::new(service))])),
        };
        store.place(draft, Mode::Write).map(drop)
    })
}

/// How many of `samples` were added; one whose id is taken is there already.
fn count<T>(
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

/// OK because the samples are constants that a test reads.
fn sample<T, E: std::fmt::Debug>(value: Result<T, E>) -> T {
    value.expect("a sound sample")
}
