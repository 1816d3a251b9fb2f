//! The messages of the service as values, without I/O: requests from the types of `orders-core`, and values or problems
//! from responses.
//!
//! [`Client`](crate::Client) is built on it. It is for programs that have an HTTP client of their own, or that must decide
//! by themselves what is sent when: tests, benchmarks, other runtimes.
//!
//! A request whose response is small is an [`Operation`]:
//!
//! ```
//! use bytes::Bytes;
//! use orders_client::OrderId;
//! use orders_client::wire::{Failure, GetOrder, Operation as _};
//!
//! let operation = GetOrder::new(&OrderId::new("223")?);
//! let request = operation.request();
//! assert_eq!((request.method().as_str(), request.uri().path()), ("GET", "/orders/223"));
//!
//! // Send it to the service, with its address and a key, and read the response.
//! let body = r#"{"type": "/problems/not-found", "title": "There is no such thing", "status": 404,
//!                "detail": "there is no order 223"}"#;
//! let response = http::Response::builder()
//!     .status(404)
//!     .header("Content-Type", "application/problem+json")
//!     .body(Bytes::from(body))?;
//! let Err(Failure::Problem(problem)) = operation.read(&response) else { panic!("there is an order") };
//! assert_eq!(problem.slug(), "not-found");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Others are streams: [`ExportOrders`], [`ImportOrders`] and [`FollowChanges`] have requests, and [`Lines`] and
//! [`Events`] take their responses apart.

mod availability;
mod changes;
mod events;
mod export;
mod import;
mod lines;
mod link;
mod operation;
mod orders;
mod page;
mod problem;
mod request;
mod resources;
mod response;
mod webhooks;

pub use availability::GetAvailability;
pub use changes::FollowChanges;
pub use events::{Event, Events};
pub use export::ExportOrders;
pub use import::{ImportAnswer, ImportLine, ImportOrders, InvalidLine};
pub use lines::{Lines, TooLong};
pub use link::Target;
pub use operation::{Effect, Operation, Requested};
pub use orders::{CreateOrder, DeleteOrder, GetOrder, PatchOrder, ReplaceOrder};
pub use page::{GetPage, Page};
pub use problem::{FieldError, Problem};
pub use resources::{
    Create, CreateCalendar, CreateService, CreateWebhook, Delete, DeleteCalendar, DeleteService,
    DeleteWebhook, Get, GetCalendar, GetService, GetWebhook, Replace, ReplaceCalendar,
    ReplaceService, ReplaceWebhook, Resource,
};
pub use response::{Failure, MAX_BODY, Unexpected};
pub use webhooks::{
    GetWebhookDeliveries, NewWebhook, RotateWebhookSecret, TestWebhook, WebhookDelivery,
    WebhookSecret, WebhookTest,
};

use bytes::Bytes;

/// A request to the service. Its URI is a path with a query; the sender adds the address of the service and credentials.
pub type Request = http::Request<Bytes>;

/// A response of the service.
pub type Response = http::Response<Bytes>;
