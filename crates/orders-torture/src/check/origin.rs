//! Whether everything that was seen was sent.

use std::collections::HashMap;
use std::fmt::Display;

use orders_core::{Calendar, CalendarId, Order, OrderId, OrderedServices, Timestamp};

use crate::answer::Answer;
use crate::history::{History, Moment};
use crate::keep::Keep;
use crate::mark::Mark;
use crate::request::{Request, services_of};

use super::Finding;
use super::rule::show;
use super::steps::{Steps, mark_of_cents};

/// Every state of an order or calendar that anybody saw is what one request sent that was not refused.
pub(super) fn states(history: &History, keep: &Keep, steps: &Steps) -> Finding {
    let claim = "nothing is there that nobody sent, and what is there is as it was sent";
    let finding = Finding::new(claim, "states seen");
    let mut origin = Origin { history, steps, finding, ids: HashMap::new() };
    for record in &history.records {
        let own = match record.request {
            Request::Place { .. } | Request::Replace { .. } => Some(record.mark),
            _ => None,
        };
        match &record.answer {
            Answer::Order(order) => origin.order(&State::of(order, record.end, own), record),
            Answer::Orders(orders) => {
                for order in orders {
                    origin.order(&State::of(order, record.end, None), record);
                }
            }
            Answer::Calendar(calendar) => {
                let own = matches!(record.request, Request::SetGap { .. }).then_some(record.mark);
                origin.calendar(calendar, own, record);
            }
            _ => {}
        }
    }
    for row in &keep.orders {
        let state = State {
            id: &row.id,
            calendar: &row.calendar,
            datetime: row.datetime,
            services: OrderedServices::new(row.services.iter().cloned()).ok(),
            mark: mark_of_cents(row.cents),
            version: row.version,
            seen: history.end(),
            own: None,
        };
        origin.order(&state, show(row));
    }
    origin.finding
}

struct Origin<'a> {
    history: &'a History,
    steps: &'a Steps,
    finding: Finding,
    /// Under which id each write was first seen.
    ids: HashMap<Mark, OrderId>,
}

/// An order as somebody saw it.
struct State<'a> {
    id: &'a OrderId,
    calendar: &'a CalendarId,
    datetime: Timestamp,
    services: Option<OrderedServices>,
    mark: Option<Mark>,
    version: u64,
    seen: Moment,
    /// The operation that must have written it.
    own: Option<Mark>,
}

impl<'a> State<'a> {
    fn of(order: &'a Order, seen: Moment, own: Option<Mark>) -> Self {
        Self {
            id: &order.id,
            calendar: &order.calendar,
            datetime: order.datetime,
            services: Some(order.services.clone()),
            mark: Mark::of_fee(order.totalfee),
            version: order.version,
            seen,
            own,
        }
    }
}

impl Origin<'_> {
    fn order(&mut self, state: &State<'_>, shown: impl Display) {
        self.finding.looked_at += 1;
        if let Some((what, more)) = self.wrong(state) {
            self.finding.violated(what, [shown.to_string()].into_iter().chain(more));
        }
    }

    /// What is wrong with a state of an order, and the request that shows it.
    fn wrong(&mut self, state: &State<'_>) -> Option<(String, Option<String>)> {
        let id = state.id;
        let source = state.mark.and_then(|mark| self.steps.by_mark.get(&mark));
        let (Some(mark), Some(&source)) = (state.mark, source) else {
            return Some((format!("order {id} has a fee that nobody sent"), None));
        };
        let record = &self.history.records[source];
        let wrong = |what: String| Some((what, Some(record.to_string())));
        if state.own.is_some_and(|own| own != mark) {
            return wrong(format!("the answer holds what another request wrote to order {id}"));
        }
        if record.start > state.seen {
            return wrong(format!("order {id} was seen before it was sent"));
        }
        if !record.answer.is_unknown() && !matches!(record.answer, Answer::Order(_)) {
            return wrong(format!("order {id} was written although that was refused"));
        }
        let (sent_id, calendar, datetime) = match &record.request {
            Request::Place { id, calendar, datetime } => (id.as_ref(), Some(calendar), datetime),
            Request::Replace { id, calendar, datetime } => (Some(id), calendar.as_ref(), datetime),
            _ => return wrong(format!("order {id} was written by what writes no order")),
        };
        let first = self.ids.entry(mark).or_insert_with(|| id.clone());
        if sent_id.is_some_and(|sent| sent != id) || first != id {
            return wrong(format!("one request wrote order {id} and order {first}"));
        }
        let is_placed = matches!(record.request, Request::Place { .. });
        if (calendar.is_some_and(|sent| sent != state.calendar), *datetime)
            != (false, state.datetime)
            || state.services != Some(services_of(mark))
            || is_placed != (state.version == 1)
        {
            return wrong(format!("order {id} is not as it was sent"));
        }
        None
    }

    fn calendar(&mut self, seen: &Calendar, own: Option<Mark>, shown: impl Display) {
        self.finding.looked_at += 1;
        if self.history.calendars.contains(seen) && own.is_none() {
            return;
        }
        let mark = Mark::of_name(&seen.name);
        let source = mark.and_then(|mark| self.steps.by_mark.get(&mark));
        let record = source.map(|&source| &self.history.records[source]);
        let sent = record.is_some_and(|record| {
            let is_sent = matches!(&record.request, Request::SetGap { calendar, gap }
                if *calendar == seen.id && *gap == seen.minimum_gap);
            let is_refused =
                !record.answer.is_unknown() && !matches!(record.answer, Answer::Calendar(_));
            is_sent && !is_refused && (own.is_none() || own == mark)
        });
        if !sent {
            let evidence = [Some(shown.to_string()), record.map(ToString::to_string)];
            let what = format!("calendar {} is as nobody sent it", seen.id);
            self.finding.violated(what, evidence.into_iter().flatten());
        }
    }
}
