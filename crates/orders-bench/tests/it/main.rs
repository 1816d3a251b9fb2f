//! One binary for all tests that need PostgreSQL.
#![cfg(test)]

mod statements;
