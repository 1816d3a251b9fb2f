//! The store on a real PostgreSQL, which the tests bring with them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod access;
mod agreement;
mod calendar_feeds;
mod contract;
mod database;
mod dry_runs;
mod faults;
mod following;
mod gap_changes;
mod guards;
mod instant;
mod model;
mod model_agrees;
mod nearest;
mod plans;
mod psql;
mod races;
mod requests;
mod samples;
mod tls;
mod webhooks;
