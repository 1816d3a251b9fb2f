//! Who can serve one order at a time: [`Calendar`], and the [`CalendarDraft`] it is made from.

use crate::{CalendarId, MinimumGap, Name};

/// Whatever can serve one order at a time: an inspector, a crew, a site.
///
/// Orders of one calendar are at least its minimum gap apart; orders of different calendars have
/// nothing to do with each other.
///
/// ```
/// use orders_core::{Calendar, CalendarId, MinimumGap, Name};
/// let crew = Calendar {
///     id: CalendarId::new("analysis")?,
///     name: Name::new("Analysis crew")?,
///     minimum_gap: MinimumGap::default(),
/// };
/// assert!("P32D".parse::<MinimumGap>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Calendar {
    /// Its id.
    pub id: CalendarId,
    /// What people call it.
    pub name: Name,
    /// How far apart its orders must start.
    #[cfg_attr(feature = "serde", serde(default))]
    pub minimum_gap: MinimumGap,
}

/// A calendar as a client wishes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CalendarDraft {
    /// The client's own id, or none to have one made.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub id: Option<CalendarId>,
    /// What people are to call it.
    pub name: Name,
    /// None is 3 hours for a new calendar, and the present gap for one that stands.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub minimum_gap: Option<MinimumGap>,
}
