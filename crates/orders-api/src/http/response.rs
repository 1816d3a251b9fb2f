//! Responses that several resources have: [`Json`], [`Created`], [`NoContent`].

use std::marker::PhantomData;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, Responder, mime};
use orders_core::StoreError;
use serde::Serialize;

use crate::openapi::{Describe, Header, Model, Operation};

/// The media type of JSON.
pub(crate) const JSON: &str = "application/json";

/// 200 with a value as JSON.
///
/// It is written where the value is read, on a database thread: the threads that serve the connections
/// have to stay free, most of all to answer 503 under load.
pub(crate) struct Json<T> {
    bytes: Vec<u8>,
    model: PhantomData<T>,
}

impl<T: Serialize + Model> Json<T> {
    /// Writes the value as JSON.
    pub(crate) fn new(value: &T) -> Result<Self, StoreError> {
        match serde_json::to_vec(value) {
            Ok(bytes) => Ok(Self { bytes, model: PhantomData }),
            Err(error) => Err(StoreError::Bug(error.into())),
        }
    }
}

impl<T> Json<T> {
    /// Ends a response with the JSON as its body.
    pub(crate) fn end(self, mut response: HttpResponseBuilder) -> HttpResponse {
        response.content_type(mime::APPLICATION_JSON).body(self.bytes)
    }
}

impl<T> Responder for Json<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.end(HttpResponse::Ok())
    }
}

impl<T: Model> Describe for Json<T> {
    fn describe(operation: &mut Operation) {
        operation.response(StatusCode::OK, "Success.", &[]);
        operation.content::<T>(StatusCode::OK, JSON);
        operation.links::<T>(StatusCode::OK);
    }
}

/// 201 with the location of a new resource, and the resource.
pub(crate) struct Created<T> {
    location: String,
    json: Json<T>,
}

impl<T> Created<T> {
    /// The header with the new resource's path.
    pub(crate) const LOCATION: Header =
        Header::new("Location", "The path of the new resource.", "^/");

    /// The resource `json`, at `location`.
    pub(crate) fn at(location: String, json: Json<T>) -> Self {
        Self { location, json }
    }
}

impl<T> Responder for Created<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Created();
        response.insert_header((LOCATION, self.location));
        self.json.end(response)
    }
}

impl<T: Model> Describe for Created<T> {
    fn describe(operation: &mut Operation) {
        operation.response(StatusCode::CREATED, "Created.", &[Self::LOCATION]);
        operation.content::<T>(StatusCode::CREATED, JSON);
        operation.links::<T>(StatusCode::CREATED);
    }
}

/// 204.
pub(crate) struct NoContent;

impl Responder for NoContent {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::NoContent().finish()
    }
}

impl Describe for NoContent {
    fn describe(operation: &mut Operation) {
        operation.response(StatusCode::NO_CONTENT, "Done.", &[]);
    }
}
