//! How responses are read: [`Failure`], [`Unexpected`].

use std::time::Duration;

use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use serde::de::DeserializeOwned;

use super::request::JSON;
use super::{Problem, Response};

/// The longest body that a client needs to read at once, in bytes: a page of 1000 large orders.
pub const MAX_BODY: usize = 16 << 20;

/// Why a response does not contain what was requested.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// The service says why.
    #[error(transparent)]
    Problem(Problem),
    /// The response is not one of the service.
    #[error(transparent)]
    Unexpected(Unexpected),
}

/// A response that the orders service does not give: another server answered, or another version of the service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a response with the status {status} that the orders service does not give: {what}")]
pub struct Unexpected {
    /// The status of the response.
    pub status: StatusCode,
    /// What is unexpected.
    pub what: String,
    /// When to try again, if the response says so.
    pub retry_after: Option<Duration>,
}

impl Failure {
    /// Why a response with another status than expected has it.
    #[must_use]
    pub fn of(response: &Response) -> Self {
        let status = response.status();
        match status.is_client_error() || status.is_server_error() {
            true => Problem::read(response).map_or_else(Self::Unexpected, Self::Problem),
            false => Self::unexpected(response, "the status does not belong to this request"),
        }
    }

    pub(super) fn unexpected(response: &Response, what: impl Into<String>) -> Self {
        Self::Unexpected(Unexpected::new(response, what))
    }
}

impl Unexpected {
    pub(crate) fn new<B>(response: &http::Response<B>, what: impl Into<String>) -> Self {
        let retry_after = retry_after(response.headers());
        Self { status: response.status(), what: what.into(), retry_after }
    }
}

/// The time in `Retry-After`, which the service writes in seconds.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Whether the body has this media type, with or without parameters.
pub(super) fn is(headers: &HeaderMap, media_type: &str) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(media_type)
}

/// The JSON in a response with one of these statuses.
pub(super) fn json<T: DeserializeOwned>(
    response: &Response,
    statuses: &[StatusCode],
) -> Result<T, Failure> {
    if !statuses.contains(&response.status()) {
        return Err(Failure::of(response));
    }
    if !is(response.headers(), JSON) {
        return Err(Failure::unexpected(response, "the body is not declared as JSON"));
    }
    let read = serde_json::from_slice(response.body());
    read.map_err(|error| Failure::unexpected(response, format!("the body is malformed, {error}")))
}

/// Checks that the response has no content.
pub(super) fn no_content(response: &Response) -> Result<(), Failure> {
    match response.status() {
        StatusCode::NO_CONTENT => Ok(()),
        _ => Err(Failure::of(response)),
    }
}
