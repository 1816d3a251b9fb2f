//! A client's connections to all service processes: [`Connections`].

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::Connection;
use crate::cluster::{Endpoint, Location};

/// The time between two checks for a running service process while all are down.
const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// A client's connections by service process.
pub(crate) struct Connections<'a> {
    endpoints: &'a [Arc<Endpoint>],
    key: &'a str,
    /// Each with the generation of the process.
    open: HashMap<usize, (u32, Connection)>,
}

impl<'a> Connections<'a> {
    /// The connections of a client with this API key.
    pub(crate) fn new(endpoints: &'a [Arc<Endpoint>], key: &'a str) -> Self {
        Self { endpoints, key, open: HashMap::new() }
    }

    /// A connection to the preferred service process, or to the next one that runs. If none runs, it waits for one, or
    /// returns `None` once `ended` returns true.
    pub(crate) fn wait(
        &mut self,
        preferred: usize,
        ended: impl Fn() -> bool,
    ) -> Option<(usize, &Connection)> {
        let (process, address, generation) = self.running(preferred, ended)?;
        if self.open.get(&process).is_none_or(|(known, _)| *known != generation) {
            self.open.insert(process, (generation, Connection::new(address, self.key)));
        }
        self.open.get(&process).map(|(_, connection)| (process, connection))
    }

    /// The same, but only its address.
    pub(crate) fn wait_for_address(
        &self,
        preferred: usize,
        ended: impl Fn() -> bool,
    ) -> Option<(usize, SocketAddr)> {
        self.running(preferred, ended).map(|(process, address, _)| (process, address))
    }

    fn running(
        &self,
        preferred: usize,
        ended: impl Fn() -> bool,
    ) -> Option<(usize, SocketAddr, u32)> {
        let count = self.endpoints.len();
        while !ended() {
            for process in (0..count).map(|offset| (preferred + offset) % count) {
                let Location { address, generation } = self.endpoints[process].location();
                if let Some(address) = address {
                    return Some((process, address, generation));
                }
            }
            thread::sleep(POLL_INTERVAL);
        }
        None
    }
}
