//! The operations of a run, and the clients that send them: [`Generator`], [`Clients`].

mod burst;
mod clients;
mod generator;
mod known_orders;
mod operation;

pub use burst::CALENDARS;
pub(crate) use burst::OWN_ID_PREFIX;
pub use clients::Clients;
pub use generator::Generator;
pub use operation::{Action, PlannedOperation, Target};
