//! When each state of an order was there: [`Span`].

use std::collections::HashMap;

use orders_core::{CalendarId, OrderId, Timestamp};

use crate::history::Moment;
use crate::mark::Mark;

use super::linearizable::Event;
use super::steps::{OrderStep, Steps};

/// A state that one write made, and when it held. It held once and without a break, as no two writes
/// make the same state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span<S> {
    /// The write; none for what was there before the first.
    pub(super) mark: Option<Mark>,
    /// What it made.
    pub(super) state: S,
    /// It did not hold before.
    pub(super) earliest: Moment,
    /// It certainly held from here to there, both included.
    pub(super) certain: Option<(Moment, Moment)>,
    /// It did not hold after.
    pub(super) latest: Moment,
}

impl<S> Span<S> {
    /// Whether it can have held at some instant from `start` to `end`.
    pub(super) fn may_touch(&self, start: Moment, end: Moment) -> bool {
        self.earliest <= end && start <= self.latest
    }
}

/// Where an order was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Position {
    /// None when nobody knows in which calendar it was.
    pub(super) calendar: Option<CalendarId>,
    pub(super) datetime: Timestamp,
}

/// The states of every order.
pub(super) type OrderSpans = HashMap<OrderId, Vec<Span<Position>>>;

/// When each state of each order held, as far as the clients can tell.
pub(super) fn orders(steps: &Steps) -> OrderSpans {
    steps.orders.iter().map(|(id, events)| (id.clone(), states(events))).collect()
}

fn states(events: &[Event<OrderStep>]) -> Vec<Span<Position>> {
    let made = events.iter().filter_map(|event| match &event.step {
        OrderStep::Placed { mark, calendar, datetime, life } => {
            let position = Position { calendar: Some(calendar.clone()), datetime: *datetime };
            Some((event, *mark, position, life.map(|life| (1, life))))
        }
        OrderStep::Replaced { mark, calendar, datetime, answered } => {
            let answered = answered.as_ref();
            let calendar = calendar.as_ref().or(answered.map(|(_, calendar, _)| calendar));
            let position = Position { calendar: calendar.cloned(), datetime: *datetime };
            let identity = answered.map(|(version, _, life)| (*version, *life));
            Some((event, *mark, position, identity))
        }
        _ => None,
    });
    made.map(|(write, mark, mut state, mut identity)| {
        let mut seen = Sightings::default();
        if write.certain {
            seen.begun_by = write.end;
        }
        for event in events {
            if let OrderStep::Seen { mark: seen_mark, version, calendar, life } = &event.step
                && *seen_mark == mark
            {
                seen.at(event.start, event.end);
                state.calendar.get_or_insert_with(|| calendar.clone());
                identity = Some((*version, *life));
            }
        }
        let relation = |event: &Event<OrderStep>| relation(event, mark, identity);
        span(Some(mark), state, write.start, seen, events, relation)
    })
    .collect()
}

/// When somebody saw a state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sightings {
    /// It held at some instant up to here.
    pub(super) begun_by: Moment,
    /// It held at some instant from here on.
    pub(super) stood_at: Option<Moment>,
}

impl Default for Sightings {
    fn default() -> Self {
        Self { begun_by: Moment::NEVER, stood_at: None }
    }
}

impl Sightings {
    pub(super) fn at(&mut self, start: Moment, end: Moment) {
        self.begun_by = self.begun_by.min(end);
        self.stood_at = self.stood_at.max(Some(start));
    }
}

/// What an event has to do with a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// It tells nothing about it.
    None,
    /// It came after the state, whatever the clocks say, and may have ended it.
    ComesAfter,
    /// The state did not hold when it happened, or not any longer, and it may have ended it.
    Other { may_end: bool },
}

/// Puts together what is known of a state that a write which began at `earliest` made.
pub(super) fn span<S, T>(
    mark: Option<Mark>,
    state: S,
    earliest: Moment,
    seen: Sightings,
    events: &[Event<T>],
    relation: impl Fn(&Event<T>) -> Relation,
) -> Span<S> {
    let mut first_end = None;
    let mut latest = Moment::NEVER;
    for event in events {
        let relation = relation(event);
        let may_end = !matches!(relation, Relation::None | Relation::Other { may_end: false });
        // Whatever ended before the state was written did not end it.
        if may_end && event.end >= earliest {
            first_end = first_end.or(Some(event.start));
        }
        let is_over = match relation {
            Relation::ComesAfter => event.certain,
            Relation::Other { .. } => event.certain && event.start > seen.begun_by,
            Relation::None => false,
        };
        if is_over {
            latest = latest.min(event.end);
        }
        if first_end.is_some() && event.start > latest {
            break;
        }
    }
    let until = first_end.unwrap_or(Moment::NEVER).max(seen.stood_at.unwrap_or(Moment(0)));
    let certain = (seen.begun_by != Moment::NEVER && seen.begun_by <= until)
        .then_some((seen.begun_by, until));
    Span { mark, state, earliest, certain, latest }
}

fn relation(event: &Event<OrderStep>, own: Mark, identity: Option<(u64, Timestamp)>) -> Relation {
    match &event.step {
        OrderStep::Placed { mark, .. } if *mark != own => Relation::Other { may_end: false },
        OrderStep::Removed => Relation::Other { may_end: true },
        OrderStep::Replaced { mark, answered, .. } if *mark != own => match (answered, identity) {
            (Some((version, _, life)), Some((own_version, own_life))) if *life == own_life => {
                if *version > own_version {
                    Relation::ComesAfter
                } else {
                    Relation::None
                }
            }
            _ => Relation::Other { may_end: true },
        },
        OrderStep::Seen { mark, .. } if *mark != own => Relation::Other { may_end: false },
        OrderStep::Absent => Relation::Other { may_end: false },
        OrderStep::Placed { .. }
        | OrderStep::Replaced { .. }
        | OrderStep::Seen { .. }
        | OrderStep::Present => Relation::None,
    }
}
