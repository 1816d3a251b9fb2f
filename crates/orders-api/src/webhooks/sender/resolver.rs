//! Addresses of names: [`Resolve`].

use std::io;
use std::net::IpAddr;

use actix_web::rt::task::spawn_blocking;
use dns_lookup::{AddrInfoHints, LookupErrorKind, SockType, getaddrinfo};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

/// Where the addresses of a name come from.
pub(super) trait Resolve: Send + Sync {
    /// All addresses of a name, best first; none if there is no such name.
    ///
    /// # Errors
    /// If they cannot be found out now.
    fn resolve(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The system's resolver (`getaddrinfo`).
pub(super) struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        async move { spawn_blocking(move || look_up(&name)).await? }.boxed()
    }
}

/// The standard library has no kind of error that tells whether there is no such name.
fn look_up(name: &str) -> io::Result<Vec<IpAddr>> {
    let hints = AddrInfoHints { socktype: SockType::Stream.into(), ..AddrInfoHints::default() };
    match getaddrinfo(Some(name), None, Some(hints)) {
        Ok(found) => found.map(|found| Ok(found?.sockaddr.ip())).collect(),
        Err(error) => match error.kind() {
            LookupErrorKind::NoName | LookupErrorKind::NoData => Ok(Vec::new()),
            _ => Err(error.into()),
        },
    }
}
