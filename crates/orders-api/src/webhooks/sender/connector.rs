//! Connections to allowed addresses only: [`Connector`].

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hyper::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tower_service::Service;

use super::resolver::Resolve;
use super::{Networks, NotAllowed, SendError};

/// Connects to a host if all of its addresses are allowed, and only to an address that was checked. So the check holds whatever
/// the name resolves to afterwards, and it applies to addresses in URLs too.
#[derive(Clone)]
pub(super) struct Connector {
    networks: Arc<Networks>,
    resolver: Arc<dyn Resolve>,
    time_limit: Duration,
}

impl Connector {
    pub(super) fn new(
        networks: Networks,
        resolver: Arc<dyn Resolve>,
        time_limit: Duration,
    ) -> Self {
        Self { networks: Arc::new(networks), resolver, time_limit }
    }

    /// The addresses of a URI's host, all of which are allowed.
    ///
    /// # Errors
    /// If there are none, they cannot be found out now, or any of them is not allowed.
    pub(super) async fn addresses(&self, uri: &Uri) -> Result<Vec<IpAddr>, NotAllowed> {
        let host = uri.host().unwrap_or_default();
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let addresses = match literal {
            Ok(address) => vec![address],
            Err(_) => {
                let found = timeout(self.time_limit, self.resolver.resolve(host.to_owned())).await;
                match found.map_err(io::Error::from).flatten() {
                    Ok(addresses) if addresses.is_empty() => {
                        return Err(NotAllowed::Unresolved(host.to_owned()));
                    }
                    Ok(addresses) => addresses,
                    Err(error) => {
                        let (name, cause) = (host.to_owned(), error.to_string());
                        return Err(NotAllowed::LookupFailed { name, cause });
                    }
                }
            }
        };
        if !addresses.iter().all(|address| self.networks.is_allowed(*address)) {
            return Err(match literal {
                Ok(address) => NotAllowed::Address(address),
                Err(_) => NotAllowed::Name(host.to_owned()),
            });
        }
        let is_plain = uri.scheme_str() != Some("https");
        if is_plain && !addresses.iter().all(|address| self.networks.contains(*address)) {
            return Err(NotAllowed::PlainHttp);
        }
        Ok(addresses)
    }

    /// A connection to the first address that accepts one.
    async fn connect(self, uri: Uri) -> Result<TcpStream, SendError> {
        let deadline = Instant::now() + self.time_limit;
        let addresses = self.addresses(&uri).await.map_err(SendError::NotAllowed)?;
        let default_port = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        let port = uri.port_u16().unwrap_or(default_port);
        let mut failure = SendError::NoConnection(self.time_limit);
        for (index, &address) in addresses.iter().enumerate() {
            // One that does not answer leaves time for the others.
            let rest = deadline.saturating_duration_since(Instant::now());
            let share = rest / u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
            let connecting = TcpStream::connect(SocketAddr::new(address, port));
            match timeout(share, connecting).await {
                Ok(Ok(stream)) => {
                    // Small messages are not held back.
                    stream.set_nodelay(true).map_err(|error| SendError::find(&error))?;
                    return Ok(stream);
                }
                Ok(Err(error)) => failure = SendError::find(&error),
                Err(_) => failure = SendError::NoConnection(self.time_limit),
            }
        }
        Err(failure)
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = SendError;
    type Future = BoxFuture<'static, Result<Self::Response, SendError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        self.clone().connect(uri).map(|connected| connected.map(TokioIo::new)).boxed()
    }
}

/// A connector that gives up after a time, together with what it adds to a TCP connection: the TLS handshake.
#[derive(Clone)]
pub(super) struct TimeLimited<C> {
    connector: C,
    time_limit: Duration,
}

impl<C> TimeLimited<C> {
    pub(super) fn new(connector: C, time_limit: Duration) -> Self {
        Self { connector, time_limit }
    }
}

impl<C> Service<Uri> for TimeLimited<C>
where
    C: Service<Uri, Error = Box<dyn std::error::Error + Send + Sync>>,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = C::Error;
    type Future = BoxFuture<'static, Result<C::Response, C::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), C::Error>> {
        self.connector.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let late = SendError::NoConnection(self.time_limit);
        let connecting = self.connector.call(uri);
        let deadline = Instant::now() + self.time_limit;
        async move { timeout_at(deadline, connecting).await.unwrap_or(Err(late.into())) }.boxed()
    }
}
