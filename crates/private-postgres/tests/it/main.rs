//! Tests against the PostgreSQL server installed on this machine.

mod ownership;
mod serving;
mod support;
mod temporary;
