//! An order before it is stored: [`Candidate`].

use crate::{
    CalendarId, Fee, Metadata, Order, OrderDraft, OrderId, OrderedServices, Reference, Timestamp,
};

/// An order that could be stored if no other order is in its way: a draft with an id and a calendar.
///
/// ```
/// use orders_core::{CalendarId, Candidate, Metadata, OrderDraft, OrderId, OrderedServices, ServiceId};
/// let draft = OrderDraft {
///     id: None,
///     calendar: None,
///     datetime: "2022-11-01T11:11:11.111Z".parse()?,
///     totalfee: "100".parse()?,
///     services: OrderedServices::new([ServiceId::new("123")?])?,
///     reference: None,
///     metadata: Metadata::default(),
/// };
/// let candidate = Candidate::new(draft, || OrderId::new("223").unwrap());
/// assert_eq!(candidate.id.as_str(), "223");
/// assert_eq!(candidate.calendar, CalendarId::default());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The id of the order.
    pub id: OrderId,
    /// The calendar that it is in.
    pub calendar: CalendarId,
    /// When it starts.
    pub datetime: Timestamp,
    /// What it costs.
    pub totalfee: Fee,
    /// What is ordered.
    pub services: OrderedServices,
    /// Its name in the caller's own system.
    pub reference: Option<Reference>,
    /// What the caller stores with it.
    pub metadata: Metadata,
}

impl Candidate {
    /// A new order. It gets a generated id and the calendar `default` unless the draft names others.
    pub fn new(draft: OrderDraft, generate_id: impl FnOnce() -> OrderId) -> Self {
        let OrderDraft { id, calendar, datetime, totalfee, services, reference, metadata } = draft;
        Self {
            id: id.unwrap_or_else(generate_id),
            calendar: calendar.unwrap_or_default(),
            datetime,
            totalfee,
            services,
            reference,
            metadata,
        }
    }

    /// A replacement of `current`. It keeps the id and, unless the draft names another, the calendar.
    #[must_use]
    pub fn replacing(current: &Order, draft: OrderDraft) -> Self {
        let OrderDraft { id: _, calendar, datetime, totalfee, services, reference, metadata } =
            draft;
        Self {
            id: current.id.clone(),
            calendar: calendar.unwrap_or_else(|| current.calendar.clone()),
            datetime,
            totalfee,
            services,
            reference,
            metadata,
        }
    }

    /// The stored order, with what the store adds.
    #[must_use]
    pub fn into_order(self, version: u64, created_at: Timestamp, updated_at: Timestamp) -> Order {
        let Self { id, calendar, datetime, totalfee, services, reference, metadata } = self;
        Order {
            id,
            calendar,
            datetime,
            totalfee,
            services,
            reference,
            metadata,
            version,
            created_at,
            updated_at,
        }
    }
}
