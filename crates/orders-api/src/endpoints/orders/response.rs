//! The responses with one order.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, Responder};
use orders_core::{Mode, Order};

use crate::http::conditional::{ETAG_HEADER, etag};
use crate::http::idempotency::{IDEMPOTENCY_REPLAYED, REPLAYED_HEADER};
use crate::http::response::{Created, JSON};
use crate::openapi::{Describe, Header, Operation};

const CACHE_CONTROL_HEADER: Header = Header::new(
    "Cache-Control",
    "An order is not used again without asking whether it is current.",
    "^no-cache$",
);

/// A new order, or the order as it would be.
pub(super) enum CreateResponse {
    Created { order: Order, replayed: bool },
    DryRun(Order),
}

impl Responder for CreateResponse {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        match self {
            Self::Created { order, replayed } => {
                let mut response = versioned(HttpResponse::Created(), &order);
                response.insert_header((LOCATION, format!("/orders/{}", order.id)));
                if replayed {
                    response.insert_header((IDEMPOTENCY_REPLAYED, "true"));
                }
                response.json(order)
            }
            Self::DryRun(order) => HttpResponse::Ok().json(order),
        }
    }
}

impl Describe for CreateResponse {
    fn describe(operation: &mut Operation) {
        operation.response(StatusCode::OK, "The order as it would be, after a dry run.", &[]);
        operation.content::<Order>(StatusCode::OK, JSON);
        let headers = [
            Created::<Order>::LOCATION,
            ETAG_HEADER,
            CACHE_CONTROL_HEADER,
            REPLAYED_HEADER.optional(),
        ];
        operation.response(StatusCode::CREATED, "The order was created.", &headers);
        operation.content::<Order>(StatusCode::CREATED, JSON);
        operation.links::<Order>(StatusCode::CREATED);
    }
}

/// An order, unless the client has it.
pub(super) enum GetResponse {
    Current(Order),
    NotModified(Order),
}

impl Responder for GetResponse {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        match self {
            Self::Current(order) => versioned(HttpResponse::Ok(), &order).json(order),
            Self::NotModified(order) => versioned(HttpResponse::NotModified(), &order).finish(),
        }
    }
}

impl Describe for GetResponse {
    fn describe(operation: &mut Operation) {
        let headers = [ETAG_HEADER, CACHE_CONTROL_HEADER];
        operation.response(StatusCode::OK, "The order.", &headers);
        operation.content::<Order>(StatusCode::OK, JSON);
        operation.links::<Order>(StatusCode::OK);
        operation.response(StatusCode::NOT_MODIFIED, "The client has the order.", &headers);
    }
}

/// An order after a change, or as it would be.
pub(super) struct WriteResponse {
    pub(super) order: Order,
    pub(super) mode: Mode,
}

impl Responder for WriteResponse {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        match self.mode {
            Mode::Write => versioned(HttpResponse::Ok(), &self.order).json(self.order),
            Mode::DryRun => HttpResponse::Ok().json(self.order),
        }
    }
}

impl Describe for WriteResponse {
    fn describe(operation: &mut Operation) {
        let headers = [ETAG_HEADER.optional(), CACHE_CONTROL_HEADER.optional()];
        operation.response(
            StatusCode::OK,
            "The order as it is now, or would be; only a dry run has no `ETag`.",
            &headers,
        );
        operation.content::<Order>(StatusCode::OK, JSON);
        operation.links::<Order>(StatusCode::OK);
    }
}

/// Adds the entity tag of the order's version.
fn versioned(mut response: HttpResponseBuilder, order: &Order) -> HttpResponseBuilder {
    response.insert_header((ETAG, etag(order))).insert_header((CACHE_CONTROL, "no-cache"));
    response
}
