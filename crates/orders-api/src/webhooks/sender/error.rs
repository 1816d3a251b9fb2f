//! Why a message was not sent: [`NotAllowed`] and [`SendError`].
//!
//! Their texts are shown to whoever registered the webhook. So they say nothing about the network of the service: not which
//! addresses a name has there, and nothing from the responses of other hosts.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::iter::successors;
use std::net::IpAddr;
use std::time::Duration;

use rustls::CertificateError;

/// Messages must not be sent to a target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAllowed {
    #[error(
        "{0} is not an allowed address: webhooks are sent to public addresses and to the networks in --webhook-networks"
    )]
    Address(IpAddr),
    #[error(
        "{0} has an address that is not allowed: webhooks are sent to public addresses and to the networks in --webhook-networks"
    )]
    Name(String),
    #[error("http:// is allowed only in the networks in --webhook-networks; use https://")]
    PlainHttp,
    #[error("the name {0} cannot be resolved")]
    Unresolved(String),
    /// Nobody knows now whether the name has addresses. The cause is for the log.
    #[error("the name {name} could not be looked up; try again later")]
    LookupFailed { name: String, cause: String },
}

/// There was no complete response to a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SendError {
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    #[error("no connection within {}", seconds(*.0))]
    NoConnection(Duration),
    #[error("connection refused")]
    Refused,
    #[error("the host cannot be reached")]
    Unreachable,
    #[error("the certificate is not valid: {0}")]
    Certificate(&'static str),
    #[error("the TLS handshake failed")]
    Tls,
    #[error("no response within {}", seconds(*.0))]
    NoResponse(Duration),
    #[error("the connection was closed before the response was complete")]
    Closed,
    #[error("the response is not HTTP/1.1, or its head is too long")]
    NotHttp,
    #[error("the connection failed")]
    Connection,
}

impl SendError {
    /// The error that an error of a library means.
    pub(super) fn find(error: &(dyn Error + 'static)) -> Self {
        causes(error).find_map(interpret).unwrap_or(Self::Connection)
    }
}

/// The error and what it was caused by, from the outside in.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(Some(error), |&error| {
        // An `io::Error` skips the error that it contains.
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}

/// What a single error means, if it is one that says it.
fn interpret(error: &(dyn Error + 'static)) -> Option<SendError> {
    if let Some(error) = error.downcast_ref::<SendError>() {
        Some(error.clone())
    } else if let Some(error) = error.downcast_ref::<rustls::Error>() {
        Some(match error {
            rustls::Error::InvalidCertificate(error) => SendError::Certificate(reason(error)),
            _ => SendError::Tls,
        })
    } else if let Some(error) = error.downcast_ref::<hyper::Error>() {
        if error.is_incomplete_message() {
            Some(SendError::Closed)
        } else if error.is_parse() {
            Some(SendError::NotHttp)
        } else {
            None
        }
    } else {
        match error.downcast_ref::<io::Error>()?.kind() {
            ErrorKind::ConnectionRefused => Some(SendError::Refused),
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
                Some(SendError::Unreachable)
            }
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof => {
                Some(SendError::Closed)
            }
            ErrorKind::TimedOut => Some(SendError::Unreachable),
            _ => None,
        }
    }
}

fn reason(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another name"
        }
        CertificateError::UnknownIssuer => {
            "its issuer is not one of the system's root certificates (or SSL_CERT_FILE)"
        }
        CertificateError::Revoked => "it was revoked",
        // webpki's error has no variant of its own in rustls.
        CertificateError::Other(error) if error.to_string() == "CaUsedAsEndEntity" => {
            "it is that of an authority (CA:TRUE), not of a server"
        }
        _ => "it cannot be verified",
    }
}

/// A duration as `15 s`.
fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
