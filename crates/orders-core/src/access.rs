//! Who may do what: [`Client`] and [`Scope`].

use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use crate::{CalendarId, ClientId};

/// What a client may do. Each scope includes the ones before it.
///
/// ```
/// use orders_core::Scope;
/// assert!("write".parse::<Scope>()? > Scope::Read);
/// assert!("owner".parse::<Scope>().is_err());
/// # Ok::<(), orders_core::InvalidScope>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Read everything.
    Read,
    /// Write orders.
    Write,
    /// Write services and calendars.
    Admin,
}

/// A text is not a scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a scope; the scopes are read, write and admin")]
pub struct InvalidScope(String);

impl Scope {
    /// All scopes, in ascending order.
    pub const ALL: [Scope; 3] = [Scope::Read, Scope::Write, Scope::Admin];

    /// The name of the scope: `read`, `write` or `admin`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        let found = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        found.ok_or_else(|| InvalidScope(text.to_owned()))
    }
}

/// A named caller of the service.
///
/// ```
/// use std::collections::BTreeSet;
/// use orders_core::{CalendarId, Client, ClientId, Scope};
/// let shop = Client {
///     id: ClientId::new("web-shop")?,
///     scope: Scope::Write,
///     calendars: Some(BTreeSet::from([CalendarId::new("roof")?])),
///     rate: None,
///     subject: None,
/// };
/// assert!(shop.may_use(&CalendarId::new("roof")?));
/// assert!(!shop.may_use(&CalendarId::default()));
/// # Ok::<(), orders_core::InvalidId>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// What it may do.
    pub scope: Scope,
    /// The only calendars that it may use; `None` is all.
    pub calendars: Option<BTreeSet<CalendarId>>,
    /// How many requests it may send in a second, to each instance of the service; `None` is any number.
    pub rate: Option<NonZeroU32>,
    /// How an identity provider names it in its tokens.
    pub subject: Option<String>,
}

impl Client {
    /// Whether it may use this calendar.
    #[must_use]
    pub fn may_use(&self, calendar: &CalendarId) -> bool {
        self.calendars.as_ref().is_none_or(|calendars| calendars.contains(calendar))
    }
}
