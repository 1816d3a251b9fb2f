//! What an operation did to a calendar's gap, or observed of it: [`CalendarOp`].

use crate::history::{Operation, OperationId};
use crate::http::{Outcome, Request};

/// What an operation did to a calendar's gap, or observed of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::checks) enum CalendarOp {
    /// It set the gap.
    Set(OperationId),
    /// It observed the gap that this operation set, or `None` for the gap at the start of the run.
    Observed(Option<OperationId>),
}

impl CalendarOp {
    /// What an operation on a calendar did; `None` if its outcome says nothing about the gap.
    pub(super) fn of(operation: &Operation) -> Option<Self> {
        match (&operation.request, &operation.outcome) {
            (Request::SetGap { .. }, outcome) if outcome.is_indeterminate() => {
                Some(Self::Set(operation.id))
            }
            (Request::SetGap { .. }, Outcome::Calendar(_)) => Some(Self::Set(operation.id)),
            (_, Outcome::Calendar(calendar)) => {
                Some(Self::Observed(OperationId::from_calendar_name(&calendar.name)))
            }
            _ => None,
        }
    }

    /// The operation whose gap this is from now on.
    pub(super) fn writer(&self) -> Option<OperationId> {
        match self {
            Self::Set(writer) => Some(*writer),
            Self::Observed(_) => None,
        }
    }

    /// The operation whose gap this observed.
    pub(super) fn observed_writer(&self) -> Option<OperationId> {
        match self {
            Self::Set(_) => None,
            Self::Observed(writer) => *writer,
        }
    }
}
