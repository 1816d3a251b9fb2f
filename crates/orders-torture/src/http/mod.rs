//! What clients send and receive: [`Request`], [`Outcome`].

mod classify;
mod connection;
mod connections;
mod event_stream;
mod failure;
mod feed;
mod message;
mod outcome;
mod request;

pub(crate) use connection::Connection;
pub(crate) use connections::Connections;
pub(crate) use event_stream::{Event, EventStream};
pub use failure::Failure;
pub(crate) use feed::{ChangesRead, HistoryRead, Link, OrdersRead};
pub use message::{SERVICES, metadata_of, reference_of, services_of};
pub use outcome::{OrderConflict, Outcome};
pub use request::Request;
