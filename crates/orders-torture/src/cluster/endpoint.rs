//! Where clients reach a service process: [`Endpoint`].

use std::net::SocketAddr;
use std::sync::{PoisonError, RwLock};

/// The address of a service process. It changes when the process is started again.
#[derive(Debug, Default)]
pub struct Endpoint(RwLock<Location>);

/// The state of an endpoint at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Location {
    /// The address; `None` while the process is down.
    pub address: Option<SocketAddr>,
    /// How often the process has been started.
    pub generation: u32,
}

impl Endpoint {
    /// Where the process is now.
    #[must_use]
    pub fn location(&self) -> Location {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The process was started and listens on this address.
    pub(super) fn set(&self, address: SocketAddr) {
        let mut location = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *location = Location { address: Some(address), generation: location.generation + 1 };
    }

    /// The process was killed.
    pub(super) fn clear(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).address = None;
    }
}
