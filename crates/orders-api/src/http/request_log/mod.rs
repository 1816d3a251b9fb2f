//! The log of requests: each has an id, gets one line when its response ends, and a line with the cause if it failed.

mod logged_body;

use std::rc::Rc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError};
use log::Level;
use uuid::{Builder, Uuid};

use self::logged_body::{LoggedBody, LoggedRequest};
use crate::http::log_text::{LogText, has_secret};
use crate::http::unread_body::UnreadBody;
use crate::metrics::ActiveRequest;
use crate::problem::{PROBLEM_JSON, Problem, ProblemType};
use crate::server::{Activity, Answering};
use crate::shutdown::Shutdown;

/// The id of a request, in the request and in its response.
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Browsers must not guess another type than the response says: parts of it come from clients.
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// The longest request id that is accepted from a client, in bytes.
const MAX_REQUEST_ID: usize = 128;

/// The outermost middleware: gives the request its id, logs and counts it, and sets the headers that every response has.
pub(crate) async fn log_request(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<LoggedBody>, Error> {
    let start = Instant::now();
    let active = ActiveRequest::new(&request);
    let answering = request.conn_data::<Rc<Activity>>().map(Answering::on);
    let id = request_id(request.headers());
    let unread = UnreadBody::of(&mut request);
    let mut response = as_problem(next.call(request).await?.map_into_boxed_body());
    if let Some(problem) = response.response().error().and_then(Error::as_error::<Problem>) {
        active.has(problem.problem_type());
        log_cause(problem, as_text(&id));
    }
    if Shutdown::of(response.request()).is_draining() {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    let headers = response.headers_mut();
    headers.insert(X_REQUEST_ID, id.clone());
    headers.insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
    let request = LoggedRequest {
        request: response.request().clone(),
        status: response.status(),
        start,
        id,
        active,
    };
    Ok(response.map_body(|_, body| LoggedBody::new(body, request, unread, answering)))
}

/// The client's id if it can be written to the log and is not a secret, or else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let given = headers.get(X_REQUEST_ID).filter(|given| {
        (1..=MAX_REQUEST_ID).contains(&given.len())
            && given.as_bytes().iter().all(u8::is_ascii_graphic)
            && !has_secret(as_text(given))
    });
    // OK because a UUID consists of hexadecimal digits and hyphens.
    given.cloned().unwrap_or_else(|| HeaderValue::from_str(&new_id().to_string()).expect("a UUID"))
}

/// A UUIDv7. Nobody has to guess it, so its random bits do not come from the system, which would be a call for each request.
fn new_id() -> Uuid {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut random = [0; 10];
    fastrand::fill(&mut random);
    Builder::from_unix_timestamp_millis(since_1970.as_millis() as u64, &random).into_uuid()
}

/// OK because [`request_id`] returns visible ASCII.
fn as_text(request_id: &HeaderValue) -> &str {
    request_id.to_str().expect("visible ASCII")
}

fn log_cause(problem: &Problem, request_id: &str) {
    if let Some(cause) = problem.cause() {
        let level = match problem.status_code() {
            StatusCode::SERVICE_UNAVAILABLE => Level::Warn,
            _ => Level::Error,
        };
        let (problem, cause) = (problem.to_string(), cause.to_string());
        let (problem, cause) = (LogText(&problem), LogText(&cause));
        log::log!(level, request_id; "{problem}: {cause} {request_id}");
    }
}

/// Replaces an error response of the framework by a problem.
fn as_problem(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let content_type = response.headers().get(CONTENT_TYPE);
    let is_problem = content_type.is_some_and(|value| value.as_bytes() == PROBLEM_JSON.as_bytes());
    if !is_error || is_problem {
        return response;
    }
    let problem_type = ProblemType::ALL
        .into_iter()
        .find(|problem_type| problem_type.status() == status)
        .unwrap_or(if status.is_client_error() {
            ProblemType::MalformedRequest
        } else {
            ProblemType::InternalError
        });
    let problem = Problem::new(problem_type, problem_type.meaning());
    let problem = match response.response().error() {
        Some(error) => problem.with_source(error.to_string()),
        None => problem,
    };
    response.into_response(actix_web::HttpResponse::from_error(problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(given: &[u8], accepted: bool) {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, HeaderValue::from_bytes(given).unwrap());
        assert_eq!(request_id(&headers).as_bytes() == given, accepted);
    }

    #[test]
    fn a_request_id_is_accepted_if_it_can_be_logged() {
        check(b"a", true);
        check(&[b'x'; 128], true);
        check(&[b'x'; 129], false);
        check(b"", false);
        check(b"two words", false);
        check("ä".as_bytes(), false);
    }

    #[test]
    fn without_a_request_id_there_is_a_new_one() {
        let new_id = || request_id(&HeaderMap::new());
        assert_ne!(new_id(), new_id());
    }
}
