//! Which orders clients think to stand: [`Targets`].

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use orders_core::{CalendarId, OrderId, Timestamp};

use crate::answer::Answer;
use crate::history::Record;
use crate::plan::{Action, Operation, Target};
use crate::request::Request;

/// How many removed orders are remembered.
const GONE: usize = 64;

/// What the clients together know from their answers; it may be out of date.
#[derive(Debug, Default)]
pub struct Targets(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    standing: Vec<(OrderId, CalendarId, Timestamp)>,
    gone: VecDeque<OrderId>,
}

impl Targets {
    /// The request that an operation is, now.
    #[must_use]
    pub fn request(&self, operation: &Operation) -> Request {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match operation.action.clone() {
            Action::Place { id, calendar, datetime } => Request::Place { id, calendar, datetime },
            Action::Move { target, calendar, datetime } => match known.id(target) {
                Some(id) => Request::Replace { id, calendar, datetime },
                None => Request::List,
            },
            Action::Rewrite(target) => match known.id(target) {
                Some(id) => match known.standing.iter().find(|(standing, ..)| *standing == id) {
                    Some(&(_, _, datetime)) => Request::Replace { id, calendar: None, datetime },
                    None => Request::Read(id),
                },
                None => Request::List,
            },
            Action::Remove(target) => known.id(target).map_or(Request::List, Request::Remove),
            Action::Read(target) => known.id(target).map_or(Request::List, Request::Read),
            Action::List => Request::List,
            Action::SetGap { calendar, gap } => Request::SetGap { calendar, gap },
            Action::ReadCalendar(calendar) => Request::ReadCalendar(calendar),
        }
    }

    /// Takes over what an answer tells.
    pub fn learn(&self, record: &Record) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match (&record.request, &record.answer) {
            (_, Answer::Order(order)) => {
                known.forget(&order.id);
                let place = (order.id.clone(), order.calendar.clone(), order.datetime);
                known.standing.push(place);
            }
            (Request::Remove(id), Answer::Removed) => {
                known.forget(id);
                known.gone.push_back(id.clone());
                if known.gone.len() > GONE {
                    known.gone.pop_front();
                }
            }
            (
                Request::Replace { id, .. } | Request::Remove(id) | Request::Read(id),
                Answer::NotFound,
            ) => {
                known.forget(id);
            }
            _ => {}
        }
    }
}

impl Known {
    fn id(&self, target: Target) -> Option<OrderId> {
        match target {
            Target::Own(id) => Some(id),
            Target::Standing(number) => {
                let place = number.checked_rem(self.standing.len())?;
                Some(self.standing[place].0.clone())
            }
            Target::Gone(number) => Some(self.gone[number.checked_rem(self.gone.len())?].clone()),
        }
    }

    fn forget(&mut self, id: &OrderId) {
        self.standing.retain(|(standing, ..)| standing != id);
    }
}
