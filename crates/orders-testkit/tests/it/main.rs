//! The service as a process, and that no process is left behind.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod process;
mod service;
