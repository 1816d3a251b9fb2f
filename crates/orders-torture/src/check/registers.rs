//! Whether every order and every calendar is a linearizable register.

use orders_core::{CalendarId, Timestamp};

use crate::history::History;
use crate::mark::Mark;

use super::Finding;
use super::linearizable::{Event, Register, Verdict, linearize};
use super::steps::{CalendarStep, OrderStep, Steps};

/// How much of a history is shown.
const SHOWN: usize = 40;

/// Each order: placed at version 1, replaced at the next version with the same `created_at`, removed, and placed
/// again with another one.
pub(super) fn orders(history: &History, steps: &Steps) -> Finding {
    let mut finding = Finding::new("every order is a linearizable register", "events of orders");
    let first = OrderState::default();
    for (id, events) in &steps.orders {
        judge::<OrderRegister>(
            history,
            &mut finding,
            &format!("order {id}"),
            first.clone(),
            events,
        );
    }
    finding
}

/// Each calendar's gap.
pub(super) fn calendars(history: &History, steps: &Steps) -> Finding {
    let claim = "every calendar's gap is a linearizable register";
    let mut finding = Finding::new(claim, "events of calendars");
    for (id, events) in &steps.calendars {
        // A gap that nobody knows to have been set and nobody saw is as good as never set.
        let events: Vec<_> = events.iter().filter(|event| event.certain).cloned().collect();
        let name = format!("calendar {id}");
        judge::<CalendarRegister>(history, &mut finding, &name, None, &events);
    }
    finding
}

fn judge<R: Register>(
    history: &History,
    finding: &mut Finding,
    name: &str,
    first: R::State,
    events: &[Event<R::Step>],
) where
    R::State: std::fmt::Debug,
    R::Step: std::fmt::Debug,
{
    finding.looked_at += events.len();
    let show = |event: &Event<R::Step>| match event.source {
        Some(source) => history.records[source].to_string(),
        None => format!("{} s, the database in the end: {:?}", event.start, event.step),
    };
    match linearize::<R>(first, events) {
        Verdict::Linearizable => {}
        Verdict::Undecided => {
            finding.violated(format!("{name}: too many possibilities, not decided"), [""; 0]);
        }
        Verdict::Impossible { state, stuck } => {
            let what = format!(
                "{name}: no order of its requests explains their answers; after as many as \
                 possible it would be {state:?}, and none of the {} events marked -> can follow",
                stuck.len()
            );
            let last = stuck.last().map_or(0, |at| at + 1);
            let shown = events.iter().enumerate().take(last).skip(last.saturating_sub(SHOWN));
            let lines = shown.map(|(at, event)| {
                let mark = if stuck.contains(&at) { "->" } else { "  " };
                format!("{mark} {}", show(event))
            });
            finding.violated(what, lines);
        }
    }
}

/// The order under one id. It may be deleted and created again, with another `created_at`.
struct OrderRegister;

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct OrderState {
    current: Option<Current>,
    /// The `created_at` of the deleted orders, sorted, as far as a response contained it.
    deleted: Vec<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Current {
    mark: Mark,
    version: u64,
    calendar: CalendarId,
    /// None until a response contains it.
    created_at: Option<Timestamp>,
}

impl Register for OrderRegister {
    type State = OrderState;
    type Step = OrderStep;

    fn after(state: &OrderState, step: &OrderStep) -> Option<OrderState> {
        match (&state.current, step) {
            (None, OrderStep::Placed { mark, calendar, life, .. }) => {
                let (mark, calendar) = (*mark, calendar.clone());
                let current = Current { mark, version: 1, calendar, created_at: None };
                state.with(current, *life)
            }
            (Some(current), OrderStep::Replaced { mark, calendar, answered, .. }) => {
                let next = Current {
                    mark: *mark,
                    version: current.version + 1,
                    calendar: calendar.as_ref().unwrap_or(&current.calendar).clone(),
                    created_at: current.created_at,
                };
                let Some((version, calendar, life)) = answered else {
                    return state.with(next, None);
                };
                let fits = (*version, calendar) == (next.version, &next.calendar);
                fits.then(|| state.with(next, Some(*life)))?
            }
            (Some(current), OrderStep::Removed) => {
                let mut deleted = state.deleted.clone();
                deleted.extend(current.created_at);
                deleted.sort_unstable();
                Some(OrderState { current: None, deleted })
            }
            (Some(current), OrderStep::Seen { mark, version, calendar, life }) => {
                let same = (current.mark, current.version, &current.calendar)
                    == (*mark, *version, calendar);
                same.then(|| state.with(current.clone(), Some(*life)))?
            }
            (Some(_), OrderStep::Present) | (None, OrderStep::Absent) => Some(state.clone()),
            (None, _) | (Some(_), OrderStep::Placed { .. } | OrderStep::Absent) => None,
        }
    }
}

impl OrderState {
    /// The state with this order, of which a response may have contained `created_at`; none if that
    /// is not the order's, or is that of an order deleted before.
    fn with(&self, mut current: Current, created_at: Option<Timestamp>) -> Option<Self> {
        if let Some(created_at) = created_at {
            if current.created_at.is_some_and(|known| known != created_at)
                || self.deleted.contains(&created_at)
            {
                return None;
            }
            current.created_at = Some(created_at);
        }
        Some(Self { current: Some(current), deleted: self.deleted.clone() })
    }
}

/// A calendar's gap; what it holds is the operation that set it.
struct CalendarRegister;

impl Register for CalendarRegister {
    type State = Option<Mark>;
    type Step = CalendarStep;

    fn after(state: &Self::State, step: &CalendarStep) -> Option<Self::State> {
        match step {
            CalendarStep::Set(mark) => Some(*mark),
            CalendarStep::Seen(mark) => (mark == state).then_some(*mark),
        }
    }
}
