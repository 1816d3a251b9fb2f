//! Tests that the checks accept valid histories and find every kind of violation.

mod histories;
mod history_builder;
mod runs;
