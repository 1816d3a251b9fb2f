//! Sending messages to other systems: [`Sender`].

mod connector;
mod error;
mod resolver;
mod retry_after;
#[cfg(test)]
mod tests;

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use actix_web::web::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Request, Response};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;

use self::connector::{Connector, TimeLimited};
use self::resolver::{Resolve, SystemResolver};
use super::signature::signatures;
use super::{Networks, Secret, Target};

pub(crate) use self::error::{NotAllowed, SendError};

/// How long a connection may take, with the resolution of the name and the TLS handshake.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an attempt may take, until the whole response was read.
const TIMEOUT: Duration = Duration::from_secs(15);

/// How many bytes of a response's body are read at most, and of its head, apart from what a buffer holds.
const MAX_RESPONSE: usize = 64 << 10;

/// How long a connection is kept for the next message. Node.js and uvicorn close theirs after 5 s, and a message that is sent
/// at that moment would be lost.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// How many connections to one host are kept for the next message.
const MAX_IDLE: usize = 8;

/// The root certificates of the system, read once.
static ROOTS: LazyLock<RootCertStore> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        log::warn!("cannot read the system's root certificates: {error}");
    }
    roots.add_parsable_certificates(found.certs);
    roots
});

/// An HTTP client that connects only to allowed addresses. It follows no redirects and uses no proxy. Clones share their
/// connections.
#[derive(Clone)]
pub(crate) struct Sender {
    client: Client<TimeLimited<HttpsConnector<Connector>>, Full<Bytes>>,
    connector: Connector,
    timeouts: Timeouts,
}

/// A message for a receiver.
#[derive(Debug, Clone)]
pub(crate) struct Message<'a> {
    pub(crate) target: &'a Target,
    /// The `webhook-id`: visible ASCII characters without `.`, the same in every attempt.
    pub(crate) id: &'a str,
    /// The JSON that is sent.
    pub(crate) body: Bytes,
    /// The message gets a signature with each.
    pub(crate) secrets: &'a [Secret],
}

/// What came of an attempt to send a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) outcome: Outcome,
    pub(crate) duration: Duration,
    /// How long the receiver wants to be left alone. It may have chosen any time, even thousands of years.
    pub(crate) retry_after: Option<Duration>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// With a complete response (of which the first 64 KiB were read) and this status.
    Status(u16),
    /// Without one. The receiver may have got the message.
    Failed(SendError),
}

impl Outcome {
    /// Whether the receiver has accepted the message.
    pub(crate) fn is_success(&self) -> bool {
        matches!(self, Self::Status(200..=299))
    }
}

#[derive(Debug, Clone, Copy)]
struct Timeouts {
    connect: Duration,
    total: Duration,
}

impl Sender {
    /// A client that trusts the system's root certificates, or those that `SSL_CERT_FILE` or `SSL_CERT_DIR` name.
    pub(crate) fn new(networks: Networks) -> Self {
        let timeouts = Timeouts { connect: CONNECT_TIMEOUT, total: TIMEOUT };
        Self::with(networks, Arc::new(SystemResolver::new()), ROOTS.clone(), timeouts)
    }

    fn with(
        networks: Networks,
        resolver: Arc<dyn Resolve>,
        roots: RootCertStore,
        timeouts: Timeouts,
    ) -> Self {
        let connector = Connector::new(networks, resolver, timeouts.connect);
        let tls =
            ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
                .with_safe_default_protocol_versions()
                // OK because the provider implements them.
                .expect("TLS 1.2 and 1.3")
                .with_root_certificates(roots)
                .with_no_client_auth();
        // The connector decides to which addresses plain http is allowed.
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector.clone());
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(MAX_IDLE)
            .http1_max_buf_size(MAX_RESPONSE)
            .build(TimeLimited::new(https, timeouts.connect));
        Self { client, connector, timeouts }
    }

    /// Checks whether messages may be sent to the target now. Every connection checks it again.
    ///
    /// # Errors
    /// If its name cannot be resolved, now or at all, or any of its addresses is not allowed.
    pub(crate) async fn check(&self, target: &Target) -> Result<(), NotAllowed> {
        self.connector.addresses(target.uri()).await.map(drop)
    }

    /// Sends a message once.
    pub(crate) async fn send(&self, message: &Message<'_>) -> Attempt {
        let start = Instant::now();
        let late = SendError::NoResponse(self.timeouts.total);
        let response = timeout(self.timeouts.total, self.exchange(message)).await;
        let (outcome, retry_after) = match response.unwrap_or(Err(late)) {
            Ok(response) => {
                let retry_after = response.headers().get(RETRY_AFTER);
                let wait =
                    retry_after.and_then(|value| retry_after::parse(value, SystemTime::now()));
                (Outcome::Status(response.status().as_u16()), wait)
            }
            Err(error) => (Outcome::Failed(error), None),
        };
        Attempt { outcome, duration: start.elapsed(), retry_after }
    }

    /// The response to a message, after its body was read and dropped.
    async fn exchange(&self, message: &Message<'_>) -> Result<Response<()>, SendError> {
        let response = self.client.request(request(message)).await;
        let response = response.map_err(|error| SendError::find(&error))?;
        let (head, body) = response.into_parts();
        discard(body).await.map_err(|error| SendError::find(&error))?;
        Ok(Response::from_parts(head, ()))
    }
}

fn request(message: &Message<'_>) -> Request<Full<Bytes>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let signatures = signatures(message.secrets, message.id, now, &message.body);
    Request::post(message.target.uri())
        .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .header(USER_AGENT, HeaderValue::from_static(concat!("orders/", env!("CARGO_PKG_VERSION"))))
        .header("webhook-id", message.id)
        .header("webhook-timestamp", now)
        .header("webhook-signature", signatures)
        .body(Full::new(message.body.clone()))
        // OK because an id contains only visible ASCII characters.
        .expect("a request")
}

/// Reads a body to its end, so that the connection can be used again, or until it is too long: then the connection is closed.
async fn discard(mut body: Incoming) -> Result<(), hyper::Error> {
    let mut read = 0;
    while let Some(frame) = body.frame().await {
        read += frame?.data_ref().map_or(0, Bytes::len);
        if read > MAX_RESPONSE {
            break;
        }
    }
    Ok(())
}
