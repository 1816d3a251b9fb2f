//! Responses of several resources: [`Json`], [`Created`], [`NoContent`].

use std::marker::PhantomData;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, mime};
use orders_core::StoreError;
use serde::Serialize;

use super::endpoint::Response;
use crate::openapi::{Header, Model, Operation};

/// The media type of JSON.
pub(crate) const JSON: &str = "application/json";

/// The header with the path of a new resource, or of another one to get instead.
pub(crate) const LOCATION: Header =
    Header::new("Location", "The path of the new resource, or of the one to get instead.", "^/");

/// The header of a response that has several representations.
pub(crate) const VARY: Header = Header::new("Vary", "What the response depends on.", "^Accept");

/// The header that says whether a response may be used again.
pub(crate) const CACHE_CONTROL: Header = Header::new(
    "Cache-Control",
    "`no-cache`: it is used again only after asking whether it is current. `no-store`: it is not used again.",
    "^no-(cache|store)$",
);

/// 200 with a value as JSON.
///
/// It is written where the value is read, on a database thread: the threads that serve the connections
/// have to stay free, most of all to answer 503 under load.
pub(crate) struct Json<T>(Vec<u8>, PhantomData<T>);

impl<T: Serialize> Json<T> {
    /// Writes the value as JSON.
    pub(crate) fn new(value: &T) -> Result<Self, StoreError> {
        let bytes = serde_json::to_vec(value).map_err(|error| StoreError::Bug(error.into()))?;
        Ok(Self(bytes, PhantomData))
    }
}

impl<T> Json<T> {
    /// Completes a response with the JSON as its body.
    pub(crate) fn complete(self, mut response: HttpResponseBuilder) -> HttpResponse {
        response.content_type(mime::APPLICATION_JSON).body(self.0)
    }
}

impl<T: Model> Response for Json<T> {
    fn respond(self, _: &HttpRequest) -> HttpResponse {
        self.complete(HttpResponse::Ok())
    }

    fn describe(operation: &mut Operation) {
        operation.resource::<T>(StatusCode::OK, "Success.", &[]);
    }
}

/// 201 with the path of a new resource, and the resource.
pub(crate) struct Created<T>(pub(crate) String, pub(crate) Json<T>);

impl<T: Model> Response for Created<T> {
    fn respond(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Created();
        response.insert_header(LOCATION.with(self.0));
        self.1.complete(response)
    }

    fn describe(operation: &mut Operation) {
        operation.resource::<T>(StatusCode::CREATED, "Created.", &[LOCATION]);
    }
}

/// 204.
pub(crate) struct NoContent;

impl Response for NoContent {
    fn respond(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::NoContent().finish()
    }

    fn describe(operation: &mut Operation) {
        operation.response(StatusCode::NO_CONTENT, "Done.", &[]);
    }
}
