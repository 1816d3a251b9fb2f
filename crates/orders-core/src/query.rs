//! Which orders, in which order: [`OrderFilter`], [`OrderQuery`], [`Page`].

use crate::{CalendarId, Order, OrderId, ServiceId, Timestamp};

/// Which orders are meant: those to which all that is given applies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only those of this calendar.
    pub calendar: Option<CalendarId>,
    /// Only those that name this service.
    pub service: Option<ServiceId>,
    /// Only those that start then or later.
    pub from: Option<Timestamp>,
    /// Only those that start earlier.
    pub to: Option<Timestamp>,
}

/// Which way a list runs along `datetime` and `id`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Direction {
    /// Earliest first.
    #[default]
    Ascending,
    /// Latest first.
    Descending,
}

/// A place in the list of all orders, which goes by `datetime` and then `id`. No order needs to be there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The first key.
    pub datetime: Timestamp,
    /// The second key.
    pub id: OrderId,
}

/// A part of the list of all orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderQuery {
    /// Which orders.
    pub filter: OrderFilter,
    /// Which way.
    pub direction: Direction,
    /// Behind which place to begin, seen in that direction.
    pub after: Option<Position>,
    /// How many at most.
    pub limit: usize,
}

/// What a query answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The orders.
    pub orders: Vec<Order>,
    /// Where to go on, while there is more.
    pub next: Option<Position>,
}
