//! The addresses on which a server is to listen: [`Sockets`].

use std::io;
use std::net::{SocketAddr, TcpListener};

use anyhow::{Context as _, Result};
use socket2::{Domain, Socket, Type};

use crate::cli::arguments::ServerArgs;
use crate::cli::bind_address::BindAddress;

/// How many connections may wait until they are accepted, because many clients may connect at once. The standard library
/// allows 128. The system drops further ones, and their clients try again only after a second. It may have a lower limit.
const BACKLOG: i32 = 2048;

/// The addresses of a server, bound. Connections to them are refused until the server listens.
pub struct Sockets {
    pub(super) clients: Vec<Socket>,
    pub(super) metrics: Option<Vec<Socket>>,
    /// Whether only this machine reaches the server.
    pub(super) on_loopback: bool,
}

impl Sockets {
    /// Binds the addresses. A server does it first, because the start of a database takes seconds.
    ///
    /// # Errors
    /// If an address is not available.
    pub fn bind(arguments: &ServerArgs) -> Result<Self> {
        let unavailable = || unavailable(&arguments.bind, "--bind");
        let addresses = arguments.bind.resolve().with_context(unavailable)?;
        let clients = bind(&addresses).with_context(unavailable)?;
        let metrics = arguments.metrics_bind.as_ref().map(|address| {
            let sockets = address.resolve().and_then(|addresses| bind(&addresses));
            sockets.with_context(|| self::unavailable(address, "--metrics-bind"))
        });
        let on_loopback = addresses.iter().all(|address| address.ip().to_canonical().is_loopback());
        Ok(Self { clients, metrics: metrics.transpose()?, on_loopback })
    }
}

/// What to do about an address that is not available.
pub(super) fn unavailable(address: &BindAddress, flag: &str) -> String {
    format!("cannot listen on {address}; choose another address with {flag}")
}

/// Binds those of the addresses that are available; at least one.
fn bind(addresses: &[SocketAddr]) -> io::Result<Vec<Socket>> {
    let mut unavailable = io::ErrorKind::AddrNotAvailable.into();
    let mut sockets = Vec::new();
    for address in addresses {
        match bind_one(*address) {
            Ok(socket) => sockets.push(socket),
            Err(error) => unavailable = error,
        }
    }
    if sockets.is_empty() { Err(unavailable) } else { Ok(sockets) }
}

fn bind_one(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // As the standard library does, so that a server that starts again need not wait for old connections.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// Listens on these sockets.
///
/// # Errors
/// If another program has bound an address at the same time, and listens on it already.
pub(crate) fn listen(sockets: Vec<Socket>) -> io::Result<Vec<TcpListener>> {
    let listen = |socket: Socket| socket.listen(BACKLOG).map(|()| socket.into());
    sockets.into_iter().map(listen).collect()
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;
    use std::time::Duration;

    use super::*;

    #[test]
    fn many_clients_may_connect_before_one_is_accepted() {
        let sockets = bind(&[SocketAddr::from(([127, 0, 0, 1], 0))]).unwrap();
        let listeners = listen(sockets).unwrap();
        let address = listeners[0].local_addr().unwrap();
        let connect = || TcpStream::connect_timeout(&address, Duration::from_secs(20));
        let clients: Vec<_> = (0..400).map(|_| connect().unwrap()).collect();
        assert_eq!(clients.len(), 400);
    }
}
