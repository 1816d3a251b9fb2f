//! The URL of a webhook: [`Target`].

use std::str::FromStr;

use hyper::Uri;
use url::Url;

/// The longest URL of a webhook, in bytes.
pub(crate) const MAX_URL_LENGTH: usize = 2048;

/// A URL that a webhook can have. Whether its addresses are allowed is another question.
///
/// It is normalized as browsers do: an IPv4 address in octal, hexadecimal or with fewer parts is one in the usual form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target(Uri);

/// A text is not the URL of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidTarget {
    #[error("not a URL: {0}")]
    Syntax(String),
    #[error("the URL of a webhook begins with https:// or http://, not with {0}:")]
    Scheme(String),
    /// User names and passwords in URLs end up in logs.
    #[error(
        "the URL of a webhook must not contain a user name or a password; its messages are signed"
    )]
    Credentials,
    #[error("the URL of a webhook must not have a fragment (#), because fragments are never sent")]
    Fragment,
    #[error("the URL of a webhook has at most {MAX_URL_LENGTH} bytes, this one has {0}")]
    TooLong(usize),
}

impl Target {
    pub(super) fn uri(&self) -> &Uri {
        &self.0
    }
}

impl FromStr for Target {
    type Err = InvalidTarget;

    fn from_str(text: &str) -> Result<Self, InvalidTarget> {
        let url = Url::parse(text).map_err(|error| InvalidTarget::Syntax(error.to_string()))?;
        if !matches!(url.scheme(), "https" | "http") {
            Err(InvalidTarget::Scheme(url.scheme().to_owned()))
        } else if !url.username().is_empty() || url.password().is_some() {
            Err(InvalidTarget::Credentials)
        } else if url.fragment().is_some() {
            Err(InvalidTarget::Fragment)
        } else if url.as_str().len() > MAX_URL_LENGTH {
            Err(InvalidTarget::TooLong(url.as_str().len()))
        } else {
            let uri = Uri::try_from(url.as_str());
            uri.map(Self).map_err(|error| InvalidTarget::Syntax(error.to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, &str>) {
        let target = text.parse::<Target>();
        let shown =
            target.map(|target| target.uri().to_string()).map_err(|error| error.to_string());
        assert_eq!(shown.as_deref().map_err(String::as_str), expected, "{text}");
    }

    #[test]
    fn urls_are_normalized() {
        check("https://crm.example", Ok("https://crm.example/"));
        check(" HTTPS://CRM.Example:443/a b?c=ü ", Ok("https://crm.example/a%20b?c=%C3%BC"));
        check("http://crm.example:8443/h", Ok("http://crm.example:8443/h"));
        check("https://münchen.example/", Ok("https://xn--mnchen-3ya.example/"));
        check("https://2130706433/", Ok("https://127.0.0.1/"));
        check("https://0x7f.1/", Ok("https://127.0.0.1/"));
        check("https://0177.0.0.1/", Ok("https://127.0.0.1/"));
        check("https://１２７.0.0.1/", Ok("https://127.0.0.1/"));
        check("https://[0:0::FFFF:7f00:1]/", Ok("https://[::ffff:7f00:1]/"));
    }

    #[test]
    fn other_texts_are_not_urls_of_webhooks() {
        check("crm.example/hooks", Err("not a URL: relative URL without a base"));
        check("https://", Err("not a URL: empty host"));
        check("https://256.0.0.1/", Err("not a URL: invalid IPv4 address"));
        check("https://[fe80::1%25eth0]/", Err("not a URL: invalid IPv6 address"));
        let scheme = "the URL of a webhook begins with https:// or http://, not with file:";
        check("file:///etc/passwd", Err(scheme));
        let credentials = "the URL of a webhook must not contain a user name or a password; its messages are signed";
        check("https://user@crm.example/", Err(credentials));
        check("https://:password@crm.example/", Err(credentials));
        let fragment =
            "the URL of a webhook must not have a fragment (#), because fragments are never sent";
        check("https://crm.example/#top", Err(fragment));
        let long = format!("https://crm.example/{}", "a".repeat(MAX_URL_LENGTH - 20));
        check(&long, Ok(&long));
        let too_long = "the URL of a webhook has at most 2048 bytes, this one has 2049";
        check(&format!("{long}a"), Err(too_long));
    }
}
