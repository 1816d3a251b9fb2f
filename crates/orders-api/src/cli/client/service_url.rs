//! Where a service runs: [`ServiceUrl`].

use std::fmt;
use std::str::FromStr;

use url::{Position, Url};

/// Where a service runs: `http://HOST:PORT`, with a path if it is behind a proxy.
///
/// ```
/// use orders_api::cli::client::ServiceUrl;
/// assert!("http://127.0.0.1:3000".parse::<ServiceUrl>().is_ok());
/// assert!("https://orders.example.com".parse::<ServiceUrl>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceUrl(Url);

/// Why a text is not the URL of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidServiceUrl {
    /// It is not a URL with a host, or has a user, a password or a query.
    #[error("write http://HOST:PORT")]
    Malformed,
    /// TLS is not supported.
    #[error(
        "https:// is not supported; connect over http:// to a proxy or tunnel on this machine that speaks TLS"
    )]
    Https,
}

impl ServiceUrl {
    /// The host and port to connect to, as `127.0.0.1:3000`.
    pub(super) fn address(&self) -> String {
        let port = self.0.port_or_known_default().unwrap_or_default();
        format!("{}:{port}", self.0.host_str().unwrap_or_default())
    }

    /// The name or address of its machine.
    pub(super) fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The value of `Host` in requests.
    pub(super) fn authority(&self) -> &str {
        &self.0[Position::BeforeHost..Position::AfterPort]
    }

    /// The target of a request for this path of the service.
    pub(super) fn target(&self, path: &str) -> String {
        format!("{}{path}", self.0.path().trim_end_matches('/'))
    }
}

impl FromStr for ServiceUrl {
    type Err = InvalidServiceUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| InvalidServiceUrl::Malformed)?;
        let has_user = !url.username().is_empty() || url.password().is_some();
        match url.scheme() {
            "https" => Err(InvalidServiceUrl::Https),
            "http" if !has_user && url.query().is_none() => Ok(Self(url)),
            _ => Err(InvalidServiceUrl::Malformed),
        }
    }
}

impl fmt::Display for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, address: &str, target: &str) {
        let url: ServiceUrl = text.parse().unwrap();
        assert_eq!((url.address().as_str(), url.target("/orders").as_str()), (address, target));
    }

    #[test]
    fn a_url_has_the_address_and_the_target_of_requests() {
        check("http://127.0.0.1:3000", "127.0.0.1:3000", "/orders");
        check("http://orders.example.com/", "orders.example.com:80", "/orders");
        check("http://[::1]:3000", "[::1]:3000", "/orders");
        check("http://example.com/orders-api/", "example.com:80", "/orders-api/orders");
    }

    #[test]
    fn other_urls_are_rejected() {
        for text in ["", "127.0.0.1:3000", "ftp://a", "http://", "http://me@a", "http://a?b=c"] {
            assert_eq!(text.parse::<ServiceUrl>(), Err(InvalidServiceUrl::Malformed), "{text}");
        }
        assert_eq!("https://a".parse::<ServiceUrl>(), Err(InvalidServiceUrl::Https));
    }
}
