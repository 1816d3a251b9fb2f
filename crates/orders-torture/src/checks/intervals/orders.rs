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

/// Which version of which order a state is. An order that is created again under the same id has
/// another `created_at`.
type Identity = (Timestamp, u64);

fn intervals(events: &[Event<OrderOp>]) -> Vec<StateInterval<Position>> {
    let writes = events.iter().filter_map(|event| match &event.op {
        OrderOp::Created { writer, calendar, datetime, created_at } => {
            let position = Position { calendar: Some(calendar.clone()), datetime: *datetime };
            Some((event, *writer, position, created_at.map(|created_at| (created_at, 1))))
        }
        OrderOp::Replaced { writer, calendar, datetime, response } => {
            let response = response.as_ref();
            let calendar = calendar.as_ref().or(response.map(|order| &order.calendar));
            let position = Position { calendar: calendar.cloned(), datetime: *datetime };
            let identity = response.map(|order| (order.created_at, order.version));
            Some((event, *writer, position, identity))
        }
        _ => None,
    });
    writes
        .map(|(write, writer, mut position, mut identity)| {
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
                    identity = Some((order.created_at, order.version));
                }
            }
            let earliest = write.invoked;
            state_interval(Some(writer), position, earliest, observations, events, |event| {
                relation(&event.op, writer, identity)
            })
        })
        .collect()
}

/// What `op` says about the state that `writer` wrote.
fn relation(op: &OrderOp, writer: OperationId, identity: Option<Identity>) -> Relation {
    match op {
        OrderOp::Created { writer: other, .. } if *other != writer => {
            Relation::OtherState { may_end: false }
        }
        OrderOp::Deleted => Relation::OtherState { may_end: true },
        OrderOp::Replaced { writer: other, response, .. } if *other != writer => {
            match (response, identity) {
                (Some(order), Some((created_at, version))) if order.created_at == created_at => {
                    if order.version > version {
                        Relation::Successor
                    } else {
                        Relation::Unrelated
                    }
                }
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
