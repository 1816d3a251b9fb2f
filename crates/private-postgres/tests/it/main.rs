//! Tests against the PostgreSQL server installed on this machine.

mod ownership;
mod replication;
mod serving;
mod supervision;
mod support;
mod temporary;
