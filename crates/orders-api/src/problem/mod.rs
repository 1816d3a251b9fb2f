//! The error of every handler, a problem as in RFC 9457: [`Problem`].

mod of_store;
mod problem_type;

use std::error::Error;
use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use actix_web::{HttpResponse, ResponseError};
use orders_core::{Client, Scope};
use serde::Serialize;
use serde_json::{Value, json};

pub(crate) use problem_type::ProblemType;

use crate::access::WINDOW;
use crate::openapi::Header;

/// The media type of every error.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// The header of `unavailable` and `too-many-requests`.
pub(crate) const RETRY_AFTER: Header =
    Header::new("Retry-After", "After how many seconds to try again.", r"^\d+$");

/// The header of `authentication-required` and `not-permitted` (RFC 6750).
pub(crate) const WWW_AUTHENTICATE: Header = Header::new(
    "WWW-Authenticate",
    "How to authenticate, and what was wrong with the credentials.",
    "^Bearer realm=\"orders\"",
);

/// The headers of `too-many-requests` (draft-ietf-httpapi-ratelimit-headers).
pub(crate) const RATE_LIMIT_POLICY: Header = Header::new(
    "RateLimit-Policy",
    "How many requests (`q`) the client may send in a time (`w`, in seconds).",
    r#"^"client";q=\d+;w=\d+$"#,
);
pub(crate) const RATE_LIMIT: Header = Header::new(
    "RateLimit",
    "How many requests (`r`) the client may send now, and after how many seconds (`t`) it may send more.",
    r#"^"client";r=\d+;t=\d+$"#,
);

const RETRY_AFTER_SECONDS: u32 = 1;

/// The most field errors in one response.
pub(crate) const MAX_FIELD_ERRORS: usize = 100;

/// Why a request failed.
#[derive(Debug)]
pub struct Problem {
    problem_type: ProblemType,
    detail: String,
    /// The members of the body besides those that all problems have: an object, or null.
    members: Box<Value>,
    /// The headers of the response besides those that all problems of the type have.
    headers: Vec<(&'static str, HeaderValue)>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

/// One field that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Where the field is, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

/// The body of the response.
#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(flatten)]
    members: &'a Value,
}

impl Problem {
    /// A problem of this type, with a detail for the client.
    pub(crate) fn new(problem_type: ProblemType, detail: impl Into<String>) -> Self {
        Self {
            problem_type,
            detail: detail.into(),
            members: Box::default(),
            headers: Vec::new(),
            cause: None,
        }
    }

    /// The request cannot be read at all.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(ProblemType::MalformedRequest, detail)
    }

    /// The path, or what it names, does not exist.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(ProblemType::NotFound, detail)
    }

    /// The path has other methods.
    pub(crate) fn method_not_allowed(method: &str, allow: HeaderValue) -> Self {
        let detail = format!("{method} is not possible here");
        Self::new(ProblemType::MethodNotAllowed, detail).with_header(("Allow", allow))
    }

    /// Fields break rules; there is at least one error.
    pub(crate) fn invalid(mut errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [only] if only.pointer.is_empty() => only.detail.clone(),
            [only] => format!("{}: {}", only.pointer, only.detail),
            several if several.len() > MAX_FIELD_ERRORS => format!(
                "{} fields break a rule; the first {MAX_FIELD_ERRORS} are listed",
                several.len()
            ),
            several => format!("{} fields break a rule", several.len()),
        };
        errors.truncate(MAX_FIELD_ERRORS);
        Self::new(ProblemType::InvalidRequest, detail).with(json!({ "errors": errors }))
    }

    /// The request needs credentials and has none.
    pub(crate) fn authentication_required(detail: impl Into<String>) -> Self {
        Self::new(ProblemType::AuthenticationRequired, detail).challenge("")
    }

    /// The credentials are not those of a client.
    pub(crate) fn invalid_credentials(detail: impl Into<String>) -> Self {
        Self::new(ProblemType::AuthenticationRequired, detail)
            .challenge(", error=\"invalid_token\"")
    }

    /// The client has a lower scope than the request needs.
    pub(crate) fn insufficient_scope(client: &Client, needed: Scope) -> Self {
        let detail = format!("client {} has the scope {}, not {needed}", client.id, client.scope);
        Self::new(ProblemType::NotPermitted, detail)
            .challenge(&format!(", error=\"insufficient_scope\", scope=\"{needed}\""))
    }

    /// Webhooks are only for clients that may use all calendars.
    pub(crate) fn restricted_client(client: &Client) -> Self {
        let detail = format!(
            "client {} is restricted to some calendars; webhooks are for clients that may use all",
            client.id
        );
        Self::new(ProblemType::NotPermitted, detail).challenge(", error=\"insufficient_scope\"")
    }

    /// Nobody may do this as the service is configured.
    pub(crate) fn not_permitted(detail: impl Into<String>) -> Self {
        Self::new(ProblemType::NotPermitted, detail).challenge("")
    }

    /// The client exceeded its rate, which is in requests per [`WINDOW`].
    pub(crate) fn too_many_requests(rate: NonZeroU32, wait: Duration) -> Self {
        let (window, seconds) = (WINDOW.as_secs(), wait.as_secs_f64().ceil());
        let detail = format!("more than {rate} requests in {window} s; try again after {wait:.1?}");
        Self::new(ProblemType::TooManyRequests, detail)
            .with_header(RETRY_AFTER.with(text(&seconds.to_string())))
            .with_header(RATE_LIMIT_POLICY.with(text(&format!("\"client\";q={rate};w={window}"))))
            .with_header(RATE_LIMIT.with(text(&format!("\"client\";r=0;t={seconds}"))))
    }

    /// A later try may succeed.
    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(ProblemType::Unavailable, detail)
    }

    /// The last line of an import that ends before all lines were read.
    pub(crate) fn import_stopped(reason: &str) -> Self {
        let detail = format!("{reason}; the lines after those answered were not read");
        Self::new(ProblemType::ImportStopped, detail)
    }

    /// A bug of the service; the client does not learn the cause.
    pub(crate) fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(ProblemType::InternalError, "the service failed; its log has the cause")
            .with_source(cause)
    }

    /// Keeps the cause for the log; it is never sent.
    pub(crate) fn with_source(self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    /// The type of the problem.
    pub(crate) fn problem_type(&self) -> ProblemType {
        self.problem_type
    }

    /// The cause, for the log only.
    pub(crate) fn cause(&self) -> Option<&(dyn Error + Send + Sync)> {
        self.cause.as_deref()
    }

    /// The body of the response.
    pub(crate) fn document(&self) -> impl Serialize {
        Document {
            r#type: self.problem_type.path(),
            title: self.problem_type.title(),
            status: self.problem_type.status().as_u16(),
            detail: &self.detail,
            members: &self.members,
        }
    }

    fn with(self, members: Value) -> Self {
        Self { members: Box::new(members), ..self }
    }

    fn with_header(mut self, header: (&'static str, HeaderValue)) -> Self {
        self.headers.push(header);
        self
    }

    /// Adds the header that says how to authenticate, with these parameters.
    fn challenge(self, parameters: &str) -> Self {
        self.with_header(
            WWW_AUTHENTICATE.with(text(&format!("Bearer realm=\"orders\"{parameters}"))),
        )
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.problem_type.name(), self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.problem_type.status()
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::build(self.problem_type.status());
        response.content_type(PROBLEM_JSON);
        if self.problem_type == ProblemType::Unavailable {
            response.insert_header(RETRY_AFTER.with(RETRY_AFTER_SECONDS));
        }
        for (name, value) in &self.headers {
            response.insert_header((*name, value.clone()));
        }
        response.json(self.document())
    }
}

/// OK because the headers of problems are visible ASCII.
fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).expect("visible ASCII")
}

#[cfg(test)]
mod tests {
    use actix_web::body::MessageBody as _;
    use orders_core::StoreError;

    use super::*;

    /// The body of the response.
    pub(super) fn document(problem: &Problem) -> Value {
        let body = problem.error_response().into_body().try_into_bytes().unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    #[test]
    fn causes_are_never_sent() {
        for error in
            [StoreError::Unavailable("10.0.0.7 said no".into()), StoreError::Bug("10.0.0.7".into())]
        {
            let problem = Problem::from(error);
            assert!(problem.cause().is_some());
            assert!(!document(&problem).to_string().contains("10.0.0.7"));
        }
    }

    #[test]
    fn unavailable_says_when_to_try_again() {
        let response = Problem::unavailable("busy").error_response();
        assert_eq!(response.headers().get("Retry-After").unwrap(), "1");
    }
}
