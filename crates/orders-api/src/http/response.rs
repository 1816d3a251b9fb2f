//! Answers that several resources give.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, HttpResponseBuilder, mime};
use orders_core::StoreError;
use serde::Serialize;

/// 201 with the place of what was made.
pub(crate) fn created(location: &str) -> HttpResponseBuilder {
    let mut response = HttpResponse::Created();
    response.insert_header((LOCATION, location));
    response
}

/// A long value as JSON, written on the database thread that read it: the threads that serve the connections
/// have to stay free, most of all to refuse what is too much.
pub(crate) fn to_json(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| StoreError::Bug(error.into()))
}

/// Answers with JSON that is written already.
pub(crate) fn json(mut response: HttpResponseBuilder, written: Vec<u8>) -> HttpResponse {
    response.content_type(mime::APPLICATION_JSON).body(written)
}
