//! An operation before it is sent: [`PlannedOperation`].

use orders_core::{CalendarId, MinimumGap, OrderId, Timestamp};

use crate::history::OperationId;

/// An operation that the generator planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedOperation {
    /// Identifies the operation, and everything that it writes.
    pub id: OperationId,
    /// The service process that receives it, modulo the number of processes.
    pub process: usize,
    /// What it does.
    pub action: Action,
}

/// What an operation does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Creates an order.
    Create {
        /// The id that the client chooses; if it is `None`, the service generates one.
        id: Option<OrderId>,
        /// The calendar.
        calendar: CalendarId,
        /// When the order starts.
        datetime: Timestamp,
    },
    /// Moves an order to another time.
    Move {
        /// The order.
        target: Target,
        /// The new calendar; if it is `None`, the order stays in its calendar.
        calendar: Option<CalendarId>,
        /// The new time.
        datetime: Timestamp,
    },
    /// Replaces an order without moving it.
    ReplaceInPlace(Target),
    /// Deletes an order.
    Delete(Target),
    /// Reads an order.
    Read(Target),
    /// Lists the orders.
    List,
    /// Changes a calendar's minimum gap.
    SetGap {
        /// The calendar.
        calendar: CalendarId,
        /// The new gap.
        gap: MinimumGap,
    },
    /// Reads a calendar.
    ReadCalendar(CalendarId),
}

/// The order that an operation is about. Which orders exist depends on earlier outcomes, so some
/// targets are only resolved when the operation is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The order with this id, which a client chose.
    OwnId(OrderId),
    /// One of the orders that are known to exist; the index, modulo their number.
    Existing(usize),
    /// One of the recently deleted orders; the index, modulo their number.
    Deleted(usize),
}
