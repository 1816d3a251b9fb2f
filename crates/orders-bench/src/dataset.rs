//! The orders that a benchmark works on: [`Dataset`].
//!
//! Everything about an order is computed from its number. Requests, pgbench's scripts and the SQL that fills the database
//! share that arithmetic, which is generic over [`Number`]. A month has 28 days here, so that division makes a date.

use std::fmt;
use std::ops::{Add, Div, Mul, Rem};

/// The id of the first order in the database at the start.
pub(crate) const FIRST_ID: u64 = 50_000_000;

/// The id of the first order that a benchmark creates.
pub(crate) const FIRST_CREATED_ID: u64 = 1_000_000_000;

/// The id of the first order that is there to be deleted.
pub(crate) const FIRST_DELETED_ID: u64 = 2_000_000_000;

/// The id of the first order of changes that are there to be read or to expire.
pub(crate) const FIRST_CHANGED_ID: u64 = 3_000_000_000;

/// The key in the database of a calendar is this and its number.
pub(crate) const FIRST_KEY: u64 = 1000;

/// How many services there are.
pub(crate) const SERVICES: u64 = 10;

/// The days that are reserved for created orders, and as many for those to be deleted.
const RESERVED_DAYS: u64 = 700_000;

/// More orders would have longer ids.
const MAX_ORDERS: u64 = 10_000_000;

pub(crate) const DAYS_PER_MONTH: u64 = 28;
const DAYS_PER_YEAR: u64 = 12 * DAYS_PER_MONTH;
const FIRST_DATE: u64 = 20_000_101;
const LAST_DATE: u64 = 99_991_228;

/// A known number, or an expression that pgbench and PostgreSQL evaluate.
pub(crate) trait Number:
    Clone
    + fmt::Display
    + Add<Output = Self>
    + Add<u64, Output = Self>
    + Mul<u64, Output = Self>
    + Div<u64, Output = Self>
    + Rem<u64, Output = Self>
{
}

impl Number for u64 {}
impl Number for Expression {}

/// Integer arithmetic as text.
#[derive(Debug, Clone)]
pub(crate) struct Expression(pub(crate) String);

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident $sign:literal)*) => {$(
        impl<T: fmt::Display> $trait<T> for Expression {
            type Output = Self;

            fn $method(self, other: T) -> Self {
                Self(format!("({self} {} {other})", $sign))
            }
        }
    )*};
}

operators! { Add add "+"  Mul mul "*"  Div div "/"  Rem rem "%" }

/// The date of a day, as eight digits; day 0 is 2000-01-01.
pub(crate) fn date<N: Number>(day: N) -> N {
    day.clone() / DAYS_PER_YEAR * 10_000_u64
        + day.clone() % DAYS_PER_YEAR / DAYS_PER_MONTH * 100_u64
        + day % DAYS_PER_MONTH
        + FIRST_DATE
}

/// How many orders there are, in how many calendars.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dataset {
    pub(crate) orders: u64,
    pub(crate) calendars: u64,
}

impl Dataset {
    /// How many orders of one calendar begin on one day.
    pub(crate) fn per_day(&self) -> u64 {
        if self.calendars == 1 { 4 } else { 1 }
    }

    /// How many days lie between those on which orders of one calendar begin.
    fn days_apart(&self) -> u64 {
        if self.calendars == 1 { 1 } else { 3 }
    }

    /// The id of the calendar of an order.
    pub(crate) fn calendar<N: Number>(&self, order: N) -> N {
        order % self.calendars + 1_u64
    }

    /// The day on which an order begins, at midnight if its number is a multiple of [`Self::per_day`].
    pub(crate) fn day<N: Number>(&self, order: N) -> N {
        order / self.calendars * self.days_apart() / self.per_day()
    }

    /// The ids of the services of an order.
    pub(crate) fn services<N: Number>(&self, order: N) -> [N; 2] {
        let slot = order / self.calendars;
        [slot.clone(), slot + SERVICES / 2].map(|number| number % SERVICES + 1_u64)
    }

    /// How many orders begin at midnight.
    pub(crate) fn midnights(&self) -> u64 {
        self.orders.div_ceil(self.per_day())
    }

    /// The day on which a created order begins.
    pub(crate) fn created_day<N: Number>(&self, number: N) -> N {
        number / self.calendars + (self.day(self.orders) + self.days_apart() + 1)
    }

    /// The day on which an order begins that is there to be deleted.
    pub(crate) fn deleted_day<N: Number>(&self, number: N) -> N {
        self.created_day(number) + RESERVED_DAYS
    }

    /// How many days there are on which a month among the orders begins.
    pub(crate) fn months(&self) -> u64 {
        self.day(self.orders).saturating_sub(DAYS_PER_MONTH).max(1)
    }

    /// Whether all orders fit into the years that the service knows.
    pub(crate) fn fits(&self) -> bool {
        self.orders < MAX_ORDERS && date(self.deleted_day(0) + RESERVED_DAYS) <= LAST_DATE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_28_days() {
        let dates = [0, 27, 28, 336].map(date::<u64>);
        assert_eq!(dates, [20_000_101, 20_000_128, 20_000_201, 20_010_101]);
    }

    #[test]
    fn an_expression_is_what_a_number_is_computed_by() {
        let orders = Dataset { orders: 100, calendars: 10 };
        let day = orders.day(Expression("n".to_owned()));
        assert_eq!(day.to_string(), "(((n / 10) * 3) / 1)");
        assert_eq!([9, 10, 20].map(|order| orders.day(order)), [0, 3, 6]);
        let one_calendar = Dataset { orders: 100, calendars: 1 };
        assert_eq!([3, 4, 8].map(|order| one_calendar.day(order)), [0, 1, 2]);
    }

    #[test]
    fn five_million_orders_fit_into_one_calendar() {
        let fits = |orders, calendars| Dataset { orders, calendars }.fits();
        assert!(fits(5_000_000, 1) && fits(5_000_000, 1000) && !fits(9_000_000, 1));
    }

    #[test]
    fn an_order_has_two_services() {
        let dataset = Dataset { orders: 100, calendars: 10 };
        assert_eq!([9, 10, 99].map(|order| dataset.services(order)), [[1, 6], [2, 7], [10, 5]]);
    }

    #[test]
    fn created_orders_begin_after_the_others() {
        for calendars in [1, 10] {
            let dataset = Dataset { orders: 101, calendars };
            assert!(dataset.day(dataset.orders - 1) < dataset.created_day(0));
        }
    }
}
