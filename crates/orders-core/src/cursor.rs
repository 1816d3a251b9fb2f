//! Positions in the feed of changes: [`Cursor`].

use std::fmt;
use std::str::FromStr;

use crate::Timestamp;

/// A position in the feed of changes: everything up to one change has been seen.
///
/// The instant at which the position was assigned tells apart two changes that got the same position in different
/// histories, for example after a failover to a server that lacked the last changes.
///
/// ```
/// use orders_core::Cursor;
/// let cursor: Cursor = "42_1667124180123456".parse()?;
/// assert_eq!(cursor.position, 42);
/// assert_eq!(cursor.assigned_at.to_string(), "2022-10-30T10:03:00.123456Z");
/// assert_eq!(cursor.to_string(), "42_1667124180123456");
/// # Ok::<(), orders_core::InvalidCursor>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// The number of the change, from 1. The changes of a feed have consecutive numbers. 0 is before all of them.
    pub position: u64,
    /// When the change got its position.
    pub assigned_at: Timestamp,
}

/// A text is not a cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a cursor of the feed of changes")]
pub struct InvalidCursor(String);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.position, self.assigned_at.as_micros())
    }
}

/// Only the form in which a cursor is printed: decimal numbers without signs and leading zeros.
impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let parse = || {
            let (position, micros) = text.split_once('_')?;
            let assigned_at = Timestamp::from_micros(micros.parse().ok()?).ok()?;
            let position =
                position.parse().ok().filter(|position| i64::try_from(*position).is_ok())?;
            Some(Self { position, assigned_at })
        };
        let cursor = parse().filter(|cursor| cursor.to_string() == text);
        cursor.ok_or_else(|| InvalidCursor(text.to_owned()))
    }
}
