//! Requests whose sender is not known: [`AuthenticationFailures`].

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::Label;

/// Why the sender of a request is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// There are no credentials, and the request needs some.
    Missing,
    /// The header is malformed, or the token is not accepted.
    Invalid,
    /// The key is unknown, expired or revoked, or the token is not that of a client.
    Unknown,
}

impl Reason {
    const ALL: [Self; 3] = [Self::Missing, Self::Invalid, Self::Unknown];

    fn label(self) -> Label {
        let name = match self {
            Self::Missing => "missing",
            Self::Invalid => "invalid",
            Self::Unknown => "unknown",
        };
        [("reason", name)]
    }
}

/// How often authentication failed, for each reason.
pub(crate) struct AuthenticationFailures(Family<Label, Counter>);

impl Default for AuthenticationFailures {
    fn default() -> Self {
        let failures = Family::<Label, Counter>::default();
        for reason in Reason::ALL {
            drop(failures.get_or_create(&reason.label()));
        }
        Self(failures)
    }
}

impl AuthenticationFailures {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "orders_authentication_failures",
            "How many requests were rejected because their sender is not known",
            self.0.clone(),
        );
    }

    pub(crate) fn count(&self, reason: Reason) {
        self.0.get_or_create(&reason.label()).inc();
    }
}
