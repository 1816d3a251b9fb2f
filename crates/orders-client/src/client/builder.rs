//! How a client is configured: [`ClientBuilder`].

use std::sync::Arc;
use std::time::Duration;
use std::{env, fmt};

use http::HeaderValue;
use reqwest::redirect;
use url::Url;

use super::pauses::Pauses;
use super::{Client, Inner};

/// The address of a service on this machine.
const DEFAULT_URL: &str = "http://127.0.0.1:3000";

const URL_VARIABLE: &str = "ORDERS_URL";
const KEY_VARIABLE: &str = "ORDERS_KEY";

const RETRIES: u32 = 2;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The service answers within 10 s, unless it is configured otherwise or sets the gap of a large calendar.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection is kept for the next request. It is shorter than servers and proxies keep theirs, because a
/// request that is sent at the moment when they close it is lost.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// Configures a [`Client`].
#[derive(Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientBuilder {
    url: String,
    key: Option<String>,
    retries: u32,
    pauses: Pauses,
    timeout: Duration,
    user_agent: String,
    root_certificates: Vec<Vec<u8>>,
}

/// Why there is no client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The URL is not that of a service. What precedes an `@`, such as a password, is left out.
    #[error("{0:?} is not the URL of a service; write http://HOST:PORT or https://HOST")]
    Url(String),
    /// The client was built without TLS.
    #[error("{0} needs TLS; enable the feature `tls` of orders-client")]
    Tls(String),
    /// The key contains characters that no key has. They are not repeated here.
    #[error("the key is not an API key")]
    Key,
    /// The user agent cannot be sent in a header.
    #[error("{0:?} cannot be sent as a user agent")]
    UserAgent(String),
    /// A root certificate cannot be read.
    #[error("the root certificate is not a certificate in PEM: {0}")]
    RootCertificate(String),
    /// The system has no root certificates, and none was given.
    #[error("there are no root certificates; install ca-certificates, or give one")]
    NoRootCertificates,
    /// The HTTP client cannot be built.
    #[error("there is no HTTP client: {0}")]
    Http(String),
}

impl ClientBuilder {
    pub(super) fn new(url: String) -> Self {
        Self {
            url,
            key: None,
            retries: RETRIES,
            pauses: Pauses { first: FIRST_PAUSE, longest: LONGEST_PAUSE },
            timeout: TIMEOUT,
            user_agent: concat!("orders-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            root_certificates: Vec::new(),
        }
    }

    pub(super) fn from_env() -> Self {
        Self::new(variable(URL_VARIABLE).unwrap_or_else(|| DEFAULT_URL.to_owned())).key_from_env()
    }

    /// The API key, or the token of an identity provider. Without it, requests have no credentials.
    pub fn key(self, key: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// The API key in `ORDERS_KEY`, if there is one; otherwise what was set before.
    pub fn key_from_env(self) -> Self {
        Self { key: variable(KEY_VARIABLE).or(self.key), ..self }
    }

    /// How often a request is repeated if that is safe; 2 unless said otherwise.
    pub fn retries(self, retries: u32) -> Self {
        Self { retries, ..self }
    }

    /// How long a client waits before it sends a request again or connects again: at random `first` to twice as long, then
    /// twice as long each time, up to `longest`. 0.5 and 5 s unless said otherwise. `Retry-After` prolongs a pause up to a
    /// minute.
    pub fn pauses(self, first: Duration, longest: Duration) -> Self {
        Self { pauses: Pauses { first, longest }, ..self }
    }

    /// How long one attempt may take until its whole response has arrived, and how long an export or an import may be
    /// silent; 30 s unless said otherwise.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// What the log of the service calls this client; `orders-client/` and a version unless said otherwise.
    pub fn user_agent(self, user_agent: impl Into<String>) -> Self {
        Self { user_agent: user_agent.into(), ..self }
    }

    /// Trusts this certificate, or these, in PEM, besides the root certificates of the system. Needs the feature `tls`.
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates.push(pem.into());
        self
    }

    /// Builds the client. It connects only when it is used.
    ///
    /// # Errors
    /// If the URL, the key, the user agent or a root certificate cannot be used.
    pub fn build(self) -> Result<Client, BuildError> {
        let url = service_url(&self.url)?;
        let authorization = self.key.as_deref().map(authorization).transpose()?;
        let user_agent = HeaderValue::from_str(&self.user_agent)
            .map_err(|_| BuildError::UserAgent(self.user_agent.clone()))?;
        let http = reqwest::Client::builder()
            // The service sends none, and a redirect must not take the key elsewhere.
            .redirect(redirect::Policy::none())
            // Repetitions are decided by what a request does.
            .retry(reqwest::retry::never())
            .no_proxy()
            .http1_only()
            .connect_timeout(CONNECT_TIMEOUT.min(self.timeout))
            .pool_idle_timeout(IDLE_TIMEOUT)
            .user_agent(user_agent);
        let http = with_tls(http, &url, &self.root_certificates)?;
        let http =
            http.build().map_err(|error| BuildError::Http(super::transport::text(&error)))?;
        let base = url.as_str().trim_end_matches('/').to_owned();
        let Self { retries, pauses, timeout, .. } = self;
        Ok(Client(Arc::new(Inner { http, base, authorization, retries, pauses, timeout })))
    }
}

/// Without the key.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("url", &self.url).finish_non_exhaustive()
    }
}

/// The value of an environment variable; none if it is blank.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.trim().is_empty())
}

fn service_url(text: &str) -> Result<Url, BuildError> {
    // A password is not repeated.
    let shown = text.rsplit_once('@').map_or(text, |(_, rest)| rest);
    let invalid = || BuildError::Url(shown.to_owned());
    let url = Url::parse(text.trim()).map_err(|_| invalid())?;
    let has_user = !url.username().is_empty() || url.password().is_some();
    let has_more = url.query().is_some() || url.fragment().is_some();
    match url.scheme() {
        "http" | "https" if url.has_host() && !has_user && !has_more => Ok(url),
        _ => Err(invalid()),
    }
}

fn authorization(key: &str) -> Result<HeaderValue, BuildError> {
    let key = key.trim();
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(BuildError::Key);
    }
    let mut value = HeaderValue::from_str(&format!("Bearer {key}")).map_err(|_| BuildError::Key)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(feature = "tls")]
fn with_tls(
    http: reqwest::ClientBuilder,
    url: &Url,
    root_certificates: &[Vec<u8>],
) -> Result<reqwest::ClientBuilder, BuildError> {
    let config = super::tls::config(url.scheme() == "https", root_certificates)?;
    Ok(http.tls_backend_preconfigured(config))
}

#[cfg(not(feature = "tls"))]
fn with_tls(
    http: reqwest::ClientBuilder,
    url: &Url,
    _: &[Vec<u8>],
) -> Result<reqwest::ClientBuilder, BuildError> {
    match url.scheme() {
        "https" => Err(BuildError::Tls(url.to_string())),
        _ => Ok(http),
    }
}
