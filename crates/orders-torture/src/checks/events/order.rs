//! What an operation did to an order, or observed of it: [`OrderOp`].

use orders_core::{CalendarId, Order, Timestamp};

use crate::database::OrderRow;
use crate::history::{Operation, OperationId};
use crate::http::{Outcome, Request};

/// What an operation did to an order, or observed of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::checks) enum OrderOp {
    /// It created the order.
    Created {
        writer: OperationId,
        calendar: CalendarId,
        datetime: Timestamp,
        /// `None` if there was no response.
        response: Option<OrderState>,
    },
    /// It replaced the order.
    Replaced {
        writer: OperationId,
        /// `None` if the order stayed in its calendar.
        calendar: Option<CalendarId>,
        datetime: Timestamp,
        /// `None` if there was no response.
        response: Option<OrderState>,
    },
    /// It deleted the order.
    Deleted,
    /// It observed the order in this state.
    Observed(OrderState),
    /// It observed that the order exists.
    Exists,
    /// It observed that the order does not exist.
    Absent,
}

/// The state of an order, as a response or a row shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::checks) struct OrderState {
    /// The operation that wrote it; `None` if no operation can have written its fee.
    pub(in crate::checks) writer: Option<OperationId>,
    pub(in crate::checks) version: u64,
    pub(in crate::checks) calendar: CalendarId,
    pub(in crate::checks) created_at: Timestamp,
}

impl OrderOp {
    /// What an operation on a single order did; `None` if its outcome says nothing about the order.
    pub(super) fn of(operation: &Operation) -> Option<Self> {
        let Operation { id, request, outcome, .. } = operation;
        let writer = *id;
        let response = match outcome {
            Outcome::Order(order) => Some(OrderState::of(order)),
            _ => None,
        };
        let may_have_succeeded = outcome.is_indeterminate() || response.is_some();
        match (request, outcome) {
            (Request::Create { calendar, datetime, .. }, _) if may_have_succeeded => {
                let (calendar, datetime) = (calendar.clone(), *datetime);
                Some(Self::Created { writer, calendar, datetime, response })
            }
            (Request::Replace { calendar, datetime, .. }, _) if may_have_succeeded => {
                let (calendar, datetime) = (calendar.clone(), *datetime);
                Some(Self::Replaced { writer, calendar, datetime, response })
            }
            (Request::Delete(_), _) if outcome.is_indeterminate() => Some(Self::Deleted),
            (Request::Delete(_), Outcome::Deleted) => Some(Self::Deleted),
            (Request::Read(_), _) if response.is_some() => response.map(Self::Observed),
            (_, Outcome::NotFound) => Some(Self::Absent),
            (_, Outcome::IdTaken) => Some(Self::Exists),
            // The service reports a conflict only after it has looked for the order itself.
            (Request::Create { .. }, Outcome::OrderConflict(_)) => Some(Self::Absent),
            (Request::Replace { .. }, Outcome::OrderConflict(_)) => Some(Self::Exists),
            _ => None,
        }
    }

    /// The operation whose state this is from now on.
    pub(super) fn writer(&self) -> Option<OperationId> {
        match self {
            Self::Created { writer, .. } | Self::Replaced { writer, .. } => Some(*writer),
            _ => None,
        }
    }

    /// The operation whose state this observed.
    pub(super) fn observed_writer(&self) -> Option<OperationId> {
        match self {
            Self::Observed(state) => state.writer,
            _ => None,
        }
    }
}

impl OrderState {
    /// The state in a response.
    pub(super) fn of(order: &Order) -> Self {
        Self {
            writer: OperationId::from_fee(order.totalfee),
            version: order.version,
            calendar: order.calendar.clone(),
            created_at: order.created_at,
        }
    }

    /// The state in a row.
    pub(super) fn of_row(row: &OrderRow) -> Self {
        Self {
            writer: OperationId::from_cents(row.cents),
            version: row.version,
            calendar: row.calendar.clone(),
            created_at: row.created_at,
        }
    }
}
