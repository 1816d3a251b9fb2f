//! Runs the orders service as a process, for tests, torture and benchmark.
//!
//! A [`Process`] ends when it is dropped, and also when the program that started it is killed. A [`Service`] is the
//! `orders-api` program as such a process, on a free port; [`program`] finds or builds that program. A [`Receiver`] is an
//! endpoint for webhooks, and a [`Finished`] program can be asked what it printed.

mod finished;
mod process;
pub mod program;
mod receiver;
mod service;
mod watchdog;

pub use finished::Finished;
pub use process::{Process, Signal};
pub use receiver::{Received, Receiver, Reply};
pub use service::{Service, StartError};
