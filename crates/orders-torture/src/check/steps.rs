//! What each request shows about one order or one calendar: [`Steps`].

use std::collections::{BTreeMap, HashMap};

use orders_core::{CalendarId, Name, Order, OrderId, Timestamp};

use crate::answer::Answer;
use crate::history::{History, Moment, Record};
use crate::keep::Keep;
use crate::mark::Mark;
use crate::request::Request;

use super::linearizable::Event;

/// The histories of the single orders and calendars, which are registers.
pub(super) struct Steps {
    pub(super) orders: BTreeMap<OrderId, Vec<Event<OrderStep>>>,
    pub(super) calendars: BTreeMap<CalendarId, Vec<Event<CalendarStep>>>,
    /// Where each operation's record is.
    pub(super) by_mark: HashMap<Mark, usize>,
    /// The ids that the service gave to placements, as far as anybody saw them.
    pub(super) given: HashMap<Mark, OrderId>,
}

/// What a request did to an order, or showed of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OrderStep {
    /// It came to be, at version 1; `life` is when, as the service says, if it answered.
    Placed { mark: Mark, calendar: CalendarId, datetime: Timestamp, life: Option<Timestamp> },
    /// It was replaced; `calendar` is none when it stayed in its own, `answered` when nobody knows.
    Replaced {
        mark: Mark,
        calendar: Option<CalendarId>,
        datetime: Timestamp,
        answered: Option<(u64, CalendarId, Timestamp)>,
    },
    /// It was removed.
    Removed,
    /// It was in this state.
    Seen { mark: Mark, version: u64, calendar: CalendarId, life: Timestamp },
    /// It was there.
    Present,
    /// It was not there.
    Absent,
}

/// What a request did to a calendar's gap, or showed of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CalendarStep {
    /// The gap of this operation was set.
    Set(Option<Mark>),
    /// The gap was that of this operation, or that from before the first request.
    Seen(Option<Mark>),
}

impl Steps {
    /// Takes a history apart; what the database keeps counts as read after the last request.
    pub(super) fn of(history: &History, keep: &Keep) -> Self {
        let by_mark =
            history.records.iter().enumerate().map(|(at, record)| (record.mark, at)).collect();
        let given = given_ids(history, keep);
        let mut steps =
            Self { orders: BTreeMap::new(), calendars: BTreeMap::new(), by_mark, given };
        for (source, record) in history.records.iter().enumerate() {
            steps.take(source, record);
        }
        steps.take_keep(history, keep);
        steps.settle();
        steps
    }

    fn take(&mut self, source: usize, record: &Record) {
        match &record.request {
            Request::SetGap { calendar, .. } => self.take_gap(source, record, calendar),
            Request::ReadCalendar(calendar) => self.take_gap(source, record, calendar),
            Request::List => {
                if let Answer::Orders(orders) = &record.answer {
                    for order in orders {
                        self.order(&order.id, event(source, record, seen(order)));
                    }
                }
            }
            Request::Place { id, .. } => {
                let id = id.clone().or_else(|| self.given.get(&record.mark).cloned());
                if let (Some(id), Some(step)) = (id, order_step(record)) {
                    self.order(&id, event(source, record, step));
                }
            }
            Request::Replace { id, .. } | Request::Remove(id) | Request::Read(id) => {
                if let Some(step) = order_step(record) {
                    self.order(id, event(source, record, step));
                }
            }
        }
    }

    fn take_gap(&mut self, source: usize, record: &Record, id: &CalendarId) {
        let step = match (&record.request, &record.answer) {
            (Request::SetGap { .. }, answer) if answer.is_unknown() => {
                CalendarStep::Set(Some(record.mark))
            }
            (Request::SetGap { .. }, Answer::Calendar(_)) => CalendarStep::Set(Some(record.mark)),
            (_, Answer::Calendar(calendar)) => CalendarStep::Seen(Mark::of_name(&calendar.name)),
            _ => return,
        };
        self.calendars.entry(id.clone()).or_default().push(event(source, record, step));
    }

    fn take_keep(&mut self, history: &History, keep: &Keep) {
        let end = history.end();
        let last = |step| Event { start: end, end, certain: true, step, source: None };
        for row in &keep.orders {
            let step = OrderStep::Seen {
                mark: mark_of_cents(row.cents).unwrap_or(Mark(u32::MAX)),
                version: row.version,
                calendar: row.calendar.clone(),
                life: row.created_at,
            };
            self.order(&row.id, last(step));
        }
        for (id, events) in &mut self.orders {
            if keep.orders.binary_search_by(|row| row.id.cmp(id)).is_err() {
                events.push(Event {
                    start: end,
                    end,
                    certain: true,
                    step: OrderStep::Absent,
                    source: None,
                });
            }
        }
        for row in &keep.calendars {
            let mark = Name::new(&row.name).ok().as_ref().and_then(Mark::of_name);
            let step = CalendarStep::Seen(mark);
            let events = self.calendars.entry(row.id.clone()).or_default();
            events.push(Event { start: end, end, certain: true, step, source: None });
        }
    }

    fn order(&mut self, id: &OrderId, event: Event<OrderStep>) {
        self.orders.entry(id.clone()).or_default().push(event);
    }

    /// A write of unknown outcome whose state somebody saw did happen, before that was seen. A gap
    /// that nobody saw makes no difference to anybody.
    fn settle(&mut self) {
        for events in self.orders.values_mut() {
            let mut seen: HashMap<Mark, Moment> = HashMap::new();
            for event in events.iter() {
                if let OrderStep::Seen { mark, .. } = event.step {
                    let first = seen.entry(mark).or_insert(Moment::NEVER);
                    *first = event.end.min(*first);
                }
            }
            for event in events.iter_mut().filter(|event| !event.certain) {
                if let OrderStep::Placed { mark, .. } | OrderStep::Replaced { mark, .. } =
                    event.step
                    && let Some(first) = seen.get(&mark)
                {
                    (event.certain, event.end) = (true, *first);
                }
            }
            events.sort_by_key(|event| event.start);
        }
        for events in self.calendars.values_mut() {
            let mut seen: HashMap<Mark, Moment> = HashMap::new();
            for event in events.iter() {
                if let CalendarStep::Seen(Some(mark)) = event.step {
                    let first = seen.entry(mark).or_insert(Moment::NEVER);
                    *first = event.end.min(*first);
                }
            }
            for event in events.iter_mut().filter(|event| !event.certain) {
                if let CalendarStep::Set(Some(mark)) = event.step
                    && let Some(first) = seen.get(&mark)
                {
                    (event.certain, event.end) = (true, *first);
                }
            }
            events.sort_by_key(|event| event.start);
        }
    }
}

/// The operation that wrote a fee of so many cents.
pub(super) fn mark_of_cents(cents: i64) -> Option<Mark> {
    cents.try_into().ok().map(Mark)
}

/// The ids that the service made, by the placement they were made for.
fn given_ids(history: &History, keep: &Keep) -> HashMap<Mark, OrderId> {
    let mut given = HashMap::new();
    let mut note = |order: &Order| {
        if let Some(mark) = Mark::of_fee(order.totalfee) {
            given.insert(mark, order.id.clone());
        }
    };
    for record in &history.records {
        match &record.answer {
            Answer::Order(order) => note(order),
            Answer::Orders(orders) => orders.iter().for_each(&mut note),
            _ => {}
        }
    }
    for row in &keep.orders {
        if let Some(mark) = mark_of_cents(row.cents) {
            given.insert(mark, row.id.clone());
        }
    }
    given
}

fn event<S>(source: usize, record: &Record, step: S) -> Event<S> {
    let certain = !record.answer.is_unknown();
    let end = if certain { record.end } else { Moment::NEVER };
    Event { start: record.start, end, certain, step, source: Some(source) }
}

fn seen(order: &Order) -> OrderStep {
    OrderStep::Seen {
        // A fee that no operation can have written is found by another check.
        mark: Mark::of_fee(order.totalfee).unwrap_or(Mark(u32::MAX)),
        version: order.version,
        calendar: order.calendar.clone(),
        life: order.created_at,
    }
}

fn order_step(record: &Record) -> Option<OrderStep> {
    let mark = record.mark;
    match (&record.request, &record.answer) {
        (Request::Place { calendar, datetime, .. }, answer)
            if answer.is_unknown() || matches!(answer, Answer::Order(_)) =>
        {
            let life = match answer {
                Answer::Order(order) => Some(order.created_at),
                _ => None,
            };
            let (calendar, datetime) = (calendar.clone(), *datetime);
            Some(OrderStep::Placed { mark, calendar, datetime, life })
        }
        (Request::Replace { calendar, datetime, .. }, answer)
            if answer.is_unknown() || matches!(answer, Answer::Order(_)) =>
        {
            let answered = match answer {
                Answer::Order(order) => {
                    Some((order.version, order.calendar.clone(), order.created_at))
                }
                _ => None,
            };
            let (calendar, datetime) = (calendar.clone(), *datetime);
            Some(OrderStep::Replaced { mark, calendar, datetime, answered })
        }
        (Request::Remove(_), answer) if answer.is_unknown() || *answer == Answer::Removed => {
            Some(OrderStep::Removed)
        }
        (Request::Read(_), Answer::Order(order)) => Some(seen(order)),
        (_, Answer::NotFound) => Some(OrderStep::Absent),
        (_, Answer::IdTaken) => Some(OrderStep::Present),
        // Who is refused a placement was looked up and not found, and a replacement, found.
        (Request::Place { .. }, Answer::Conflict(_)) => Some(OrderStep::Absent),
        (Request::Replace { .. }, Answer::Conflict(_)) => Some(OrderStep::Present),
        _ => None,
    }
}
