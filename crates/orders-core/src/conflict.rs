//! Why the rule rejects a write: [`Conflict`], [`GapTooWide`].

use std::fmt;

use crate::{CalendarId, MinimumGap, NearestFree, OrderId, Timestamp};

/// The id and the time of an order: what another client needs to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Booking {
    /// The order.
    pub id: OrderId,
    /// When it starts.
    pub datetime: Timestamp,
}

/// A requested time is too close to existing orders, with the free times nearest to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Conflict {
    /// The requested time.
    pub datetime: Timestamp,
    /// The calendar for which it was requested.
    pub calendar: CalendarId,
    /// How far apart the orders of that calendar must be.
    pub minimum_gap: MinimumGap,
    /// The orders that are too close, by time; at least one.
    pub conflicts_with: Vec<Booking>,
    /// The free times nearest to the requested one.
    pub nearest_free: NearestFree,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is less than {} from ", self.datetime, self.minimum_gap.in_words())?;
        for (i, Booking { id, datetime }) in self.conflicts_with.iter().enumerate() {
            let and = if i > 0 { " and " } else { "" };
            write!(f, "{and}order {id} at {datetime}")?;
        }
        Ok(())
    }
}

/// Two orders of one calendar that a wider gap would not allow, the earlier one first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TooClose {
    /// The order that starts first.
    pub first: Booking,
    /// The order that starts less than the gap after it.
    pub second: Booking,
}

/// A new minimum gap is rejected because orders of the calendar are closer than that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("calendar {calendar} has orders less than {} apart", minimum_gap.in_words())]
pub struct GapTooWide {
    /// The calendar.
    pub calendar: CalendarId,
    /// The rejected gap.
    pub minimum_gap: MinimumGap,
    /// The earliest pairs of orders that are too close, at most [`MAX_PAIRS`].
    pub too_close: Vec<TooClose>,
}

/// The most pairs that [`GapTooWide`] lists.
pub const MAX_PAIRS: usize = 100;
