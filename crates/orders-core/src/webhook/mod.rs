//! Endpoints of other teams to which changes are sent: [`Webhook`].
//!
//! [`Delivery`] decides which change is sent next and what follows from the response. It does no I/O and knows no clock,
//! so that its promises can be tested: every change is delivered at least once, those of one order in sequence, and an
//! order whose delivery fails delays no other.

mod delivery;
mod health;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

pub use self::delivery::{Delivery, Message, Next, Parked, Progress, Saved};
pub use self::health::{Failure, GIVE_UP_AFTER, Health, MAX_PARKED};
use crate::{
    After, Change, ChangeFilter, ChangeType, Cursor, RecordedChange, Timestamp, WebhookId,
};

/// The longest URL, in characters.
pub const MAX_URL_LENGTH: usize = 2000;

/// An endpoint, and how far it has been sent the changes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Where the changes are sent.
    pub url: WebhookUrl,
    /// Which changes are sent.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub subscription: Subscription,
    /// Whether changes are sent.
    pub state: WebhookState,
    /// Up to here, all changes have been delivered, were not wanted, or wait with a parked order.
    pub cursor: Cursor,
    /// How many changes the feed has after the cursor, also those that are not wanted.
    pub behind: u64,
    /// How many orders are parked: their delivery has failed and is attempted again later.
    pub parked: u64,
    /// When the first delivery failed after the last success, or since when nothing can be sent.
    pub failing_since: Option<Timestamp>,
    /// Why the last delivery failed, why nothing can be sent, or why the webhook is disabled.
    pub last_error: Option<String>,
}

/// The fields that a client gives to create or replace a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct WebhookDraft {
    /// The id of a new webhook; generated if `None`.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub id: Option<WebhookId>,
    /// Where the changes are sent.
    pub url: WebhookUrl,
    /// Which changes are sent.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub subscription: Subscription,
    /// Whether changes are sent. `None` leaves it as it is; a new webhook is active.
    #[cfg_attr(feature = "serde", serde(rename = "state", serialize_with = "crate::wire::paused"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub paused: Option<bool>,
    /// After which change it is sent changes. `None` goes on where it is; a new webhook begins with the next change.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub after: Option<SendAfter>,
}

impl WebhookDraft {
    /// An active webhook that is sent all changes.
    #[must_use]
    pub fn new(url: WebhookUrl) -> Self {
        Self { id: None, url, subscription: Subscription::default(), paused: None, after: None }
    }
}

/// After which change a webhook is sent changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendAfter {
    /// The last one that was made.
    Now,
    /// The one with this cursor.
    Cursor(Cursor),
}

impl From<SendAfter> for After {
    fn from(after: SendAfter) -> Self {
        match after {
            SendAfter::Now => Self::Now,
            SendAfter::Cursor(cursor) => Self::Cursor(cursor),
        }
    }
}

/// Which changes a webhook is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Subscription {
    /// Those of orders that match before or after the change.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub filter: ChangeFilter,
    /// Only those of these types; `None` is all types.
    pub types: Option<BTreeSet<ChangeType>>,
}

impl Subscription {
    /// The change as the endpoint gets it, if it gets it.
    #[must_use]
    pub fn change(&self, recorded: &RecordedChange) -> Option<Change> {
        let is_wanted = |change: &Change| {
            self.types.as_ref().is_none_or(|types| types.contains(&change.change_type))
        };
        recorded.seen_by(None, &self.filter).filter(is_wanted)
    }
}

/// Whether changes are sent to a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum WebhookState {
    /// They are.
    Active,
    /// A client has paused it.
    Paused,
    /// The service has given it up; the webhook's last error says why.
    Disabled,
}

impl WebhookState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Active, Self::Paused, Self::Disabled];

    /// The name: `active`, `paused` or `disabled`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
        }
    }
}

impl fmt::Display for WebhookState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The URL of an endpoint: absolute, with the scheme `http` or `https`, and without blanks. Whether it may be called is
/// not decided here.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WebhookUrl(Box<str>);

/// Why a text is not the URL of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWebhookUrl {
    /// It has another scheme, or none.
    #[error("the URL of an endpoint begins with https://, like https://crm.example/hooks")]
    Scheme,
    /// It has at most [`MAX_URL_LENGTH`] characters.
    #[error("a URL has at most {MAX_URL_LENGTH} characters, this one has {0}")]
    TooLong(usize),
    /// Blanks, control characters and characters outside ASCII must be escaped.
    #[error("{0:?} is not allowed in a URL")]
    Character(char),
}

impl WebhookUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// If it has another scheme, is too long, or contains a character that is not allowed.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidWebhookUrl> {
        let text = text.as_ref();
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        if rest.is_none_or(str::is_empty) {
            Err(InvalidWebhookUrl::Scheme)
        } else if let Some(c) = text.chars().find(|c| !c.is_ascii_graphic()) {
            Err(InvalidWebhookUrl::Character(c))
        } else if text.len() > MAX_URL_LENGTH {
            Err(InvalidWebhookUrl::TooLong(text.len()))
        } else {
            Ok(Self(text.into()))
        }
    }

    /// The URL as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for WebhookUrl {
    type Err = InvalidWebhookUrl;

    fn from_str(text: &str) -> Result<Self, InvalidWebhookUrl> {
        Self::new(text)
    }
}
