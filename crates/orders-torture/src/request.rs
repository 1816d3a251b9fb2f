//! What a client asks: [`Request`].

use std::fmt;

use orders_core::{
    CalendarDraft, CalendarId, MinimumGap, OrderDraft, OrderId, OrderedServices, ServiceId,
    Timestamp,
};

use crate::mark::Mark;

/// One request to the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// `POST /orders`; without an id the service makes one.
    Place {
        /// The client's own id.
        id: Option<OrderId>,
        /// Where.
        calendar: CalendarId,
        /// When.
        datetime: Timestamp,
    },
    /// `PUT /orders/{id}`; without a calendar the order stays in its own.
    Replace {
        /// Which order.
        id: OrderId,
        /// Where to.
        calendar: Option<CalendarId>,
        /// When to.
        datetime: Timestamp,
    },
    /// `DELETE /orders/{id}`
    Remove(OrderId),
    /// `GET /orders/{id}`
    Read(OrderId),
    /// `GET /orders`
    List,
    /// `PUT /calendars/{id}`
    SetGap {
        /// Which calendar.
        calendar: CalendarId,
        /// How far apart its orders are to be.
        gap: MinimumGap,
    },
    /// `GET /calendars/{id}`
    ReadCalendar(CalendarId),
}

/// The services that orders name.
pub const SERVICES: [&str; 4] = ["inspection", "repair", "survey", "training"];

/// The services that the operation with this mark names, in this order: one to four of them.
#[must_use]
pub fn services_of(mark: Mark) -> OrderedServices {
    let count = 1 + mark.0 as usize / SERVICES.len() % SERVICES.len();
    let first = mark.0 as usize % SERVICES.len();
    let names = SERVICES.iter().cycle().skip(first).take(count);
    // OK because one to four different ids are an order's services.
    let ids = names.map(|name| ServiceId::new(name).expect("an id"));
    OrderedServices::new(ids).expect("one to four services")
}

/// The method, path and body that say a request.
pub(crate) struct Http {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) body: Option<String>,
}

impl Request {
    /// The name of the kind of request, for counting.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Place { id: Some(_), .. } => "place (own id)",
            Self::Place { id: None, .. } => "place",
            Self::Replace { .. } => "replace",
            Self::Remove(_) => "remove",
            Self::Read(_) => "read",
            Self::List => "list",
            Self::SetGap { .. } => "set gap",
            Self::ReadCalendar(_) => "read calendar",
        }
    }

    /// The request as HTTP, with the mark in what it writes.
    pub(crate) fn http(&self, mark: Mark) -> Http {
        let draft = |id: &Option<OrderId>, calendar: Option<CalendarId>, datetime| {
            let (id, totalfee, services) = (id.clone(), mark.fee(), services_of(mark));
            json(&OrderDraft { id, calendar, datetime, totalfee, services })
        };
        let (method, path, body) = match self {
            Self::Place { id, calendar, datetime } => {
                ("POST", "/orders".to_owned(), Some(draft(id, Some(calendar.clone()), *datetime)))
            }
            Self::Replace { id, calendar, datetime } => {
                ("PUT", order(id), Some(draft(&None, calendar.clone(), *datetime)))
            }
            Self::Remove(id) => ("DELETE", order(id), None),
            Self::Read(id) => ("GET", order(id), None),
            Self::List => ("GET", "/orders".to_owned(), None),
            Self::SetGap { calendar, gap } => {
                let draft = CalendarDraft { id: None, name: mark.name(), minimum_gap: Some(*gap) };
                ("PUT", format!("/calendars/{calendar}"), Some(json(&draft)))
            }
            Self::ReadCalendar(id) => ("GET", format!("/calendars/{id}"), None),
        };
        Http { method, path, body }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place { id: Some(id), calendar, datetime } => {
                write!(f, "place {id} in {calendar} at {datetime}")
            }
            Self::Place { id: None, calendar, datetime } => {
                write!(f, "place in {calendar} at {datetime}")
            }
            Self::Replace { id, calendar: Some(calendar), datetime } => {
                write!(f, "replace {id} in {calendar} at {datetime}")
            }
            Self::Replace { id, calendar: None, datetime } => {
                write!(f, "replace {id} at {datetime}")
            }
            Self::Remove(id) => write!(f, "remove {id}"),
            Self::Read(id) => write!(f, "read {id}"),
            Self::List => f.write_str("list"),
            Self::SetGap { calendar, gap } => write!(f, "set the gap of {calendar} to {gap}"),
            Self::ReadCalendar(id) => write!(f, "read calendar {id}"),
        }
    }
}

fn order(id: &OrderId) -> String {
    format!("/orders/{id}")
}

fn json(value: &impl serde::Serialize) -> String {
    // OK because drafts hold nothing that JSON cannot say.
    serde_json::to_string(value).expect("a draft is JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replacement_without_a_calendar_sends_none() {
        let request = Request::Replace {
            id: OrderId::new("a").unwrap(),
            calendar: None,
            datetime: "2030-01-01T00:00:00Z".parse().unwrap(),
        };
        let http = request.http(Mark(1234));
        assert_eq!((http.method, http.path.as_str()), ("PUT", "/orders/a"));
        assert_eq!(
            http.body.unwrap(),
            r#"{"datetime":"2030-01-01T00:00:00Z","totalfee":12.34,"services":[{"id":"survey"}]}"#
        );
    }
}
