//! Requests as HTTP messages: [`RequestMessage`].

use orders_core::{
    CalendarDraft, CalendarId, Metadata, MetadataKey, MetadataValue, OrderDraft, OrderId,
    OrderedServices, Reference, ServiceId,
};

use crate::history::OperationId;

use super::Request;

/// The services that orders contain.
pub const SERVICES: [&str; 4] = ["inspection", "repair", "survey", "training"];

/// The services in the order that an operation writes: one to four, which depend on its id.
#[must_use]
pub fn services_of(operation: OperationId) -> OrderedServices {
    let index = operation.0 as usize;
    let count = 1 + index / SERVICES.len() % SERVICES.len();
    let names = SERVICES.iter().cycle().skip(index % SERVICES.len()).take(count);
    // OK because an order may have one to four different services.
    let ids = names.map(|name| ServiceId::new(name).expect("an id"));
    OrderedServices::new(ids).expect("one to four services")
}

/// The reference of the order that an operation writes; every third one has none.
#[must_use]
pub fn reference_of(operation: OperationId) -> Option<Reference> {
    let is_set = !operation.0.is_multiple_of(3);
    // OK because letters and digits are a reference.
    is_set.then(|| Reference::new(format!("PO-{}", operation.0)).expect("a reference"))
}

/// The metadata of the order that an operation writes: no entries up to three, which depend on its id.
#[must_use]
pub fn metadata_of(operation: OperationId) -> Metadata {
    let entries = (0..operation.0 % 4).map(|n| {
        // OK because letters and digits are a key and a value.
        let key = MetadataKey::new(format!("key-{n}")).expect("a key");
        (key, MetadataValue::new(format!("{}", operation.0)).expect("a value"))
    });
    Metadata::new(entries.collect()).expect("few entries")
}

/// The method, path and body of a request.
pub(super) struct RequestMessage {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) body: Option<String>,
}

impl RequestMessage {
    /// The message for a request. Its body identifies the operation.
    pub(super) fn new(request: &Request, operation: OperationId) -> Self {
        let order_body = |id: &Option<OrderId>, calendar: Option<CalendarId>, datetime| {
            let id = id.clone();
            let (totalfee, services) = (operation.fee(), services_of(operation));
            let (reference, metadata) = (reference_of(operation), metadata_of(operation));
            json(&OrderDraft { id, calendar, datetime, totalfee, services, reference, metadata })
        };
        let (method, path, body) = match request {
            Request::Create { id, calendar, datetime } => {
                let body = order_body(id, Some(calendar.clone()), *datetime);
                ("POST", "/orders".to_owned(), Some(body))
            }
            Request::Replace { id, calendar, datetime } => {
                ("PUT", order_path(id), Some(order_body(&None, calendar.clone(), *datetime)))
            }
            Request::Delete(id) => ("DELETE", order_path(id), None),
            Request::Read(id) => ("GET", order_path(id), None),
            Request::List => ("GET", "/orders".to_owned(), None),
            Request::SetGap { calendar, gap } => {
                let name = operation.calendar_name();
                let draft = CalendarDraft { id: None, name, minimum_gap: Some(*gap) };
                ("PUT", format!("/calendars/{calendar}"), Some(json(&draft)))
            }
            Request::ReadCalendar(id) => ("GET", format!("/calendars/{id}"), None),
        };
        Self { method, path, body }
    }
}

fn order_path(id: &OrderId) -> String {
    format!("/orders/{id}")
}

fn json(value: &impl serde::Serialize) -> String {
    // OK because a draft contains only strings, numbers and lists.
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
        let message = RequestMessage::new(&request, OperationId(1234));
        assert_eq!((message.method, message.path.as_str()), ("PUT", "/orders/a"));
        assert_eq!(
            message.body.unwrap(),
            r#"{"datetime":"2030-01-01T00:00:00Z","totalfee":12.34,"services":[{"id":"survey"}],"reference":"PO-1234","metadata":{"key-0":"1234","key-1":"1234"}}"#
        );
    }
}
