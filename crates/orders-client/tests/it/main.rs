//! The client against the real service, through proxies that fail; and its messages alone.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod book;
mod builder;
mod examples;
mod faults;
mod proxy;
mod reconnection;
mod repetition;
mod samples;
mod service;
mod streams;
mod tls;
mod webhooks;
mod wire;
