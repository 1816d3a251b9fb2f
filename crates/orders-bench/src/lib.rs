//! Measures the orders service against what its PostgreSQL could do, from the outside.
//!
//! The service and its PostgreSQL are processes of their own; [`generator`] speaks HTTP to the
//! one, [`pgbench`] puts the same statements straight to the other. The rows of the table are in [`row`],
//! the data that they work on in [`dataset`], and what can be measured in [`modes`].

pub mod bench;
pub mod cli;
pub mod client;
pub mod database;
pub mod dataset;
pub mod document;
pub mod generator;
pub mod http;
pub mod modes;
pub mod pgbench;
pub mod row;
pub mod samples;
pub mod schedule;
pub mod service;
pub mod table;
pub mod timer;
pub mod transfer;
pub mod usage;
