//! Why a request has no result: [`Failure`].

use std::fmt;

/// Why a request has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// 503. The request may have taken effect.
    Unavailable,
    /// The connection was refused, so the request did not take effect.
    NotSent,
    /// The connection was lost or the client timed out. The request may have taken effect.
    NoResponse(String),
    /// A response that the contract does not allow. The request may have taken effect.
    Invalid(String),
}

impl Failure {
    /// The name of the kind of failure, for statistics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::NotSent => "not sent",
            Self::NoResponse(_) => "no response",
            Self::Invalid(_) => "INVALID",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoResponse(cause) | Self::Invalid(cause) => {
                write!(f, "{} ({cause})", self.kind())
            }
            Self::Unavailable | Self::NotSent => f.write_str(self.kind()),
        }
    }
}
