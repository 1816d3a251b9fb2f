//! Addresses of names: [`Resolve`].

use std::io;
use std::net::IpAddr;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::net::lookup_host;

/// Where the addresses of a name come from.
pub(super) trait Resolve: Send + Sync {
    /// All addresses of a name, best first.
    ///
    /// # Errors
    /// If they cannot be found out.
    fn resolve(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The system's resolver (`getaddrinfo`).
pub(super) struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        async move { Ok(lookup_host((name, 0)).await?.map(|address| address.ip()).collect()) }
            .boxed()
    }
}
