//! The model of a calendar's gap: [`CalendarModel`].

use crate::history::OperationId;

use super::super::events::CalendarOp;
use super::model::Model;

/// A register that holds a calendar's gap. Its state is the operation that set the gap, or `None`
/// for the gap at the start of the run.
pub(super) struct CalendarModel;

impl Model for CalendarModel {
    type State = Option<OperationId>;
    type Op = CalendarOp;

    fn step(state: &Self::State, op: &CalendarOp) -> Option<Self::State> {
        match op {
            CalendarOp::Set(writer) => Some(Some(*writer)),
            CalendarOp::Observed(writer) => (writer == state).then_some(*writer),
        }
    }
}
