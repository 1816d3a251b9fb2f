//! Which events can be linearized next: [`EventIndex`].

use crate::history::Moment;

use super::super::events::Event;

/// The events of a history, by their invocation. Those that certainly took effect and the others
/// are numbered separately.
pub(super) struct EventIndex<'a, Op> {
    events: &'a [Event<Op>],
    certain: Vec<usize>,
    uncertain: Vec<usize>,
}

/// Which events have been linearized.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Linearized {
    /// All certain events with a lower number.
    prefix: usize,
    /// The other certain events, sorted.
    beyond_prefix: Vec<usize>,
    /// The uncertain events, sorted.
    uncertain: Vec<usize>,
}

/// An event that can be linearized next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    /// The index among all events.
    pub(super) index: usize,
    pub(super) certain: bool,
    /// The number among the certain events, or among the uncertain ones.
    number: usize,
}

impl Linearized {
    /// How many events have been linearized.
    pub(super) fn len(&self) -> usize {
        self.prefix + self.beyond_prefix.len() + self.uncertain.len()
    }

    /// These events and one more.
    pub(super) fn with(&self, candidate: Candidate) -> Self {
        let mut next = self.clone();
        let numbers = if candidate.certain { &mut next.beyond_prefix } else { &mut next.uncertain };
        if let Err(place) = numbers.binary_search(&candidate.number) {
            numbers.insert(place, candidate.number);
        }
        let in_sequence = next.beyond_prefix.iter().zip(next.prefix..);
        let joined = in_sequence.take_while(|(number, expected)| *number == expected).count();
        next.beyond_prefix.drain(..joined);
        next.prefix += joined;
        next
    }
}

impl<'a, Op> EventIndex<'a, Op> {
    pub(super) fn new(events: &'a [Event<Op>]) -> Self {
        let (certain, uncertain) = (0..events.len()).partition(|&index| events[index].certain);
        Self { events, certain, uncertain }
    }

    /// Whether every event that certainly took effect has been linearized.
    pub(super) fn is_complete(&self, linearized: &Linearized) -> bool {
        linearized.prefix == self.certain.len()
    }

    /// The events that can be next: those invoked before any remaining event must have completed.
    pub(super) fn candidates(&self, linearized: &Linearized) -> Vec<Candidate> {
        let mut first_completed = Moment::NEVER;
        let mut candidates = Vec::new();
        for (number, &index) in self.certain.iter().enumerate().skip(linearized.prefix) {
            let event = &self.events[index];
            if event.invoked > first_completed {
                break;
            }
            if linearized.beyond_prefix.binary_search(&number).is_err() {
                first_completed = first_completed.min(event.completed);
                candidates.push(Candidate { index, certain: true, number });
            }
        }
        candidates.retain(|candidate| self.events[candidate.index].invoked <= first_completed);
        for (number, &index) in self.uncertain.iter().enumerate() {
            if self.events[index].invoked > first_completed {
                break;
            }
            if linearized.uncertain.binary_search(&number).is_err() {
                candidates.push(Candidate { index, certain: false, number });
            }
        }
        candidates
    }
}
