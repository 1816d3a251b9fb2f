//! The ports of `orders-core` on PostgreSQL, with Diesel.
//!
//! [`PgStore`] implements `Orders`, `Services` and `Calendars`. The database itself enforces the rule,
//! by an exclusion constraint on the orders' slots, so it holds for any number of stores and for anyone
//! with `psql`; what is here never deadlocks on it, stays quick on a contended time, and finds out what
//! to tell who was refused.

mod calendars;
mod error;
pub mod migrations;
mod orders;
mod pool;
mod row;
mod schema;
mod services;
mod statement;

#[doc(hidden)]
pub use pool::PLAN_SETTINGS;
pub use pool::{PgStore, Settings};
