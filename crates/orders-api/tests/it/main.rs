//! The service over HTTP, as a client meets it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod app;
mod availability;
mod bad_bodies;
mod calendar_feeds;
mod calendars;
mod changes;
mod commands;
mod conditional;
mod connections;
mod cross_origin;
mod csv;
mod database;
mod delivery;
mod docs;
mod document;
mod drain;
mod fairness;
mod faults;
mod framework;
mod gap_changes;
mod idempotency;
mod import;
mod listen;
mod lists;
mod logs;
mod messages;
mod metrics;
mod ndjson;
mod negotiation;
mod openapi;
mod orders;
mod patch;
mod program;
mod reference_and_metadata;
mod requirements;
mod samples;
mod schedule;
mod services;
mod signatures;
mod together;
mod transfers;
mod webhooks;
mod wire;
