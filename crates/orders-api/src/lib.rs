//! Orders, services and calendars over HTTP.
//!
//! A request comes through the table in `routes` to a handler, which parses, calls the store on a
//! database thread, and answers. No SQL and no rule is here; `orders-db` and `orders-core` have them.

mod accept;
mod answer;
mod availability;
mod body;
mod calendars;
pub mod client;
pub mod commands;
mod condition;
pub mod config;
pub mod database;
pub mod database_url;
pub mod db_threads;
mod docs;
mod export;
mod health;
mod idempotency;
mod import;
mod index;
mod list;
mod log_text;
mod ndjson;
pub mod openapi;
mod orders;
mod path;
pub mod problem;
mod problems;
mod query;
mod request_log;
mod resource;
mod routes;
pub mod seed;
pub mod server;
mod services;
pub mod slug;

/// The store, as handlers reach it.
type Store = actix_web::web::Data<db_threads::DbThreads<orders_db::PgStore>>;
