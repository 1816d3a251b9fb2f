//! What is known of every request: its id, one line in the log when its response ends, and the cause when it failed.

mod logged_body;

use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError};
use log::Level;
use uuid::Uuid;

use self::logged_body::{Exchange, LoggedBody};
use crate::http::log_text::LogText;
use crate::problem::ProblemType;
use crate::problem::{PROBLEM_JSON, Problem};

/// Names a request, in what the client sends and in what it gets back.
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest request id that is taken over.
const MAX_REQUEST_ID: usize = 128;

/// Wraps the whole app: the first to see a request and the last to see its answer.
pub(crate) async fn log_request(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<LoggedBody>, Error> {
    let began = Instant::now();
    let id = request_id(request.headers());
    let mut response = as_problem(next.call(request).await?.map_into_boxed_body());
    if let Some(problem) = response.response().error().and_then(Error::as_error::<Problem>) {
        // OK because both kinds of request id are visible ASCII.
        log_cause(problem, id.to_str().expect("visible ASCII"));
    }
    response.headers_mut().insert(X_REQUEST_ID, id.clone());
    let exchange =
        Exchange { request: response.request().clone(), status: response.status(), began, id };
    Ok(response.map_body(|_, body| LoggedBody::new(body, exchange)))
}

/// The id that the client gave, if it is one to write into a log, or a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let given = headers.get(X_REQUEST_ID).filter(|given| {
        (1..=MAX_REQUEST_ID).contains(&given.len())
            && given.as_bytes().iter().all(u8::is_ascii_graphic)
    });
    given.cloned().unwrap_or_else(|| {
        let mut buffer = Uuid::encode_buffer();
        let text: &str = Uuid::now_v7().hyphenated().encode_lower(&mut buffer);
        // OK because a UUID is hexadecimal digits and hyphens.
        HeaderValue::from_str(text).expect("a UUID")
    })
}

fn log_cause(problem: &Problem, request_id: &str) {
    if let Some(cause) = problem.cause() {
        let level = match problem.status_code() {
            StatusCode::SERVICE_UNAVAILABLE => Level::Warn,
            _ => Level::Error,
        };
        let (problem, cause) = (problem.to_string(), cause.to_string());
        log::log!(level, "{}: {} {request_id}", LogText(&problem), LogText(&cause));
    }
}

/// Puts a problem in the place of an error that the framework answered in its own words.
fn as_problem(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let said = response.headers().get(CONTENT_TYPE);
    if !is_error || said.is_some_and(|said| said.as_bytes() == PROBLEM_JSON.as_bytes()) {
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
    fn check(given: &[u8], taken_over: bool) {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, HeaderValue::from_bytes(given).unwrap());
        assert_eq!(request_id(&headers).as_bytes() == given, taken_over);
    }

    #[test]
    fn a_request_id_is_taken_over_when_it_is_fit_for_a_log() {
        check(b"a", true);
        check(&[b'x'; 128], true);
        check(&[b'x'; 129], false);
        check(b"", false);
        check(b"two words", false);
        check("ä".as_bytes(), false);
    }

    #[test]
    fn without_a_request_id_there_is_a_new_one() {
        let made = || request_id(&HeaderMap::new());
        assert_ne!(made(), made());
    }
}
