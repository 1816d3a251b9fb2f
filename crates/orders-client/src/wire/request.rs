//! How requests are built: [`request`], [`Query`].

use std::fmt::Display;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, IF_MATCH};
use http::{Method, Uri};
use serde::Serialize;

use super::Request;

pub(super) const JSON: &str = "application/json";
pub(super) const MERGE_PATCH: &str = "application/merge-patch+json";
pub(super) const NDJSON: &str = "application/x-ndjson";

/// A request without a body.
pub(super) fn request(method: Method, target: impl AsRef<str>) -> Request {
    request_to(method, uri(target.as_ref()))
}

/// The same, to a target that is a URI already.
pub(super) fn request_to(method: Method, target: Uri) -> Request {
    let mut request = Request::default();
    *request.method_mut() = method;
    *request.uri_mut() = target;
    accept(&mut request, JSON);
    request
}

/// The media type that the response should have.
pub(super) fn accept(request: &mut Request, media_type: &'static str) {
    request.headers_mut().insert(ACCEPT, http::HeaderValue::from_static(media_type));
}

/// Adds a body.
pub(super) fn with_body(
    mut request: Request,
    media_type: &'static str,
    body: &impl Serialize,
) -> Request {
    request.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(media_type));
    // OK because drafts and patches contain only texts, numbers, lists and objects.
    *request.body_mut() = Bytes::from(serde_json::to_vec(body).expect("a draft is JSON"));
    request
}

/// Adds the condition that the order has this version.
pub(super) fn if_version(request: &mut Request, version: Option<u64>) {
    if let Some(version) = version {
        let tag = format!("\"{version}\"");
        // OK because digits and quotes are visible ASCII.
        request.headers_mut().insert(IF_MATCH, tag.parse().expect("an entity tag"));
    }
}

/// OK because ids need no escapes in a path, and queries are escaped.
pub(super) fn uri(target: &str) -> Uri {
    target.parse().expect("a path with a query")
}

/// A path with query parameters.
pub(super) struct Query(String);

impl Query {
    pub(super) fn new(path: impl Into<String>) -> Self {
        Self(path.into())
    }

    /// Adds a parameter if it has a value.
    pub(super) fn with(mut self, name: &str, value: Option<impl Display>) -> Self {
        if let Some(value) = value {
            self.0.push(if self.0.contains('?') { '&' } else { '?' });
            self.0 += name;
            self.0.push('=');
            self.0.extend(url::form_urlencoded::byte_serialize(value.to_string().as_bytes()));
        }
        self
    }

    /// Adds `dry_run=true`.
    pub(super) fn dry_run(self, is_dry_run: bool) -> Self {
        self.with("dry_run", is_dry_run.then_some(true))
    }
}

impl AsRef<str> for Query {
    fn as_ref(&self) -> &str {
        &self.0
    }
}
