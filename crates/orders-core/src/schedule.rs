//! Free time: [`Schedule`], and the searches that it is made of.
//!
//! Everything here is a pure function of times, so a database can stream its times into a search.

use crate::{MinimumGap, Slot, Timestamp};

/// How far from the requested time the search for free time goes: 366 days, in microseconds.
pub const SEARCH_REACH_MICROS: i64 = 366 * 24 * 60 * 60 * 1_000_000;

/// The times nearest to a requested time at which an order could start.
///
/// A side is `None` if no time within 366 days is free, or if the store gave up the search: it may do so in a
/// calendar whose gap is less than a minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NearestFree {
    /// The latest free time that is not after the requested one.
    pub before: Option<Timestamp>,
    /// The earliest free time that is not before the requested one.
    pub after: Option<Timestamp>,
}

impl NearestFree {
    /// The free times nearest to `at` if none is free from the order at `first` to the order at `last`, and both one
    /// gap before `first` and one gap after `last` are free. A side whose order is unknown is `None`.
    #[must_use]
    pub fn beside(
        at: Timestamp,
        gap: MinimumGap,
        first: Option<Timestamp>,
        last: Option<Timestamp>,
    ) -> Self {
        let free = |order: Option<Timestamp>, direction: i64| {
            let free = order?.plus_micros(direction * gap.as_micros())?;
            let distance = (free.as_micros() - at.as_micros()).abs();
            (distance <= SEARCH_REACH_MICROS).then_some(free)
        };
        Self { before: free(first, -1), after: free(last, 1) }
    }
}

/// A half-open interval of time: it includes `from` and excludes `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Interval {
    /// The first instant of the interval.
    pub from: Timestamp,
    /// The first instant after the interval.
    pub to: Timestamp,
}

impl Interval {
    /// Whether the interval includes `at`.
    #[must_use]
    pub fn contains(self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }
}

/// The times of the orders of one calendar, in ascending order.
///
/// ```
/// use orders_core::{MinimumGap, Schedule, Timestamp};
/// let at = |text: &str| text.parse::<Timestamp>().unwrap();
/// let schedule = Schedule::new(MinimumGap::default(), [at("2022-11-01T11:11:11.111Z")]);
/// let noon = at("2022-11-01T12:00:00Z");
/// assert_eq!(schedule.conflicts(noon), [at("2022-11-01T11:11:11.111Z")]);
/// assert_eq!(schedule.nearest_free(noon).after, Some(at("2022-11-01T14:11:11.111Z")));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    gap: MinimumGap,
    taken: Vec<Timestamp>,
}

impl Schedule {
    /// A schedule of orders that start at these times, given in any order.
    pub fn new(gap: MinimumGap, taken: impl IntoIterator<Item = Timestamp>) -> Self {
        let mut taken: Vec<_> = taken.into_iter().collect();
        taken.sort_unstable();
        Self { gap, taken }
    }

    /// The times that a new order at `at` would conflict with, in order.
    #[must_use]
    pub fn conflicts(&self, at: Timestamp) -> &[Timestamp] {
        let requested = Slot::new(at, self.gap);
        let conflicts = |taken: Timestamp| Slot::new(taken, self.gap).conflicts_with(requested);
        let start = self.taken.partition_point(|&taken| taken < at && !conflicts(taken));
        let end = self.taken.partition_point(|&taken| taken < at || conflicts(taken));
        &self.taken[start..end]
    }

    /// Whether an order could start at `at`.
    #[must_use]
    pub fn is_free(&self, at: Timestamp) -> bool {
        self.conflicts(at).is_empty()
    }

    /// The nearest times to `at` at which an order could start; `at` itself when it is free.
    #[must_use]
    pub fn nearest_free(&self, at: Timestamp) -> NearestFree {
        let split = self.taken.partition_point(|&taken| taken < at);
        // Of the orders on the other side of `at`, only the nearest can conflict with it.
        let from = split.saturating_sub(1);
        let until = (split + 1).min(self.taken.len());
        NearestFree {
            before: last_free_until(at, self.gap, self.taken[..until].iter().rev().copied()),
            after: first_free_from(at, self.gap, self.taken[from..].iter().copied()),
        }
    }

    /// The intervals of `window` in which an order could start: ascending, not adjacent, none empty.
    #[must_use]
    pub fn free(&self, window: Interval) -> Vec<Interval> {
        free_within(window, self.gap, self.taken.iter().copied())
    }
}

/// The earliest time from `at` on at which an order could start, within [`SEARCH_REACH_MICROS`].
///
/// `taken` must be ascending, and contain every order from one gap before `at` on. It is read only as far as needed.
pub fn first_free_from(
    at: Timestamp,
    gap: MinimumGap,
    taken: impl IntoIterator<Item = Timestamp>,
) -> Option<Timestamp> {
    search(at, gap, taken, 1)
}

/// The latest time until `at` at which an order could start, within [`SEARCH_REACH_MICROS`].
///
/// `taken` must be descending, and contain every order from one gap after `at` back. It is read only as far as needed.
pub fn last_free_until(
    at: Timestamp,
    gap: MinimumGap,
    taken: impl IntoIterator<Item = Timestamp>,
) -> Option<Timestamp> {
    search(at, gap, taken, -1)
}

/// Steps from `at` over one order after the other, forwards (1) or backwards (-1).
fn search(
    at: Timestamp,
    gap: MinimumGap,
    taken: impl IntoIterator<Item = Timestamp>,
    direction: i64,
) -> Option<Timestamp> {
    let reach = at.as_micros() + direction * SEARCH_REACH_MICROS;
    let mut candidate = at;
    for taken in taken {
        if Slot::new(candidate, gap).conflicts_with(Slot::new(taken, gap)) {
            candidate = taken.plus_micros(direction * gap.as_micros())?;
        } else if (taken.as_micros() - candidate.as_micros()) * direction > 0 {
            break;
        }
        if (candidate.as_micros() - reach) * direction > 0 {
            return None;
        }
    }
    Some(candidate)
}

/// The intervals of `window` in which an order could start: ascending, not adjacent, none empty.
///
/// `taken` must be ascending, and contain every order of the window and of one gap on either side of it.
pub fn free_within(
    window: Interval,
    gap: MinimumGap,
    taken: impl IntoIterator<Item = Timestamp>,
) -> Vec<Interval> {
    let mut free = Vec::new();
    let mut open = |from: i64, to: i64| {
        let (from, to) = (from.max(window.from.as_micros()), to.min(window.to.as_micros()));
        if let (true, Ok(from), Ok(to)) =
            (from < to, Timestamp::from_micros(from), Timestamp::from_micros(to))
        {
            free.push(Interval { from, to });
        }
    };
    let mut from = window.from.as_micros();
    if gap > MinimumGap::ZERO {
        for taken in taken {
            // Exactly one gap before an order is free, and the microsecond after it is not.
            open(from, taken.as_micros() - gap.as_micros() + 1);
            from = from.max(taken.as_micros() + gap.as_micros());
        }
    }
    open(from, window.to.as_micros());
    free
}
