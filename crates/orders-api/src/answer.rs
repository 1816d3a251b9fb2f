//! Answers that several resources give.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, HttpResponseBuilder};

/// 201 with the place of what was made.
pub(crate) fn created(location: &str) -> HttpResponseBuilder {
    let mut response = HttpResponse::Created();
    response.insert_header((LOCATION, location));
    response
}
