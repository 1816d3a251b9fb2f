//! Whether there is an order of events that explains every answer: [`linearize`].
//!
//! The search is that of Wing and Gong with Lowe's memory of what was tried: it takes events one
//! after the other, each between its start and its end, and goes back where it gets stuck. An event
//! of unknown outcome may be taken at any time after its start, or never.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::hash::Hash;

use crate::history::Moment;

/// How many different situations are tried before the search is given up.
const MOST: usize = 2_000_000;

/// Something that happened at one instant between its start and its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<S> {
    /// It did not happen before.
    pub start: Moment,
    /// It did not happen after, if it happened.
    pub end: Moment,
    /// Whether it is known to have happened.
    pub certain: bool,
    /// What happened.
    pub step: S,
    /// The number of the record that tells of it; none for what was read from the database.
    pub source: Option<usize>,
}

/// What a register does.
pub trait Register {
    /// What it holds.
    type State: Clone + Eq + Hash;
    /// What can happen to it.
    type Step;

    /// What it holds after a step; none when the step cannot happen.
    fn after(state: &Self::State, step: &Self::Step) -> Option<Self::State>;
}

/// Whether a history is linearizable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<S> {
    /// There is an order of the events that explains everything.
    Linearizable,
    /// There is none.
    Impossible {
        /// What the register held after as many events as could be explained.
        state: S,
        /// The places of the events that may come next then, of which none can.
        stuck: Vec<usize>,
    },
    /// The search took too long.
    Undecided,
}

/// Searches an order of the events, which are sorted by their start, that begins with `state`.
pub fn linearize<R: Register>(state: R::State, events: &[Event<R::Step>]) -> Verdict<R::State> {
    let timeline = Timeline::of(events);
    let first = Situation { taken: Taken::default(), state };
    let mut tried = HashSet::new();
    let mut furthest = (0, first.state.clone(), timeline.reach(&first.taken));
    let mut waiting = vec![first];
    while let Some(situation) = waiting.pop() {
        if situation.taken.before == timeline.certain.len() {
            return Verdict::Linearizable;
        }
        if tried.len() > MOST {
            return Verdict::Undecided;
        }
        let reach = timeline.reach(&situation.taken);
        if situation.taken.count() > furthest.0 {
            furthest = (situation.taken.count(), situation.state.clone(), reach.clone());
        }
        for (candidate, state) in candidates::<R>(&situation.state, reach, events) {
            let next = Situation { taken: situation.taken.with(candidate), state };
            if tried.insert(next.clone()) {
                waiting.push(next);
            }
        }
    }
    let stuck = furthest.2.into_iter().map(|candidate| candidate.at).collect();
    Verdict::Impossible { state: furthest.1, stuck }
}

/// What can come next, with what the register holds then; what is to be tried first comes last.
fn candidates<R: Register>(
    state: &R::State,
    reach: Vec<Candidate>,
    events: &[Event<R::Step>],
) -> Vec<(Candidate, R::State)> {
    let after = |candidate: &Candidate| R::after(state, &events[candidate.at].step);
    let mut next: Vec<_> = reach
        .into_iter()
        .filter_map(|candidate| Some((candidate, after(&candidate)?)))
        .filter(|(candidate, after)| candidate.certain || after != state)
        .collect();
    // What is certain, changes nothing and can happen now may as well happen now.
    if let Some(idle) = next.iter().position(|(_, after)| after == state) {
        return vec![next.swap_remove(idle)];
    }
    next.sort_by_key(|(candidate, _)| (candidate.certain, Reverse(events[candidate.at].end)));
    next
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Situation<S> {
    taken: Taken,
    state: S,
}

/// Which events have happened.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct Taken {
    /// So many of the certain ones, from the first.
    before: usize,
    /// And these of the certain ones.
    beyond: Vec<usize>,
    /// And these of the others.
    maybe: Vec<usize>,
}

/// An event that can come next.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    /// Its place among all events.
    at: usize,
    certain: bool,
    /// Its place among the certain ones, or among the others.
    place: usize,
}

impl Taken {
    fn count(&self) -> usize {
        self.before + self.beyond.len() + self.maybe.len()
    }

    fn with(&self, candidate: Candidate) -> Self {
        let mut next = self.clone();
        let places = if candidate.certain { &mut next.beyond } else { &mut next.maybe };
        if let Err(place) = places.binary_search(&candidate.place) {
            places.insert(place, candidate.place);
        }
        let joined = next.beyond.iter().zip(next.before..).take_while(|(a, b)| **a == *b).count();
        next.beyond.drain(..joined);
        next.before += joined;
        next
    }
}

/// The events apart: which are certain and which are not, each by their start.
struct Timeline<'a, S> {
    events: &'a [Event<S>],
    certain: Vec<usize>,
    maybe: Vec<usize>,
}

impl<'a, S> Timeline<'a, S> {
    fn of(events: &'a [Event<S>]) -> Self {
        let (certain, maybe) = (0..events.len()).partition(|&at| events[at].certain);
        Self { events, certain, maybe }
    }

    /// The events that can come next: those that begin before any other must have ended.
    fn reach(&self, taken: &Taken) -> Vec<Candidate> {
        let mut first_end = Moment::NEVER;
        let mut reach = Vec::new();
        for (place, &at) in self.certain.iter().enumerate().skip(taken.before) {
            let event = &self.events[at];
            if event.start > first_end {
                break;
            }
            if taken.beyond.binary_search(&place).is_err() {
                first_end = first_end.min(event.end);
                reach.push(Candidate { at, certain: true, place });
            }
        }
        reach.retain(|candidate| self.events[candidate.at].start <= first_end);
        for (place, &at) in self.maybe.iter().enumerate() {
            if self.events[at].start > first_end {
                break;
            }
            if taken.maybe.binary_search(&place).is_err() {
                reach.push(Candidate { at, certain: false, place });
            }
        }
        reach
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds a number; a write sets it, a read shows it.
    struct Cell;

    enum Do {
        Write(u32),
        Read(u32),
    }

    impl Register for Cell {
        type State = u32;
        type Step = Do;

        fn after(state: &u32, step: &Do) -> Option<u32> {
            match step {
                Do::Write(value) => Some(*value),
                Do::Read(value) => (value == state).then_some(*value),
            }
        }
    }

    fn event(start: u64, end: u64, step: Do) -> Event<Do> {
        Event { start: Moment(start), end: Moment(end), certain: true, step, source: None }
    }

    fn maybe(start: u64, step: Do) -> Event<Do> {
        Event { certain: false, ..event(start, u64::MAX, step) }
    }

    #[track_caller]
    fn check(events: Vec<Event<Do>>, possible: bool) {
        let verdict = linearize::<Cell>(0, &events);
        assert_eq!(verdict == Verdict::Linearizable, possible, "{verdict:?}");
    }

    #[test]
    fn a_read_sees_the_last_write() {
        check(vec![event(0, 1, Do::Write(1)), event(2, 3, Do::Read(1))], true);
        check(vec![event(0, 1, Do::Write(1)), event(2, 3, Do::Read(0))], false);
        check(vec![event(2, 3, Do::Read(1))], false);
    }

    #[test]
    fn events_that_overlap_come_in_any_order() {
        check(
            vec![event(0, 9, Do::Write(1)), event(1, 2, Do::Read(0)), event(3, 4, Do::Read(1))],
            true,
        );
        check(
            vec![event(0, 9, Do::Write(1)), event(1, 2, Do::Read(1)), event(3, 4, Do::Read(0))],
            false,
        );
        check(
            vec![
                event(0, 9, Do::Write(1)),
                event(0, 9, Do::Write(2)),
                event(1, 2, Do::Read(2)),
                event(10, 11, Do::Read(1)),
            ],
            true,
        );
    }

    #[test]
    fn an_unknown_write_happens_late_or_never() {
        check(vec![maybe(0, Do::Write(1)), event(1, 2, Do::Read(0))], true);
        check(
            vec![maybe(0, Do::Write(1)), event(1, 2, Do::Read(0)), event(5, 6, Do::Read(1))],
            true,
        );
        check(
            vec![
                maybe(0, Do::Write(1)),
                event(1, 2, Do::Read(1)),
                event(3, 4, Do::Write(2)),
                event(5, 6, Do::Read(1)),
            ],
            false,
        );
    }

    #[test]
    fn long_histories_with_many_unknown_writes_are_decided() {
        let mut events = Vec::new();
        for n in 0..2000_u32 {
            let at = u64::from(n) * 10;
            if n % 100 == 0 {
                events.push(maybe(at, Do::Write(1_000_000 + n)));
            }
            events.push(event(at, at + 15, Do::Write(n)));
            events.push(event(at + 16, at + 17, Do::Read(n)));
        }
        events.sort_by_key(|event| event.start);
        assert_eq!(linearize::<Cell>(0, &events), Verdict::Linearizable);
    }
}
