//! An address to listen on: [`BindAddress`].

use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::str::FromStr;

/// A host and a port. The host is an IP address, or a name that is looked up when the service starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindAddress(String);

/// The text is not a host and a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write it as HOST:PORT, for example 127.0.0.1:3000 or [::1]:3000 for this machine alone, or 0.0.0.0:3000 for all \
     networks"
)]
pub struct InvalidBindAddress;

impl FromStr for BindAddress {
    type Err = InvalidBindAddress;

    fn from_str(text: &str) -> Result<Self, InvalidBindAddress> {
        let (host, port) = text.rsplit_once(':').ok_or(InvalidBindAddress)?;
        let is_name = !host.is_empty() && !host.contains([':', '/', '[', ']', ' ']);
        match text.parse::<SocketAddr>().is_ok() || (is_name && port.parse::<u16>().is_ok()) {
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidBindAddress),
        }
    }
}

impl BindAddress {
    /// The addresses of the host, with the port.
    pub(crate) fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        Ok(self.0.to_socket_addrs()?.collect())
    }
}

impl fmt::Display for BindAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for good in ["127.0.0.1:3000", "[::1]:0", "localhost:65535", "db-1.example:80"] {
            assert_eq!(
                good.parse::<BindAddress>().map(|address| address.to_string()).as_deref(),
                Ok(good)
            );
        }
        for bad in [
            "",
            "127.0.0.1",
            ":3413",
            "3413",
            "::1:3000",
            "[::1]",
            "[]:80",
            "a:65536",
            "a:",
            "http://a:80",
        ] {
            assert_eq!(bad.parse::<BindAddress>(), Err(InvalidBindAddress), "{bad:?}");
        }
    }
}
