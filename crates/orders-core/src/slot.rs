//! The rule: [`Slot`], and when two of them conflict.

use crate::{MinimumGap, Timestamp};

/// The time that an order keeps free of other orders: from its start until one minimum gap later, the end excluded.
///
/// Two orders of one calendar conflict if their slots overlap, that is, if they start less than the gap apart.
/// PostgreSQL stores the same slot as a `tstzrange` under an exclusion constraint.
///
/// ```
/// use orders_core::{MinimumGap, Slot};
/// let slot = |at: &str| Slot::new(at.parse().unwrap(), MinimumGap::default());
/// let noon = slot("2022-11-01T12:00:00Z");
/// assert!(noon.conflicts_with(slot("2022-11-01T14:59:59.999999Z")));
/// assert!(!noon.conflicts_with(slot("2022-11-01T15:00:00Z")));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slot {
    start: Timestamp,
    gap: MinimumGap,
}

impl Slot {
    /// The slot of an order that starts at `start` in a calendar with this gap.
    #[must_use]
    pub fn new(start: Timestamp, gap: MinimumGap) -> Self {
        Self { start, gap }
    }

    /// When the order starts.
    #[must_use]
    pub fn start(self) -> Timestamp {
        self.start
    }

    /// Whether two different orders of one calendar conflict if they have these slots. Symmetric.
    #[must_use]
    pub fn conflicts_with(self, other: Slot) -> bool {
        let (first, second) = if self.start <= other.start { (self, other) } else { (other, self) };
        let apart = second.start.as_micros() - first.start.as_micros();
        // An empty slot overlaps nothing.
        second.gap > MinimumGap::ZERO && apart < first.gap.as_micros()
    }
}
