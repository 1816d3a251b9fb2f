//! Whether every order and every calendar is linearizable.

mod calendar_model;
mod model;
mod order_model;
mod pending;
mod search;

use std::fmt::Debug;

use crate::history::History;

use super::CheckResult;
use super::events::{Event, Events};
use calendar_model::CalendarModel;
use model::Model;
use order_model::OrderModel;
use search::{Verdict, linearize};

/// How many events of a violation are shown.
const MAX_SHOWN: usize = 40;

/// The operations on each order are linearizable.
pub(super) fn orders(history: &History, events: &Events) -> CheckResult {
    let mut result = CheckResult::new("every order is linearizable", "events of orders");
    let initial = order_model::State::default();
    for (id, events) in &events.orders {
        check::<OrderModel>(history, &mut result, &format!("order {id}"), &initial, events);
    }
    result
}

/// The operations on each calendar's gap are linearizable.
pub(super) fn calendars(history: &History, events: &Events) -> CheckResult {
    let mut result =
        CheckResult::new("every calendar's gap is linearizable", "events of calendars");
    for (id, events) in &events.calendars {
        // A write that may not have taken effect and was never observed explains no response.
        let events: Vec<_> = events.iter().filter(|event| event.certain).cloned().collect();
        let name = format!("calendar {id}");
        check::<CalendarModel>(history, &mut result, &name, &None, &events);
    }
    result
}

fn check<M: Model>(
    history: &History,
    result: &mut CheckResult,
    name: &str,
    initial: &M::State,
    events: &[Event<M::Op>],
) where
    M::State: Debug,
    M::Op: Debug,
{
    result.examined += events.len();
    match linearize::<M>(initial.clone(), events) {
        Verdict::Linearizable => {}
        Verdict::Undecided => {
            result.violated(format!("{name}: too many configurations, not decided"), [""; 0]);
        }
        Verdict::NotLinearizable { state, next } => {
            let message = format!(
                "{name}: no order of its operations explains all responses; the longest \
                 linearization ends in the state {state:?}, and none of the {} events marked -> \
                 can be next",
                next.len()
            );
            let end = next.last().map_or(0, |index| index + 1);
            let shown = events.iter().enumerate().take(end).skip(end.saturating_sub(MAX_SHOWN));
            let lines = shown.map(|(index, event)| {
                let marker = if next.contains(&index) { "->" } else { "  " };
                format!("{marker} {}", describe(history, event))
            });
            result.violated(message, lines);
        }
    }
}

fn describe<Op: Debug>(history: &History, event: &Event<Op>) -> String {
    match event.source {
        Some(index) => history.operations[index].to_string(),
        None => format!("{} s, read from the database: {:?}", event.invoked, event.op),
    }
}
