//! When each state of an order or a calendar held: [`StateInterval`].

mod gaps;
mod orders;

use crate::history::{Moment, OperationId};

use super::events::Event;

pub(super) use gaps::Gaps;
pub(super) use orders::{OrderIntervals, order_intervals};

/// A state that one write produced, and when it held. No two writes produce the same state, so it
/// held once, without interruption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StateInterval<S> {
    /// The write; `None` for the state at the start of the run.
    pub(super) writer: Option<OperationId>,
    /// The state.
    pub(super) state: S,
    /// It did not hold earlier.
    pub(super) earliest: Moment,
    /// It certainly held from the first moment to the second, inclusive.
    pub(super) certain: Option<(Moment, Moment)>,
    /// It did not hold later.
    pub(super) latest: Moment,
}

impl<S> StateInterval<S> {
    /// Whether the state may have held at some instant from `start` to `end`.
    pub(super) fn may_overlap(&self, start: Moment, end: Moment) -> bool {
        self.earliest <= end && start <= self.latest
    }
}

/// When a state was observed.
#[derive(Debug, Clone, Copy)]
struct Observations {
    /// The state began to hold at this moment or earlier; `NEVER` if that is unknown.
    begun_by: Moment,
    /// The state held at this moment or later.
    held_until: Option<Moment>,
}

impl Default for Observations {
    fn default() -> Self {
        Self { begun_by: Moment::NEVER, held_until: None }
    }
}

impl Observations {
    /// The state began to hold before a write or observation completed.
    fn add_begin(&mut self, completed: Moment) {
        self.begun_by = self.begun_by.min(completed);
    }

    /// A request that took from `invoked` to `completed` observed the state.
    fn add_observation(&mut self, invoked: Moment, completed: Moment) {
        self.add_begin(completed);
        self.held_until = self.held_until.max(Some(invoked));
    }
}

/// What an event says about a state that another event produced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    /// Nothing.
    Unrelated,
    /// It took effect after the state, whatever the times are, and may have ended it.
    Successor,
    /// The state did not hold yet, or not any more, when this took effect. If `may_end`, this may
    /// have ended it.
    OtherState { may_end: bool },
}

/// The interval of a state whose write was invoked at `earliest`. The events are sorted by their
/// invocation.
fn state_interval<S, Op>(
    writer: Option<OperationId>,
    state: S,
    earliest: Moment,
    observations: Observations,
    events: &[Event<Op>],
    relation: impl Fn(&Event<Op>) -> Relation,
) -> StateInterval<S> {
    let Observations { begun_by, held_until } = observations;
    let mut first_end = None;
    let mut latest = Moment::NEVER;
    for event in events {
        let (may_end, is_after) = match relation(event) {
            Relation::Unrelated => (false, false),
            Relation::Successor => (true, true),
            Relation::OtherState { may_end } => (may_end, event.invoked > begun_by),
        };
        // An event that completed before the write was invoked did not end the state.
        if may_end && event.completed >= earliest {
            first_end = first_end.or(Some(event.invoked));
        }
        if is_after && event.certain {
            latest = latest.min(event.completed);
        }
        if first_end.is_some() && event.invoked > latest {
            break;
        }
    }
    let until = first_end.unwrap_or(Moment::NEVER).max(held_until.unwrap_or(Moment(0)));
    let certain = (begun_by != Moment::NEVER && begun_by <= until).then_some((begun_by, until));
    StateInterval { writer, state, earliest, certain, latest }
}
