//! What the rule answers when it refuses: [`Conflict`], [`GapTooWide`].

use std::fmt;

use crate::{CalendarId, MinimumGap, NearestFree, OrderId, Timestamp};

/// An order's name and time: as much as another client may need to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Booking {
    /// The order.
    pub id: OrderId,
    /// When it starts.
    pub datetime: Timestamp,
}

/// A wished time is too close to orders that stand, with what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Conflict {
    /// The wished time.
    pub datetime: Timestamp,
    /// The calendar it was wished in.
    pub calendar: CalendarId,
    /// How far apart orders of that calendar must be.
    pub minimum_gap: MinimumGap,
    /// The orders in the way, by time; at least one.
    pub conflicts_with: Vec<Booking>,
    /// Times that were free instead.
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

/// A calendar has orders that are too close for the minimum gap it was to get.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("calendar {calendar} has orders less than {} apart", minimum_gap.in_words())]
pub struct GapTooWide {
    /// The calendar.
    pub calendar: CalendarId,
    /// The gap that it cannot have.
    pub minimum_gap: MinimumGap,
    /// The earliest pairs that stand against it, at most [`MAX_PAIRS`].
    pub too_close: Vec<TooClose>,
}

/// The most pairs that [`GapTooWide`] names.
pub const MAX_PAIRS: usize = 100;
