//! Where clients reach the service: [`PublicUrl`].

use std::fmt;
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{HttpRequest, web};
use url::Url;

use super::endpoint::{Argument, Reply};
use crate::openapi::Operation;
use crate::problem::Problem;

/// The URL below which clients find the paths of the service, without a slash at the end: `https://orders.example`. It is that of
/// `--public-url`, or else what the request says: its `Host`, and what a proxy in front of the service has added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicUrl(String);

/// A text is not such a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write it as https://orders.example or https://example.com/orders, without user, query and fragment"
)]
pub(crate) struct InvalidPublicUrl;

impl FromStr for PublicUrl {
    type Err = InvalidPublicUrl;

    fn from_str(text: &str) -> Result<Self, InvalidPublicUrl> {
        let url = Url::parse(text).map_err(|_| InvalidPublicUrl)?;
        let is_base = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !is_base {
            return Err(InvalidPublicUrl);
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Argument for PublicUrl {
    async fn extract(request: &HttpRequest, _: &mut Payload) -> Reply<Self> {
        // OK because every app has it, see `server::listen`.
        let configured =
            request.app_data::<web::Data<Option<Self>>>().expect("the public URL is set");
        if let Some(url) = &***configured {
            return Ok(url.clone());
        }
        let connection = request.connection_info();
        let url = format!("{}://{}", connection.scheme(), connection.host()).parse();
        url.map_err(|_| Problem::malformed("the header Host is not that of a URL"))
    }

    fn describe(_: &mut Operation) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_has_a_host_and_perhaps_a_path() {
        for (text, url) in [
            ("https://orders.example", "https://orders.example"),
            ("https://orders.example/", "https://orders.example"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("https://example.com/orders/", "https://example.com/orders"),
        ] {
            assert_eq!(text.parse(), Ok(PublicUrl(url.to_owned())));
        }
        for bad in [
            "",
            "orders.example",
            "ftp://orders.example",
            "https://",
            "https://me@orders.example",
            "https://orders.example?a",
            "https://orders.example/#a",
        ] {
            assert_eq!(bad.parse::<PublicUrl>(), Err(InvalidPublicUrl), "{bad}");
        }
    }
}
