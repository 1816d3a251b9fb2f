//! The outcome of a request, as its client saw it: [`Outcome`].

use std::fmt;

use orders_core::{Booking, Calendar, Conflict, Order, TooClose};

use super::Failure;

/// The outcome of a request: its classified response, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// 200 or 201 with an order.
    Order(Order),
    /// 200 with a list of orders.
    Orders(Vec<Order>),
    /// 200 with a calendar.
    Calendar(Calendar),
    /// 204
    Deleted,
    /// 404
    NotFound,
    /// 409 `id-taken`
    IdTaken,
    /// 409 `order-conflict`
    OrderConflict(Conflict),
    /// 409 `gap-too-wide`
    GapTooWide(Vec<TooClose>),
    /// There is no result.
    Failed(Failure),
}

impl Outcome {
    /// The name of the kind of outcome, for statistics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Order(_) | Self::Orders(_) | Self::Calendar(_) | Self::Deleted => "ok",
            Self::NotFound => "not-found",
            Self::IdTaken => "id-taken",
            Self::OrderConflict(_) => "order-conflict",
            Self::GapTooWide(_) => "gap-too-wide",
            Self::Failed(failure) => failure.kind(),
        }
    }

    /// Whether a write with this outcome may or may not have taken effect.
    #[must_use]
    pub fn is_indeterminate(&self) -> bool {
        matches!(self, Self::Failed(failure) if *failure != Failure::NotSent)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order(order) => {
                let Order { id, calendar, datetime, version, created_at, totalfee, .. } = order;
                write!(
                    f,
                    "order {id} in {calendar} at {datetime}, fee {totalfee}, \
                     version {version}, created {created_at}"
                )
            }
            Self::Orders(orders) => write!(f, "{} orders", orders.len()),
            Self::Calendar(Calendar { id, name, minimum_gap }) => {
                write!(f, "calendar {id}, {name:?}, gap {minimum_gap}")
            }
            Self::Deleted => f.write_str("deleted"),
            Self::OrderConflict(Conflict { calendar, minimum_gap, conflicts_with, .. }) => {
                write!(f, "order-conflict in {calendar} (gap {minimum_gap}) with")?;
                conflicts_with
                    .iter()
                    .try_for_each(|Booking { id, datetime }| write!(f, " {id} at {datetime}"))
            }
            Self::GapTooWide(pairs) => {
                f.write_str("gap-too-wide for")?;
                pairs.iter().try_for_each(|TooClose { first, second }| {
                    let (first_at, second_at) = (first.datetime, second.datetime);
                    write!(f, " [{} at {first_at} and {} at {second_at}]", first.id, second.id)
                })
            }
            Self::Failed(failure) => write!(f, "{failure}"),
            Self::NotFound | Self::IdTaken => f.write_str(self.kind()),
        }
    }
}
