//! The ports of `orders-core` on PostgreSQL, with Diesel.
//!
//! [`PgStore`] implements `Orders`, `Changes`, `Services`, `Calendars` and `CalendarFeeds`. The database enforces the rule by an exclusion
//! constraint on the orders' slots, so it holds for any number of stores and for anyone with `psql`. This crate avoids
//! deadlocks on the constraint, stays fast if many clients want the same time, and finds the reason for a rejection.

mod access;
mod calendar_feeds;
mod calendars;
mod caller;
mod changes;
mod error;
mod heartbeat;
mod locks;
pub mod migrations;
mod orders;
mod outage_log;
mod pool;
pub mod requests;
pub mod requirements;
mod retry;
mod row;
mod schema;
mod services;
mod session;
mod statement;
mod webhooks;

pub use access::{KeyHash, KeyInfo};
pub use heartbeat::{Access, Beat, FeedState, Heartbeat};
pub use pool::{Connections, PgStore, Settings};
#[doc(hidden)]
pub use session::PLAN_SETTINGS;
pub use webhooks::{
    DeliveryAttempt, LeasedWebhook, Leases, StoredSecrets, WebhookLag, WebhookProgress,
};
