//! Lists of orders: [`OrderFilter`], [`OrderQuery`], [`Page`]. Other lists: [`ListQuery`], [`ListPage`].

use crate::{CalendarId, Order, OrderId, Reference, ServiceId, Timestamp};

/// Which orders a list contains: those that match every given field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only those of this calendar.
    pub calendar: Option<CalendarId>,
    /// Only those with this service.
    pub service: Option<ServiceId>,
    /// Only those with this reference.
    pub reference: Option<Reference>,
    /// Only those that start at this time or later.
    pub from: Option<Timestamp>,
    /// Only those that start before this time.
    pub to: Option<Timestamp>,
}

/// The direction of a list along `datetime` and `id`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Direction {
    /// Earliest first.
    #[default]
    Ascending,
    /// Latest first.
    Descending,
}

/// A position in the list of all orders, which is sorted by `datetime` and then `id`. It need not be that of an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The first sort key.
    pub datetime: Timestamp,
    /// The second sort key.
    pub id: OrderId,
}

/// What a page of a list contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderQuery {
    /// Which orders.
    pub filter: OrderFilter,
    /// In which direction.
    pub direction: Direction,
    /// Only those that come after this position in that direction.
    pub after: Option<Position>,
    /// How many at most.
    pub limit: usize,
}

/// A page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The orders.
    pub orders: Vec<Order>,
    /// The position after which the next page begins, if there are more orders.
    pub next: Option<Position>,
}

/// What a page of a list that is sorted by id contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery<Id> {
    /// Only what has a greater id. Nothing needs to have this id.
    pub after: Option<Id>,
    /// How many at most, from 1.
    pub limit: usize,
}

/// A page of a list that is sorted by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPage<T, Id> {
    /// What is on the page.
    pub items: Vec<T>,
    /// The id after which the next page begins, if there is more.
    pub next: Option<Id>,
}

impl<T, Id> ListPage<T, Id> {
    /// The first `limit` of these items. There is a next page if there are more.
    #[must_use]
    pub fn new(mut items: Vec<T>, limit: usize, id: impl Fn(&T) -> Id) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(id);
        Self { items, next }
    }
}

/// How many items [`all`] gets at once.
const PAGE: usize = 1000;

/// All items of a list, page by page.
pub(crate) fn all<T, Id, E>(
    page: impl Fn(&ListQuery<Id>) -> Result<ListPage<T, Id>, E>,
) -> Result<Vec<T>, E> {
    let (mut query, mut all) = (ListQuery { after: None, limit: PAGE }, Vec::new());
    loop {
        let ListPage { items, next } = page(&query)?;
        all.extend(items);
        query.after = next;
        if query.after.is_none() {
            return Ok(all);
        }
    }
}
