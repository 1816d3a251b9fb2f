//! The orders that a benchmark works on: [`Dataset`].
//!
//! Ids are numbers that begin with another digit for each purpose, and an order begins at a midnight that eight digits can write, because pgbench knows
//! nothing but numbers. Every month has 28 days here, which makes a date out of a number by division.

use std::fmt;

/// The id of the first order of the fill.
pub const FIRST_ID: u64 = 50_000_000;

/// The id of the first order that a benchmark creates.
pub const FIRST_NEW_ID: u64 = 1_000_000_000;

/// The id of the first order that is there to be deleted.
pub const FIRST_STOCK_ID: u64 = 2_000_000_000;

/// How many services there are.
pub const SERVICES: u64 = 10;

/// More would make the ids longer.
const MOST: u64 = 10_000_000;

/// How many days after the fill are for orders that a benchmark creates.
const ROOM: u64 = 700_000;

const DAYS_A_YEAR: u64 = 12 * 28;
const LAST_YEAR: u64 = 9999;
const FIRST_YEAR: u64 = 2000;

/// How many orders there are, in how many calendars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dataset {
    /// How many orders.
    pub orders: u64,
    /// How many calendars, which take turns.
    pub calendars: u64,
}

/// A day, counted from 2000-01-01 in months of 28 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub u64);

impl Dataset {
    /// How many orders of one calendar begin on one day.
    #[must_use]
    pub fn a_day(&self) -> u64 {
        if self.calendars == 1 { 4 } else { 1 }
    }

    /// How many days lie between those on which orders of one calendar begin.
    #[must_use]
    pub fn step(&self) -> u64 {
        if self.calendars == 1 { 1 } else { 3 }
    }

    /// The day on which an order of the fill begins; at midnight if its number is one of [`Self::at_midnight`].
    #[must_use]
    pub fn day_of(&self, order: u64) -> Day {
        Day(order / self.calendars * self.step() / self.a_day())
    }

    /// The id of the calendar of an order.
    #[must_use]
    pub fn calendar_of(&self, order: u64) -> u64 {
        1 + order % self.calendars
    }

    /// How many orders of the fill begin at midnight: those whose number is a multiple of [`Self::a_day`].
    #[must_use]
    pub fn at_midnight(&self) -> u64 {
        self.orders.div_ceil(self.a_day())
    }

    /// The first day after all orders of the fill.
    #[must_use]
    pub fn first_free_day(&self) -> Day {
        Day(self.day_of(self.orders).0 + self.step() + 1)
    }

    /// The first day of the orders that are there to be deleted.
    #[must_use]
    pub fn first_stock_day(&self) -> Day {
        Day(self.first_free_day().0 + ROOM)
    }

    /// How many days there are on which a month of the fill begins.
    #[must_use]
    pub fn months(&self) -> u64 {
        self.day_of(self.orders).0.saturating_sub(28).max(1)
    }

    /// Whether all of it fits into the years that the service knows.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.orders < MOST && Day(self.first_stock_day().0 + ROOM).year() <= LAST_YEAR
    }
}

impl Day {
    fn year(self) -> u64 {
        FIRST_YEAR + self.0 / DAYS_A_YEAR
    }
}

/// As RFC 3339 writes a date.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(day) = self;
        write!(f, "{:04}-{:02}-{:02}", self.year(), 1 + day % DAYS_A_YEAR / 28, 1 + day % 28)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_28_days() {
        assert_eq!(Day(0).to_string(), "2000-01-01");
        assert_eq!(Day(27).to_string(), "2000-01-28");
        assert_eq!(Day(28).to_string(), "2000-02-01");
        assert_eq!(Day(336).to_string(), "2001-01-01");
    }

    #[test]
    fn five_million_orders_fit_into_one_calendar() {
        assert!(Dataset { orders: 5_000_000, calendars: 1 }.fits());
        assert!(Dataset { orders: 5_000_000, calendars: 1000 }.fits());
        assert!(!Dataset { orders: 9_000_000, calendars: 1 }.fits());
    }

    #[test]
    fn orders_of_one_calendar_are_six_hours_or_three_days_apart() {
        let one = Dataset { orders: 100, calendars: 1 };
        assert_eq!([3, 4, 8].map(|order| one.day_of(order)), [Day(0), Day(1), Day(2)]);
        let many = Dataset { orders: 100, calendars: 10 };
        assert_eq!([9, 10, 20].map(|order| many.day_of(order)), [Day(0), Day(3), Day(6)]);
    }

    #[test]
    fn what_is_created_begins_after_the_fill() {
        for calendars in [1, 10] {
            let dataset = Dataset { orders: 101, calendars };
            assert!(dataset.day_of(dataset.orders - 1) < dataset.first_free_day());
        }
    }
}
