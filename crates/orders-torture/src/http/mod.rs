//! What clients send and receive: [`Request`], [`Outcome`].

mod classify;
mod connection;
mod connections;
mod failure;
mod message;
mod outcome;
mod request;

pub(crate) use connection::Connection;
pub(crate) use connections::Connections;
pub use failure::Failure;
pub use message::{SERVICES, metadata_of, reference_of, services_of};
pub use outcome::{OrderConflict, Outcome};
pub use request::Request;
