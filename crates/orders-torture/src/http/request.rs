//! The requests of the workload: [`Request`].

use std::fmt;

use orders_core::{CalendarId, MinimumGap, OrderId, Timestamp};

/// One request to the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// `POST /orders`
    Create {
        /// The id that the client chooses; if it is `None`, the service generates one.
        id: Option<OrderId>,
        /// The calendar.
        calendar: CalendarId,
        /// When the order starts.
        datetime: Timestamp,
    },
    /// `PUT /orders/{id}`
    Replace {
        /// The order.
        id: OrderId,
        /// The new calendar; if it is `None`, the order stays in its calendar.
        calendar: Option<CalendarId>,
        /// When the order starts from now on.
        datetime: Timestamp,
    },
    /// `DELETE /orders/{id}`
    Delete(OrderId),
    /// `GET /orders/{id}`
    Read(OrderId),
    /// `GET /orders`
    List,
    /// `PUT /calendars/{id}`
    SetGap {
        /// The calendar.
        calendar: CalendarId,
        /// Its new minimum gap.
        gap: MinimumGap,
    },
    /// `GET /calendars/{id}`
    ReadCalendar(CalendarId),
}

impl Request {
    /// The name of the kind of request, for statistics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Create { id: Some(_), .. } => "create (own id)",
            Self::Create { id: None, .. } => "create",
            Self::Replace { .. } => "replace",
            Self::Delete(_) => "delete",
            Self::Read(_) => "read",
            Self::List => "list",
            Self::SetGap { .. } => "set gap",
            Self::ReadCalendar(_) => "read calendar",
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { id: Some(id), calendar, datetime } => {
                write!(f, "create {id} in {calendar} at {datetime}")
            }
            Self::Create { id: None, calendar, datetime } => {
                write!(f, "create in {calendar} at {datetime}")
            }
            Self::Replace { id, calendar: Some(calendar), datetime } => {
                write!(f, "replace {id} in {calendar} at {datetime}")
            }
            Self::Replace { id, calendar: None, datetime } => {
                write!(f, "replace {id} at {datetime}")
            }
            Self::Delete(id) => write!(f, "delete {id}"),
            Self::Read(id) => write!(f, "read {id}"),
            Self::List => f.write_str("list"),
            Self::SetGap { calendar, gap } => write!(f, "set the gap of {calendar} to {gap}"),
            Self::ReadCalendar(id) => write!(f, "read calendar {id}"),
        }
    }
}
