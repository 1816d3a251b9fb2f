//! The model of an order: [`OrderModel`].

use orders_core::{CalendarId, Timestamp};

use crate::history::OperationId;

use super::super::events::OrderOp;
use super::model::Model;

/// The order under one id. Every creation, replacement and deletion increments the version of the id, from 1. A replacement
/// keeps `created_at`. After its deletion the order may be created again, with another `created_at`.
pub(super) struct OrderModel;

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct State {
    current: Option<Current>,
    /// The version of the last deletion; 0 if there was none.
    deletion: u64,
    /// The `created_at` of the deleted orders, sorted, as far as a response contained it.
    deleted: Vec<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Current {
    writer: OperationId,
    version: u64,
    calendar: CalendarId,
    /// `None` until a response contains it.
    created_at: Option<Timestamp>,
}

impl Model for OrderModel {
    type State = State;
    type Op = OrderOp;

    fn step(state: &State, op: &OrderOp) -> Option<State> {
        match (&state.current, op) {
            (None, OrderOp::Created { writer, calendar, response, .. }) => {
                let (writer, calendar) = (*writer, calendar.clone());
                let version = state.deletion + 1;
                let current = Current { writer, version, calendar, created_at: None };
                let Some(order) = response else { return state.with(current, None) };
                if order.version != version {
                    return None;
                }
                state.with(current, Some(order.created_at))
            }
            (Some(current), OrderOp::Replaced { writer, calendar, response, .. }) => {
                let next = Current {
                    writer: *writer,
                    version: current.version + 1,
                    calendar: calendar.as_ref().unwrap_or(&current.calendar).clone(),
                    created_at: current.created_at,
                };
                let Some(order) = response else { return state.with(next, None) };
                if (order.version, &order.calendar) != (next.version, &next.calendar) {
                    return None;
                }
                state.with(next, Some(order.created_at))
            }
            (Some(current), OrderOp::Deleted) => {
                let mut deleted = state.deleted.clone();
                deleted.extend(current.created_at);
                deleted.sort_unstable();
                Some(State { current: None, deletion: current.version + 1, deleted })
            }
            (Some(current), OrderOp::Observed(order)) => {
                let expected = (Some(current.writer), current.version, &current.calendar);
                if (order.writer, order.version, &order.calendar) != expected {
                    return None;
                }
                state.with(current.clone(), Some(order.created_at))
            }
            (Some(_), OrderOp::Exists) | (None, OrderOp::Absent) => Some(state.clone()),
            (None, _) | (Some(_), OrderOp::Created { .. } | OrderOp::Absent) => None,
        }
    }
}

impl State {
    /// The state with this order. `created_at` is the one in the response, if there is one. The
    /// result is `None` if it differs from the order's, or if a deleted order had it.
    fn with(&self, mut current: Current, created_at: Option<Timestamp>) -> Option<Self> {
        if let Some(created_at) = created_at {
            if current.created_at.is_some_and(|known| known != created_at)
                || self.deleted.contains(&created_at)
            {
                return None;
            }
            current.created_at = Some(created_at);
        }
        let (deletion, deleted) = (self.deletion, self.deleted.clone());
        Some(Self { current: Some(current), deletion, deleted })
    }
}
