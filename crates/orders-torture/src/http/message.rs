//! The messages of a request: [`Message`].

use http::header::{ETAG, LOCATION};
use orders_client::wire::{
    self, CreateOrder, DeleteOrder, Failure as WireFailure, GetCalendar, GetOrder, GetPage,
    Operation, Page, Problem, ReplaceCalendar, ReplaceOrder, Response,
};
use orders_core::{
    CalendarDraft, CalendarId, Direction, Order, OrderDraft, OrderFilter, OrderId, Timestamp,
};

use super::{Failure, Outcome, Request, metadata_of, reference_of, services_of};
use crate::history::OperationId;

/// The most orders in a list.
const LIMIT: usize = 100;

/// A request as the service gets it. Its body identifies the operation.
pub(super) enum Message {
    Create(CreateOrder),
    Replace(ReplaceOrder),
    Delete(DeleteOrder),
    Read(GetOrder),
    List(GetPage<Order>),
    SetGap(ReplaceCalendar),
    ReadCalendar(GetCalendar),
}

/// Why a response is not allowed.
pub(super) type Invalid = String;

impl Message {
    /// The message for a request.
    pub(super) fn new(request: &Request, operation: OperationId) -> Self {
        match request {
            Request::Create { id, calendar, datetime } => {
                let draft = draft(id.clone(), Some(calendar.clone()), *datetime, operation);
                Self::Create(CreateOrder::new(&draft))
            }
            Request::Replace { id, calendar, datetime } => {
                let draft = draft(None, calendar.clone(), *datetime, operation);
                Self::Replace(ReplaceOrder::new(id, &draft))
            }
            Request::Delete(id) => Self::Delete(DeleteOrder::new(id)),
            Request::Read(id) => Self::Read(GetOrder::new(id)),
            Request::List => {
                let all = OrderFilter::default();
                Self::List(GetPage::orders(&all, Direction::Ascending, LIMIT))
            }
            Request::SetGap { calendar, gap } => {
                let name = operation.calendar_name();
                let draft = CalendarDraft { id: None, name, minimum_gap: Some(*gap) };
                Self::SetGap(ReplaceCalendar { id: calendar.clone(), draft })
            }
            Request::ReadCalendar(id) => Self::ReadCalendar(GetCalendar { id: id.clone() }),
        }
    }

    /// The request.
    pub(super) fn request(&self) -> wire::Request {
        match self {
            Self::Create(create) => create.request(),
            Self::Replace(replace) => replace.request(),
            Self::Delete(delete) => delete.request(),
            Self::Read(get) => get.request(),
            Self::List(list) => list.request(),
            Self::SetGap(replace) => replace.request(),
            Self::ReadCalendar(get) => get.request(),
        }
    }

    /// Classifies the response; it is [`Failure::Invalid`] if the contract does not allow it.
    pub(super) fn outcome(&self, response: &Response) -> Outcome {
        self.classify(response).unwrap_or_else(|cause| Outcome::Failed(invalid(response, &cause)))
    }

    fn classify(&self, response: &Response) -> Result<Outcome, Invalid> {
        let read = match self {
            Self::Create(create) => create.read(response).map(Outcome::Order),
            Self::Replace(replace) => replace.read(response).map(Outcome::Order),
            Self::Delete(delete) => delete.read(response).map(|()| Outcome::Deleted),
            Self::Read(get) => get.read(response).map(Outcome::Order),
            Self::List(list) => {
                list.read(response).map(|Page { items, .. }| Outcome::Orders(items))
            }
            Self::SetGap(replace) => replace.read(response).map(Outcome::Calendar),
            Self::ReadCalendar(get) => get.read(response).map(Outcome::Calendar),
        };
        match read {
            Ok(outcome) => {
                self.check_head(response, &outcome)?;
                Ok(outcome)
            }
            Err(WireFailure::Problem(problem)) => self.classify_problem(&problem),
            Err(WireFailure::Unexpected(unexpected)) => Err(unexpected.to_string()),
        }
    }

    /// Checks what clients may rely on besides the body.
    fn check_head(&self, response: &Response, outcome: &Outcome) -> Result<(), Invalid> {
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        if let Outcome::Order(order) = outcome {
            let (location, etag) = (header(LOCATION), header(ETAG));
            if matches!(self, Self::Create(_)) && location != Some(&format!("/orders/{}", order.id))
            {
                return Err(format!("Location {location:?} is not the order's"));
            }
            if etag != Some(&format!("\"{}\"", order.version)) {
                return Err(format!("ETag {etag:?} is not that of the version"));
            }
        }
        match outcome == &Outcome::Deleted && !response.body().is_empty() {
            true => Err("there is a body".to_owned()),
            false => Ok(()),
        }
    }

    fn classify_problem(&self, problem: &Problem) -> Result<Outcome, Invalid> {
        let not_allowed = || "a problem that the contract does not allow here".to_owned();
        match (self, problem.status(), problem.slug()) {
            (Self::Replace(_) | Self::Delete(_) | Self::Read(_), 404, "not-found") => {
                Ok(Outcome::NotFound)
            }
            (Self::Create(create), 409, "id-taken") if create.draft.id.is_some() => {
                Ok(Outcome::IdTaken)
            }
            (
                Self::Create(CreateOrder { draft, .. }) | Self::Replace(ReplaceOrder { draft, .. }),
                409,
                "order-conflict",
            ) => {
                let conflict = problem.conflict(draft.datetime);
                conflict.map(Outcome::OrderConflict).ok_or_else(not_allowed)
            }
            (Self::SetGap(_), 409, "gap-too-wide") => {
                let gap = problem.gap_too_wide();
                gap.map(|gap| Outcome::GapTooWide(gap.too_close)).ok_or_else(not_allowed)
            }
            (_, 503, "unavailable") => {
                unavailable(problem).map(Outcome::Failed).ok_or_else(not_allowed)
            }
            _ => Err(not_allowed()),
        }
    }
}

/// The failure of a request to which the service answers that it cannot now. It says when to try again.
fn unavailable(problem: &Problem) -> Option<Failure> {
    let is_unavailable = (problem.status(), problem.slug()) == (503, "unavailable");
    (is_unavailable && problem.retry_after().is_some()).then_some(Failure::Unavailable)
}

/// The failure of a read of the feed, which may only fail with 503.
pub(super) fn failure(response: &Response) -> Failure {
    match WireFailure::of(response) {
        WireFailure::Problem(problem) => unavailable(&problem).unwrap_or_else(|| {
            invalid(response, "a problem that the contract does not allow here")
        }),
        WireFailure::Unexpected(unexpected) => invalid(response, &unexpected.to_string()),
    }
}

/// The failure of a request whose response is not allowed.
pub(super) fn invalid(response: &Response, cause: &str) -> Failure {
    let (status, body) = (response.status(), String::from_utf8_lossy(response.body()));
    Failure::Invalid(format!("{cause}: status {status}, body {body}"))
}

fn draft(
    id: Option<OrderId>,
    calendar: Option<CalendarId>,
    datetime: Timestamp,
    operation: OperationId,
) -> OrderDraft {
    OrderDraft {
        id,
        calendar,
        reference: reference_of(operation),
        metadata: metadata_of(operation),
        ..OrderDraft::new(datetime, operation.fee(), services_of(operation))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn message(request: &Request) -> Message {
        Message::new(request, OperationId(1234))
    }

    fn create(id: Option<&str>) -> Message {
        message(&Request::Create {
            id: id.map(|id| OrderId::new(id).unwrap()),
            calendar: CalendarId::default(),
            datetime: "2030-01-01T00:00:00Z".parse().unwrap(),
        })
    }

    fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        let mut response = http::Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        response.body(Bytes::from(body.to_owned())).unwrap()
    }

    const PROBLEM: (&str, &str) = ("content-type", "application/problem+json");
    const JSON: (&str, &str) = ("content-type", "application/json");
    const RETRY_AFTER: (&str, &str) = ("retry-after", "1");

    fn document(status: u16, slug: &str) -> String {
        format!(r#"{{"type":"/problems/{slug}","title":"t","status":{status},"detail":"d"}}"#)
    }

    #[track_caller]
    fn check(message: &Message, response: &Response, kind: &str) {
        assert_eq!(message.outcome(response).kind(), kind);
    }

    #[test]
    fn a_replacement_without_a_calendar_sends_none() {
        let request = Request::Replace {
            id: OrderId::new("a").unwrap(),
            calendar: None,
            datetime: "2030-01-01T00:00:00Z".parse().unwrap(),
        };
        let request = message(&request).request();
        assert_eq!((request.method().as_str(), request.uri().path()), ("PUT", "/orders/a"));
        assert_eq!(
            request.body(),
            r#"{"datetime":"2030-01-01T00:00:00Z","totalfee":12.34,"services":[{"id":"survey"}],"reference":"PO-1234","metadata":{"key-0":"1234","key-1":"1234"}}"#
        );
    }

    #[test]
    fn every_request_has_its_own_allowed_problems() {
        let problem = |status, slug| response(status, &[PROBLEM], &document(status, slug));
        let read = message(&Request::Read(OrderId::new("a").unwrap()));
        let read_calendar = message(&Request::ReadCalendar(CalendarId::default()));
        let list = message(&Request::List);
        check(&create(Some("a")), &problem(409, "id-taken"), "id-taken");
        check(&create(None), &problem(409, "id-taken"), "INVALID");
        check(&create(None), &problem(404, "not-found"), "INVALID");
        check(&read, &problem(404, "not-found"), "not-found");
        check(&read, &problem(409, "id-taken"), "INVALID");
        check(&list, &problem(404, "not-found"), "INVALID");
        check(&read_calendar, &problem(404, "not-found"), "INVALID");
        check(&read, &problem(500, "internal-error"), "INVALID");
        check(&read, &problem(422, "invalid-request"), "INVALID");
        let unavailable = document(503, "unavailable");
        check(&read, &response(503, &[PROBLEM, RETRY_AFTER], &unavailable), "unavailable");
        check(&read, &response(503, &[PROBLEM], &unavailable), "INVALID");
        check(&read, &response(503, &[PROBLEM], &document(404, "not-found")), "INVALID");
        check(&read, &response(404, &[], &document(404, "not-found")), "INVALID");
        check(&create(None), &problem(409, "order-conflict"), "INVALID");
    }

    #[test]
    fn an_order_is_allowed_with_its_headers_and_all_of_its_fields() {
        let body = r#"{"id":"a","calendar":"default","datetime":"2030-01-01T00:00:00Z","totalfee":1.5,
            "services":[{"id":"repair"}],"version":1,"created_at":"2029-01-01T00:00:00Z",
            "updated_at":"2029-01-01T00:00:00Z"}"#;
        let (location, etag) = (("location", "/orders/a"), ("etag", "\"1\""));
        let headers = [JSON, location, etag];
        check(&create(None), &response(201, &headers, body), "ok");
        check(&create(None), &response(200, &headers, body), "INVALID");
        check(&create(None), &response(201, &[JSON, etag], body), "INVALID");
        for etag in ["W/\"1\"", "1", "\"2\""] {
            let headers = [JSON, location, ("etag", etag)];
            check(&create(None), &response(201, &headers, body), "INVALID");
        }
        check(&create(None), &response(201, &headers, &body.replace("version", "v")), "INVALID");
        check(&create(None), &response(201, &headers, &body[..30]), "INVALID");
    }

    #[test]
    fn the_response_to_a_deletion_has_no_body() {
        let delete = message(&Request::Delete(OrderId::new("a").unwrap()));
        check(&delete, &response(204, &[], ""), "ok");
        check(&delete, &response(204, &[], "{}"), "INVALID");
        check(&delete, &response(200, &[], ""), "INVALID");
    }
}
