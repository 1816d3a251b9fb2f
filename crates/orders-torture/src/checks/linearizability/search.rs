//! Searches for an order of events that explains every response: [`linearize`].
//!
//! This is the algorithm of Wing and Gong, with Lowe's cache of visited configurations. It
//! linearizes one event after another, each between its invocation and its completion, and
//! backtracks if no event can be next. An event with an unknown outcome may take effect at any time
//! after its invocation, or never.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::super::events::Event;
use super::model::Model;
use super::pending::{Candidate, EventIndex, Linearized};

/// How many configurations are visited before the search gives up.
const MAX_CONFIGURATIONS: usize = 2_000_000;

/// Whether a history is linearizable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict<S> {
    /// An order of the events explains every response.
    Linearizable,
    /// No order does.
    NotLinearizable {
        /// The state after the longest partial linearization.
        state: S,
        /// The indices of the events that would have to be next. None of them can be.
        next: Vec<usize>,
    },
    /// The search gave up.
    Undecided,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Configuration<S> {
    linearized: Linearized,
    state: S,
}

/// Searches for a linearization that starts in the state `initial`. The events are sorted by their
/// invocation.
pub(super) fn linearize<M: Model>(initial: M::State, events: &[Event<M::Op>]) -> Verdict<M::State> {
    let index = EventIndex::new(events);
    let first = Configuration { linearized: Linearized::default(), state: initial };
    let mut longest = first.clone();
    let mut visited = HashSet::new();
    let mut stack = vec![first];
    while let Some(configuration) = stack.pop() {
        if index.is_complete(&configuration.linearized) {
            return Verdict::Linearizable;
        }
        if visited.len() > MAX_CONFIGURATIONS {
            return Verdict::Undecided;
        }
        let candidates = index.candidates(&configuration.linearized);
        for (candidate, state) in successors::<M>(&configuration.state, candidates, events) {
            let linearized = configuration.linearized.with(candidate);
            let next = Configuration { linearized, state };
            if visited.insert(next.clone()) {
                stack.push(next);
            }
        }
        if configuration.linearized.len() > longest.linearized.len() {
            longest = configuration;
        }
    }
    let next = index.candidates(&longest.linearized);
    let next = next.into_iter().map(|candidate| candidate.index).collect();
    Verdict::NotLinearizable { state: longest.state, next }
}

/// The candidates that can be next, each with the state after it. The most promising one is last.
fn successors<M: Model>(
    state: &M::State,
    candidates: Vec<Candidate>,
    events: &[Event<M::Op>],
) -> Vec<(Candidate, M::State)> {
    let step = |candidate: &Candidate| M::step(state, &events[candidate.index].op);
    let mut next: Vec<_> = candidates
        .into_iter()
        .filter_map(|candidate| Some((candidate, step(&candidate)?)))
        .filter(|(candidate, after)| candidate.certain || after != state)
        .collect();
    // An event that is certain and does not change the state excludes nothing, so it can be next
    // without an alternative.
    if let Some(unchanged) = next.iter().position(|(_, after)| after == state) {
        return vec![next.swap_remove(unchanged)];
    }
    next.sort_by_key(|(candidate, _)| {
        (candidate.certain, Reverse(events[candidate.index].completed))
    });
    next
}

#[cfg(test)]
mod tests {
    use crate::history::Moment;

    use super::*;

    /// A register that holds a number.
    struct Register;

    enum Op {
        Write(u32),
        Read(u32),
    }

    impl Model for Register {
        type State = u32;
        type Op = Op;

        fn step(state: &u32, op: &Op) -> Option<u32> {
            match op {
                Op::Write(value) => Some(*value),
                Op::Read(value) => (value == state).then_some(*value),
            }
        }
    }

    fn certain(invoked: u64, completed: u64, op: Op) -> Event<Op> {
        let (invoked, completed) = (Moment(invoked), Moment(completed));
        Event { invoked, completed, certain: true, op, source: None }
    }

    fn uncertain(invoked: u64, op: Op) -> Event<Op> {
        Event { certain: false, ..certain(invoked, u64::MAX, op) }
    }

    #[track_caller]
    fn check(events: Vec<Event<Op>>, linearizable: bool) {
        let verdict = linearize::<Register>(0, &events);
        assert_eq!(verdict == Verdict::Linearizable, linearizable, "{verdict:?}");
    }

    #[test]
    fn a_read_returns_the_last_write() {
        check(vec![certain(0, 1, Op::Write(1)), certain(2, 3, Op::Read(1))], true);
        check(vec![certain(0, 1, Op::Write(1)), certain(2, 3, Op::Read(0))], false);
        check(vec![certain(2, 3, Op::Read(1))], false);
    }

    #[test]
    fn concurrent_events_take_effect_in_any_order() {
        check(
            vec![
                certain(0, 9, Op::Write(1)),
                certain(1, 2, Op::Read(0)),
                certain(3, 4, Op::Read(1)),
            ],
            true,
        );
        check(
            vec![
                certain(0, 9, Op::Write(1)),
                certain(1, 2, Op::Read(1)),
                certain(3, 4, Op::Read(0)),
            ],
            false,
        );
        check(
            vec![
                certain(0, 9, Op::Write(1)),
                certain(0, 9, Op::Write(2)),
                certain(1, 2, Op::Read(2)),
                certain(10, 11, Op::Read(1)),
            ],
            true,
        );
    }

    #[test]
    fn an_uncertain_write_takes_effect_late_or_never() {
        check(vec![uncertain(0, Op::Write(1)), certain(1, 2, Op::Read(0))], true);
        check(
            vec![
                uncertain(0, Op::Write(1)),
                certain(1, 2, Op::Read(0)),
                certain(5, 6, Op::Read(1)),
            ],
            true,
        );
        check(
            vec![
                uncertain(0, Op::Write(1)),
                certain(1, 2, Op::Read(1)),
                certain(3, 4, Op::Write(2)),
                certain(5, 6, Op::Read(1)),
            ],
            false,
        );
    }

    #[test]
    fn long_histories_with_many_uncertain_writes_are_decided() {
        let mut events = Vec::new();
        for n in 0..2000_u32 {
            let at = u64::from(n) * 10;
            if n % 100 == 0 {
                events.push(uncertain(at, Op::Write(1_000_000 + n)));
            }
            events.push(certain(at, at + 15, Op::Write(n)));
            events.push(certain(at + 16, at + 17, Op::Read(n)));
        }
        events.sort_by_key(|event| event.invoked);
        assert_eq!(linearize::<Register>(0, &events), Verdict::Linearizable);
    }
}
