//! Which orders the clients know: [`KnownOrders`].

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use orders_core::{OrderId, Timestamp};

use crate::history::Operation;
use crate::http::{Outcome, Request};

use super::operation::{Action, PlannedOperation, Target};

/// How many deleted orders are remembered.
const MAX_DELETED: usize = 64;

/// What all clients together know from responses. It may be out of date.
#[derive(Debug, Default)]
pub(super) struct KnownOrders(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    existing: Vec<(OrderId, Timestamp)>,
    /// The most recent one last.
    deleted: VecDeque<OrderId>,
}

impl KnownOrders {
    /// The request for a planned operation, with its target resolved. If there is no such target,
    /// the request reads instead.
    pub(super) fn request(&self, operation: &PlannedOperation) -> Request {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match operation.action.clone() {
            Action::Create { id, calendar, datetime } => Request::Create { id, calendar, datetime },
            Action::Move { target, calendar, datetime } => match known.resolve(target) {
                Some(id) => Request::Replace { id, calendar, datetime },
                None => Request::List,
            },
            Action::ReplaceInPlace(target) => match known.resolve(target) {
                Some(id) => match known.existing.iter().find(|(existing, _)| *existing == id) {
                    Some(&(_, datetime)) => Request::Replace { id, calendar: None, datetime },
                    None => Request::Read(id),
                },
                None => Request::List,
            },
            Action::Delete(target) => known.resolve(target).map_or(Request::List, Request::Delete),
            Action::Read(target) => known.resolve(target).map_or(Request::List, Request::Read),
            Action::List => Request::List,
            Action::SetGap { calendar, gap } => Request::SetGap { calendar, gap },
            Action::ReadCalendar(calendar) => Request::ReadCalendar(calendar),
        }
    }

    /// Updates what is known with the outcome of an operation.
    pub(super) fn update(&self, operation: &Operation) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match (&operation.request, &operation.outcome) {
            (_, Outcome::Order(order)) => {
                known.forget(&order.id);
                known.existing.push((order.id.clone(), order.datetime));
            }
            (Request::Delete(id), Outcome::Deleted) => {
                known.forget(id);
                known.deleted.push_back(id.clone());
                if known.deleted.len() > MAX_DELETED {
                    known.deleted.pop_front();
                }
            }
            (
                Request::Replace { id, .. } | Request::Delete(id) | Request::Read(id),
                Outcome::NotFound,
            ) => known.forget(id),
            _ => {}
        }
    }
}

impl Known {
    fn resolve(&self, target: Target) -> Option<OrderId> {
        match target {
            Target::OwnId(id) => Some(id),
            Target::Existing(index) => {
                let index = index.checked_rem(self.existing.len())?;
                Some(self.existing[index].0.clone())
            }
            Target::Deleted(index) => {
                let index = index.checked_rem(self.deleted.len())?;
                Some(self.deleted[index].clone())
            }
        }
    }

    fn forget(&mut self, id: &OrderId) {
        self.existing.retain(|(existing, _)| existing != id);
    }
}
