//! Whether every order and every calendar is a linearizable register.

use orders_core::CalendarId;

use crate::history::History;
use crate::mark::Mark;

use super::Finding;
use super::linearizable::{Event, Register, Verdict, linearize};
use super::steps::{CalendarStep, OrderStep, Steps};

/// How much of a history is shown.
const SHOWN: usize = 40;

/// Each order: placed at version 1, replaced at the next version, removed, placed anew.
pub(super) fn orders(history: &History, steps: &Steps) -> Finding {
    let mut finding = Finding::new("every order is a linearizable register", "events of orders");
    for (id, events) in &steps.orders {
        judge::<OrderRegister>(history, &mut finding, &format!("order {id}"), None, events);
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

/// An order under one id, through all of its lives.
struct OrderRegister;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Standing {
    mark: Mark,
    version: u64,
    calendar: CalendarId,
}

impl Register for OrderRegister {
    type State = Option<Standing>;
    type Step = OrderStep;

    fn after(state: &Self::State, step: &OrderStep) -> Option<Self::State> {
        match (state, step) {
            (None, OrderStep::Placed { mark, calendar, .. }) => {
                Some(Some(Standing { mark: *mark, version: 1, calendar: calendar.clone() }))
            }
            (Some(standing), OrderStep::Replaced { mark, calendar, answered, .. }) => {
                let next = Standing {
                    mark: *mark,
                    version: standing.version + 1,
                    calendar: calendar.as_ref().unwrap_or(&standing.calendar).clone(),
                };
                let fits = answered.as_ref().is_none_or(|(version, calendar, _)| {
                    (*version, calendar) == (next.version, &next.calendar)
                });
                fits.then_some(Some(next))
            }
            (Some(_), OrderStep::Removed) => Some(None),
            (Some(standing), OrderStep::Seen { mark, version, calendar, .. }) => {
                let same = (standing.mark, standing.version, &standing.calendar)
                    == (*mark, *version, calendar);
                same.then(|| state.clone())
            }
            (Some(_), OrderStep::Present) | (None, OrderStep::Absent) => Some(state.clone()),
            (None, _) | (Some(_), OrderStep::Placed { .. } | OrderStep::Absent) => None,
        }
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
