//! Orders, services and calendars over HTTP.
//!
//! The table in `routes` leads a request to its endpoint, whose handler parses it, calls the store on a database
//! thread, and responds. There is no SQL and no rule here; these are in `orders-db` and `orders-core`.

pub mod access;
pub mod cli;
pub mod db_threads;
mod endpoints;
mod feed;
mod heartbeat;
mod http;
pub mod log_format;
mod metrics;
pub mod openapi;
mod places;
pub mod problem;
mod routes;
pub mod server;
mod shutdown;
mod signals;
mod store;
mod transfers;
mod webhooks;
mod worker;

use self::store::Store;
