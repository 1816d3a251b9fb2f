//! What clients send and receive: [`Request`], [`Outcome`].

mod connection;
mod connections;
mod content;
mod event_stream;
mod failure;
mod feed;
mod message;
mod outcome;
mod request;

pub(crate) use connection::Connection;
pub(crate) use connections::Connections;
pub use content::{SERVICES, metadata_of, reference_of, services_of};
pub(crate) use event_stream::EventStream;
pub use failure::Failure;
pub(crate) use feed::{ChangesRead, HistoryRead, Link, OrdersRead};
pub use outcome::Outcome;
pub use request::Request;
