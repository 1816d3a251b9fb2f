//! Which outcome a response is, according to the contract: [`Outcome::of_response`].

use orders_core::{Order, TooClose};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Failure, Outcome, Request};

/// The parts of a response that the contract says something about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) etag: Option<String>,
    pub(crate) link: Option<String>,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: String,
}

/// Why a response is not allowed.
pub(super) type Invalid = String;

impl Outcome {
    /// Classifies the response to a request; it is [`Failure::Invalid`] if the contract does not
    /// allow it.
    pub(super) fn of_response(request: &Request, response: &Response) -> Self {
        classify(request, response).unwrap_or_else(|cause| Self::Failed(response.invalid(&cause)))
    }
}

fn classify(request: &Request, response: &Response) -> Result<Outcome, Invalid> {
    match (request, response.status) {
        (Request::Create { .. }, 201) => {
            let order: Order = response.json("application/json")?;
            if response.location.as_deref() != Some(&format!("/orders/{}", order.id)) {
                return Err(format!("Location {:?} is not the order's", response.location));
            }
            response.require_strong_etag()?;
            Ok(Outcome::Order(order))
        }
        (Request::Replace { .. } | Request::Read(_), 200) => {
            response.require_strong_etag()?;
            response.json("application/json").map(Outcome::Order)
        }
        (Request::List, 200) => response.json("application/json").map(Outcome::Orders),
        (Request::SetGap { .. } | Request::ReadCalendar(_), 200) => {
            response.json("application/json").map(Outcome::Calendar)
        }
        (Request::Delete(_), 204) if response.body.is_empty() => Ok(Outcome::Deleted),
        (_, 400..) => classify_problem(request, response),
        _ => Err("a response that the contract does not allow here".to_owned()),
    }
}

fn classify_problem(request: &Request, response: &Response) -> Result<Outcome, Invalid> {
    #[derive(Deserialize)]
    struct Problem {
        r#type: String,
        status: u16,
    }
    #[derive(Deserialize)]
    struct GapTooWide {
        too_close: Vec<TooClose>,
    }

    let problem: Problem = response.json("application/problem+json")?;
    if problem.status != response.status {
        return Err(format!("the problem has the status {}", problem.status));
    }
    let slug = problem.r#type.strip_prefix("/problems/").unwrap_or_default();
    match (request, response.status, slug) {
        (Request::Replace { .. } | Request::Delete(_) | Request::Read(_), 404, "not-found") => {
            Ok(Outcome::NotFound)
        }
        (Request::Create { id: Some(_), .. }, 409, "id-taken") => Ok(Outcome::IdTaken),
        (Request::Create { .. } | Request::Replace { .. }, 409, "order-conflict") => {
            response.json("application/problem+json").map(Outcome::OrderConflict)
        }
        (Request::SetGap { .. }, 409, "gap-too-wide") => {
            let GapTooWide { too_close } = response.json("application/problem+json")?;
            Ok(Outcome::GapTooWide(too_close))
        }
        (_, 503, "unavailable") if response.retry_after.is_some() => {
            Ok(Outcome::Failed(Failure::Unavailable))
        }
        (_, 503, "unavailable") => Err("Retry-After is missing".to_owned()),
        _ => Err("a problem that the contract does not allow here".to_owned()),
    }
}

impl Response {
    /// The response if its status is 200. Like a list, a read of the feed may only fail with 503.
    pub(super) fn succeeded(self) -> Result<Self, Failure> {
        if self.status == 200 {
            return Ok(self);
        }
        Err(match Outcome::of_response(&Request::List, &self) {
            Outcome::Failed(failure) => failure,
            _ => self.invalid("a response that the contract does not allow here"),
        })
    }

    fn invalid(&self, cause: &str) -> Failure {
        Failure::Invalid(format!("{cause}: status {}, body {}", self.status, self.body))
    }

    pub(super) fn json<T: DeserializeOwned>(&self, content_type: &str) -> Result<T, Invalid> {
        self.require_content_type(content_type)?;
        serde_json::from_str(&self.body).map_err(|error| format!("a malformed body, {error}"))
    }

    pub(super) fn require_content_type(&self, content_type: &str) -> Result<(), Invalid> {
        let actual = self.content_type.as_deref().and_then(|value| value.split(';').next());
        match actual == Some(content_type) {
            true => Ok(()),
            false => Err(format!("Content-Type {:?} is wrong", self.content_type)),
        }
    }

    fn require_strong_etag(&self) -> Result<(), Invalid> {
        match self.etag.as_deref() {
            Some(etag) if etag.len() > 2 && etag.starts_with('"') && etag.ends_with('"') => Ok(()),
            other => Err(format!("ETag {other:?} is not a strong one")),
        }
    }
}

#[cfg(test)]
mod tests {
    use orders_core::{CalendarId, OrderId};

    use super::*;

    fn create(id: Option<&str>) -> Request {
        Request::Create {
            id: id.map(|id| OrderId::new(id).unwrap()),
            calendar: CalendarId::default(),
            datetime: "2030-01-01T00:00:00Z".parse().unwrap(),
        }
    }

    fn problem(status: u16, slug: &str) -> Response {
        Response {
            status,
            content_type: Some("application/problem+json".to_owned()),
            retry_after: (status == 503).then(|| "1".to_owned()),
            body: format!(r#"{{"type":"/problems/{slug}","status":{status}}}"#),
            ..Response::default()
        }
    }

    #[track_caller]
    fn check(request: &Request, response: &Response, kind: &str) {
        assert_eq!(Outcome::of_response(request, response).kind(), kind);
    }

    #[test]
    fn every_request_has_its_own_allowed_problems() {
        let read = Request::Read(OrderId::new("a").unwrap());
        check(&create(Some("a")), &problem(409, "id-taken"), "id-taken");
        check(&create(None), &problem(409, "id-taken"), "INVALID");
        check(&create(None), &problem(404, "not-found"), "INVALID");
        check(&read, &problem(404, "not-found"), "not-found");
        check(&read, &problem(409, "id-taken"), "INVALID");
        check(&Request::List, &problem(404, "not-found"), "INVALID");
        check(&Request::ReadCalendar(CalendarId::default()), &problem(404, "not-found"), "INVALID");
        check(&read, &problem(500, "internal-error"), "INVALID");
        check(&read, &problem(422, "invalid-request"), "INVALID");
        check(&read, &problem(503, "unavailable"), "unavailable");
        check(&read, &Response { retry_after: None, ..problem(503, "unavailable") }, "INVALID");
        check(&read, &Response { status: 503, ..problem(404, "not-found") }, "INVALID");
        check(&read, &Response { content_type: None, ..problem(404, "not-found") }, "INVALID");
        check(&create(None), &problem(409, "order-conflict"), "INVALID");
    }

    #[test]
    fn an_order_is_allowed_with_its_headers_and_all_of_its_fields() {
        let body = r#"{"id":"a","calendar":"default","datetime":"2030-01-01T00:00:00Z","totalfee":1.5,
            "services":[{"id":"repair"}],"version":1,"created_at":"2029-01-01T00:00:00Z",
            "updated_at":"2029-01-01T00:00:00Z"}"#;
        let good = Response {
            status: 201,
            content_type: Some("application/json".to_owned()),
            location: Some("/orders/a".to_owned()),
            etag: Some("\"1\"".to_owned()),
            body: body.to_owned(),
            ..Response::default()
        };
        let with_body = |body: String| Response { body, ..good.clone() };
        check(&create(None), &good, "ok");
        check(&create(None), &Response { status: 200, ..good.clone() }, "INVALID");
        check(&create(None), &Response { location: None, ..good.clone() }, "INVALID");
        let weak = Some("W/\"1\"".to_owned());
        check(&create(None), &Response { etag: weak, ..good.clone() }, "INVALID");
        check(&create(None), &with_body(body.replace("version", "v")), "INVALID");
        check(&create(None), &with_body(body[..30].to_owned()), "INVALID");
    }

    #[test]
    fn the_response_to_a_deletion_has_no_body() {
        let delete = Request::Delete(OrderId::new("a").unwrap());
        let response = Response { status: 204, ..Response::default() };
        check(&delete, &response, "ok");
        check(&delete, &Response { body: "{}".to_owned(), ..response.clone() }, "INVALID");
        check(&delete, &Response { status: 200, ..response }, "INVALID");
    }
}
