//! What serves one order at a time: [`Calendar`], and the [`CalendarDraft`] that creates it.

use crate::{CalendarId, MinimumGap, Name};

/// A resource that serves one order at a time: an inspector, a crew, a site.
///
/// Orders of one calendar are at least its minimum gap apart. Orders of different calendars never conflict.
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

/// The fields that a client gives to create or replace a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CalendarDraft {
    /// The id of a new calendar; generated if `None`.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub id: Option<CalendarId>,
    /// What people call it.
    pub name: Name,
    /// `None` is 3 hours for a new calendar, and the current gap for an existing one.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub minimum_gap: Option<MinimumGap>,
}
