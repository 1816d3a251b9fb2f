//! Orders, services and calendars over HTTP.
//!
//! A request comes through the table in `routes` to a handler, which parses, calls the store on a
//! database thread, and answers. No SQL and no rule is here; `orders-db` and `orders-core` have them.

pub mod cli;
pub mod db_threads;
mod endpoints;
mod http;
pub mod openapi;
pub mod problem;
mod routes;
pub mod server;

/// The store, as handlers reach it.
type Store = actix_web::web::Data<db_threads::DbThreads<orders_db::PgStore>>;
