//! The responses with one order.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use orders_core::{Mode, Order};

use crate::http::conditional::{ETAG, etag};
use crate::http::endpoint::Response;
use crate::http::idempotency::IDEMPOTENCY_REPLAYED;
use crate::http::response::{CACHE_CONTROL, JSON, LOCATION};
use crate::openapi::Operation;

/// A new order, or the order as it would be.
pub(super) enum CreateResponse {
    Created { order: Order, replayed: bool },
    DryRun(Order),
}

impl Response for CreateResponse {
    fn respond(self, _: &HttpRequest) -> HttpResponse {
        match self {
            Self::Created { order, replayed } => {
                let mut response = versioned(HttpResponse::Created(), &order);
                response.insert_header(LOCATION.with(format!("/orders/{}", order.id)));
                if replayed {
                    response.insert_header(IDEMPOTENCY_REPLAYED.with("true"));
                }
                response.json(order)
            }
            Self::DryRun(order) => HttpResponse::Ok().json(order),
        }
    }

    fn describe(operation: &mut Operation) {
        operation.response(StatusCode::OK, "The order as it would be, after a dry run.", &[]);
        operation.content::<Order>(StatusCode::OK, JSON);
        let replayed = IDEMPOTENCY_REPLAYED.optional();
        let headers = [LOCATION, ETAG, CACHE_CONTROL, replayed];
        operation.resource::<Order>(StatusCode::CREATED, "The order was created.", &headers);
    }
}

/// An order, unless the client has it.
pub(super) enum GetResponse {
    Modified(Order),
    NotModified(Order),
}

impl Response for GetResponse {
    fn respond(self, _: &HttpRequest) -> HttpResponse {
        match self {
            Self::Modified(order) => versioned(HttpResponse::Ok(), &order).json(order),
            Self::NotModified(order) => versioned(HttpResponse::NotModified(), &order).finish(),
        }
    }

    fn describe(operation: &mut Operation) {
        let headers = [ETAG, CACHE_CONTROL];
        operation.resource::<Order>(StatusCode::OK, "The order.", &headers);
        operation.response(StatusCode::NOT_MODIFIED, "The client has the order.", &headers);
    }
}

/// An order after a change, or as it would be.
pub(super) struct WriteResponse {
    pub(super) order: Order,
    pub(super) mode: Mode,
}

impl Response for WriteResponse {
    fn respond(self, _: &HttpRequest) -> HttpResponse {
        match self.mode {
            Mode::Write => versioned(HttpResponse::Ok(), &self.order).json(self.order),
            Mode::DryRun => HttpResponse::Ok().json(self.order),
        }
    }

    fn describe(operation: &mut Operation) {
        let description = "The order as it is now, or would be; only a dry run has no `ETag`.";
        let headers = [ETAG.optional(), CACHE_CONTROL.optional()];
        operation.resource::<Order>(StatusCode::OK, description, &headers);
    }
}

/// Adds the entity tag of the order's version.
fn versioned(mut response: HttpResponseBuilder, order: &Order) -> HttpResponseBuilder {
    response.insert_header(ETAG.with(etag(order))).insert_header(CACHE_CONTROL.with("no-cache"));
    response
}
