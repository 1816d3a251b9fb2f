//! When each state of an order held: [`order_intervals`].

use std::collections::HashMap;

use orders_core::{CalendarId, OrderId, Timestamp};

use crate::history::OperationId;

use super::super::events::{Event, Events, OrderOp};
use super::{Observations, Relation, StateInterval, state_interval};

/// The calendar and time of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::checks) struct Position {
    /// `None` if the calendar is unknown.
    pub(in crate::checks) calendar: Option<CalendarId>,
    pub(in crate::checks) datetime: Timestamp,
}

/// The states of every order.
pub(in crate::checks) type OrderIntervals = HashMap<OrderId, Vec<StateInterval<Position>>>;

/// When each state of every order held, as far as the events say.
pub(in crate::checks) fn order_intervals(events: &Events) -> OrderIntervals {
    events.orders.iter().map(|(id, events)| (id.clone(), intervals(events))).collect()
}

fn intervals(events: &[Event<OrderOp>]) -> Vec<StateInterval<Position>> {
    let writes = events.iter().filter_map(|event| match &event.op {
        OrderOp::Created { writer, calendar, datetime, response } => {
            let position = Position { calendar: Some(calendar.clone()), datetime: *datetime };
            Some((event, *writer, position, response.as_ref().map(|order| order.version)))
        }
        OrderOp::Replaced { writer, calendar, datetime, response } => {
            let response = response.as_ref();
            let calendar = calendar.as_ref().or(response.map(|order| &order.calendar));
            let position = Position { calendar: calendar.cloned(), datetime: *datetime };
            Some((event, *writer, position, response.map(|order| order.version)))
        }
        _ => None,
    });
    writes
        .map(|(write, writer, mut position, mut version)| {
            let mut observations = Observations::default();
            if write.certain {
                observations.add_begin(write.completed);
            }
            for event in events {
                if let OrderOp::Observed(order) = &event.op
                    && order.writer == Some(writer)
                {
                    observations.add_observation(event.invoked, event.completed);
                    position.calendar.get_or_insert_with(|| order.calendar.clone());
                    version = Some(order.version);
                }
            }
            let earliest = write.invoked;
            state_interval(Some(writer), position, earliest, observations, events, |event| {
                relation(&event.op, writer, version)
            })
        })
        .collect()
}

/// What `op` says about the state that `writer` wrote with this version, if it is known. Versions are never repeated.
fn relation(op: &OrderOp, writer: OperationId, version: Option<u64>) -> Relation {
    match op {
        OrderOp::Created { writer: other, .. } if *other != writer => {
            Relation::OtherState { may_end: false }
        }
        OrderOp::Deleted => Relation::OtherState { may_end: true },
        OrderOp::Replaced { writer: other, response, .. } if *other != writer => {
            match (response, version) {
                (Some(order), Some(version)) if order.version > version => Relation::Successor,
                (Some(_), Some(_)) => Relation::Unrelated,
                _ => Relation::OtherState { may_end: true },
            }
        }
        OrderOp::Observed(order) if order.writer != Some(writer) => {
            Relation::OtherState { may_end: false }
        }
        OrderOp::Absent => Relation::OtherState { may_end: false },
        OrderOp::Created { .. }
        | OrderOp::Replaced { .. }
        | OrderOp::Observed(_)
        | OrderOp::Exists => Relation::Unrelated,
    }
}
