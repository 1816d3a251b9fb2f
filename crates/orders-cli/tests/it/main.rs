//! The command line against the real service.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod book;
mod change;
mod export;
mod import;
mod interrupt;
mod list;
mod service;
mod usage;
mod watch;
