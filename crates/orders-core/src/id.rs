//! Ids: [`OrderId`], [`ServiceId`], [`CalendarId`], [`ClientId`], [`WebhookId`],
//! [`CalendarFeedId`].

use std::fmt;
use std::str::FromStr;

/// The longest id, in characters.
pub const MAX_ID_LENGTH: usize = 64;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// An id has at least one character.
    #[error("an id must not be empty")]
    Empty,
    /// An id has at most [`MAX_ID_LENGTH`] characters.
    #[error("an id has at most {MAX_ID_LENGTH} characters, this one has {0}")]
    TooLong(usize),
    /// An id contains only characters that need no escaping in a URL (RFC 3986, unreserved).
    #[error("{0:?} is not allowed in an id, only A-Z a-z 0-9 . _ ~ -")]
    Character(char),
    /// `.` and `..` mean something else in a path.
    #[error("{0:?} is a path segment with a meaning of its own, so it cannot be an id")]
    Dots(String),
}

/// Checks the rules that all kinds of ids share.
fn parse(text: &str) -> Result<Box<str>, InvalidId> {
    let foreign = |c: &char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '~' | '-'));
    if text.is_empty() {
        Err(InvalidId::Empty)
    } else if let Some(c) = text.chars().find(foreign) {
        Err(InvalidId::Character(c))
    } else if text.len() > MAX_ID_LENGTH {
        Err(InvalidId::TooLong(text.len()))
    } else if matches!(text, "." | "..") {
        Err(InvalidId::Dots(text.to_owned()))
    } else {
        Ok(text.into())
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Reads an id.
            ///
            /// # Errors
            /// If `text` is empty, too long, or contains anything but `A-Z a-z 0-9 . _ ~ -`.
            pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidId> {
                parse(text.as_ref()).map(Self)
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = from.deserialize_any(crate::wire::IdText)?;
                Self::new(text).map_err(serde::de::Error::custom)
            }
        }
    };
}

id! {
    /// Names an order: 1 to 64 characters out of `A-Z a-z 0-9 . _ ~ -`, not `.` or `..`.
    ///
    /// ```
    /// use orders_core::OrderId;
    /// assert_eq!(OrderId::new("223")?.as_str(), "223");
    /// assert!(OrderId::new("a/b").is_err());
    /// # Ok::<(), orders_core::InvalidId>(())
    /// ```
    OrderId
}

id! {
    /// Names a service that can be ordered; the same characters as an [`OrderId`].
    ///
    /// ```
    /// use orders_core::ServiceId;
    /// assert_eq!(ServiceId::new("inspection")?.to_string(), "inspection");
    /// assert!(ServiceId::new("").is_err());
    /// # Ok::<(), orders_core::InvalidId>(())
    /// ```
    ServiceId
}

id! {
    /// Names a client of the service; the same characters as an [`OrderId`].
    ///
    /// ```
    /// use orders_core::ClientId;
    /// assert_eq!(ClientId::new("web-shop")?.as_str(), "web-shop");
    /// # Ok::<(), orders_core::InvalidId>(())
    /// ```
    ClientId
}

id! {
    /// Names an endpoint that is sent the changes; the same characters as an [`OrderId`].
    ///
    /// ```
    /// use orders_core::WebhookId;
    /// assert_eq!(WebhookId::new("crm")?.as_str(), "crm");
    /// # Ok::<(), orders_core::InvalidId>(())
    /// ```
    WebhookId
}

id! {
    /// Names a feed of calendars; the same characters as an [`OrderId`].
    ///
    /// ```
    /// use orders_core::CalendarFeedId;
    /// assert!(CalendarFeedId::new("a b").is_err());
    /// ```
    CalendarFeedId
}

id! {
    /// Names a calendar; the same characters as an [`OrderId`].
    ///
    /// ```
    /// use orders_core::CalendarId;
    /// assert!(CalendarId::default().is_default());
    /// assert!(CalendarId::new("..").is_err());
    /// ```
    CalendarId
}

impl CalendarId {
    /// Whether this is the calendar that always exists.
    #[must_use]
    pub fn is_default(&self) -> bool {
        &*self.0 == "default"
    }
}

/// The calendar `default`, which always exists. Orders that name no calendar go there.
impl Default for CalendarId {
    fn default() -> Self {
        Self("default".into())
    }
}
