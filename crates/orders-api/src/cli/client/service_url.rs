//! Where a service runs: [`ServiceUrl`].

use std::fmt;
use std::str::FromStr;

use hyper::Uri;

/// The port of HTTP.
const HTTP_PORT: u16 = 80;

/// Where a service runs: `http://HOST:PORT`, with a path when it is behind a proxy.
///
/// ```
/// use orders_api::cli::client::ServiceUrl;
/// assert!("http://127.0.0.1:3000".parse::<ServiceUrl>().is_ok());
/// assert!("https://orders.example.com".parse::<ServiceUrl>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceUrl {
    host: String,
    port: u16,
    authority: String,
    path: String,
}

/// Why a text is no URL of a service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidServiceUrl {
    /// It is no URL with a host.
    #[error("write http://HOST:PORT")]
    Malformed,
    /// TLS is not spoken here.
    #[error(
        "only http:// is spoken here; for https:// let a proxy or tunnel on this machine do that part"
    )]
    Https,
}

impl ServiceUrl {
    /// Whom to connect to.
    pub(super) fn address(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// What `Host` says.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    /// What a request asks for that wants this path of the service.
    pub(super) fn target(&self, path: &str) -> String {
        format!("{}{path}", self.path)
    }
}

impl FromStr for ServiceUrl {
    type Err = InvalidServiceUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let uri: Uri = text.parse().map_err(|_| InvalidServiceUrl::Malformed)?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => return Err(InvalidServiceUrl::Https),
            Some(_) | None => return Err(InvalidServiceUrl::Malformed),
        }
        let authority = uri.authority().ok_or(InvalidServiceUrl::Malformed)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || authority.as_str().contains('@') || uri.query().is_some() {
            return Err(InvalidServiceUrl::Malformed);
        }
        Ok(Self {
            host: host.to_owned(),
            port: authority.port_u16().unwrap_or(HTTP_PORT),
            authority: authority.to_string(),
            path: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}

impl fmt::Display for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, address: (&str, u16), target: &str) {
        let url: ServiceUrl = text.parse().unwrap();
        assert_eq!((url.address(), url.target("/orders").as_str()), (address, target));
    }

    #[test]
    fn a_url_says_whom_to_connect_to_and_what_to_ask_for() {
        check("http://127.0.0.1:3000", ("127.0.0.1", 3000), "/orders");
        check("http://orders.example.com/", ("orders.example.com", 80), "/orders");
        check("http://[::1]:3000", ("::1", 3000), "/orders");
        check("http://example.com/orders-api/", ("example.com", 80), "/orders-api/orders");
    }

    #[test]
    fn what_is_no_url_of_a_service_is_refused() {
        for text in ["", "127.0.0.1:3000", "ftp://a", "http://", "http://me@a", "http://a?b=c"] {
            assert_eq!(text.parse::<ServiceUrl>(), Err(InvalidServiceUrl::Malformed), "{text}");
        }
        assert_eq!("https://a".parse::<ServiceUrl>(), Err(InvalidServiceUrl::Https));
    }
}
