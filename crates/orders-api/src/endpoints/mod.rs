//! The endpoints, one module for each resource.

pub(crate) mod access;
pub(crate) mod availability;
pub(crate) mod calendar_feeds;
pub(crate) mod calendars;
pub(crate) mod changes;
pub(crate) mod docs;
pub(crate) mod health;
pub(crate) mod index;
pub(crate) mod metrics;
pub(crate) mod orders;
pub(crate) mod problems;
pub(crate) mod schedule;
pub(crate) mod services;
pub(crate) mod webhooks;
