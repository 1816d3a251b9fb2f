//! Where there is room: [`Schedule`], and the searches it is made of.
//!
//! Everything here is a pure function of times; who has them in a database streams them in.

use crate::{MinimumGap, Slot, Timestamp};

/// How far from the wished time the nearest free time is looked for: 366 days, in microseconds.
pub const SEARCH_REACH_MICROS: i64 = 366 * 24 * 60 * 60 * 1_000_000;

/// The nearest times to a wished one at which an order could start; none within 366 days is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NearestFree {
    /// The latest free time that is not after the wished one.
    pub before: Option<Timestamp>,
    /// The earliest free time that is not before the wished one.
    pub after: Option<Timestamp>,
}

/// A half-open span of time: `from` belongs to it, `to` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Interval {
    /// The first instant of the span.
    pub from: Timestamp,
    /// The first instant after the span.
    pub to: Timestamp,
}

impl Interval {
    /// Whether `at` lies in the span.
    #[must_use]
    pub fn contains(self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }
}

/// The times taken in one calendar, in order: what a wish is held against.
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
    /// A schedule of orders at these times, which may come in any order.
    pub fn new(gap: MinimumGap, taken: impl IntoIterator<Item = Timestamp>) -> Self {
        let mut taken: Vec<_> = taken.into_iter().collect();
        taken.sort_unstable();
        Self { gap, taken }
    }

    /// The times that a new order at `at` would conflict with, in order.
    #[must_use]
    pub fn conflicts(&self, at: Timestamp) -> &[Timestamp] {
        let wish = Slot::new(at, self.gap);
        let clashes = |taken: Timestamp| Slot::new(taken, self.gap).conflicts_with(wish);
        let start = self.taken.partition_point(|&taken| taken < at && !clashes(taken));
        let end = self.taken.partition_point(|&taken| taken < at || clashes(taken));
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
        // Of the orders on the far side only the next one can still reach `at`.
        let from = split.saturating_sub(1);
        let until = (split + 1).min(self.taken.len());
        NearestFree {
            before: last_free_until(at, self.gap, self.taken[..until].iter().rev().copied()),
            after: first_free_from(at, self.gap, self.taken[from..].iter().copied()),
        }
    }

    /// The spans of `window` in which an order could start: in order, apart, none empty.
    #[must_use]
    pub fn free(&self, window: Interval) -> Vec<Interval> {
        free_within(window, self.gap, self.taken.iter().copied())
    }
}

/// The earliest time from `at` on at which an order could start, within [`SEARCH_REACH_MICROS`].
///
/// `taken` must rise, and hold every order from one gap before `at` on; it is read only as far as needed.
pub fn first_free_from(
    at: Timestamp,
    gap: MinimumGap,
    taken: impl IntoIterator<Item = Timestamp>,
) -> Option<Timestamp> {
    search(at, gap, taken, 1)
}

/// The latest time until `at` at which an order could start, within [`SEARCH_REACH_MICROS`].
///
/// `taken` must fall, and hold every order from one gap after `at` back; it is read only as far as needed.
pub fn last_free_until(
    at: Timestamp,
    gap: MinimumGap,
    taken: impl IntoIterator<Item = Timestamp>,
) -> Option<Timestamp> {
    search(at, gap, taken, -1)
}

/// Steps from `at` over one taken time after the other, forwards (1) or backwards (-1).
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

/// The spans of `window` in which an order could start: in order, apart, none empty.
///
/// `taken` must rise, and hold every order of the window and of one gap on either side of it.
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
