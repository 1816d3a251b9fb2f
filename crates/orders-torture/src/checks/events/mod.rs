//! The history of every single order and calendar: [`Events`].

mod calendar;
mod order;

use std::collections::{BTreeMap, HashMap};

use orders_core::{CalendarId, Order, OrderId};

use crate::database::Rows;
use crate::history::{History, Moment, Operation, OperationId};
use crate::http::{Outcome, Request};

pub(super) use calendar::CalendarOp;
pub(super) use order::{OrderOp, OrderState};

/// Something that took effect at one instant between an invocation and its completion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event<Op> {
    /// It did not take effect earlier.
    pub(super) invoked: Moment,
    /// It did not take effect later.
    pub(super) completed: Moment,
    /// Whether it is known to have taken effect.
    pub(super) certain: bool,
    /// What took effect.
    pub(super) op: Op,
    /// The index of the operation in the history; `None` if it was read from the database.
    pub(super) source: Option<usize>,
}

/// The events of a run, separately for every order and calendar, sorted by their invocation.
pub(super) struct Events {
    pub(super) orders: BTreeMap<OrderId, Vec<Event<OrderOp>>>,
    pub(super) calendars: BTreeMap<CalendarId, Vec<Event<CalendarOp>>>,
    /// The index of every operation in the history.
    pub(super) indices: HashMap<OperationId, usize>,
    /// The ids that the service generated, by the creating operation, as far as they were observed.
    pub(super) generated_ids: HashMap<OperationId, OrderId>,
}

impl Events {
    /// The events of a history. The rows count as read after the last operation.
    pub(super) fn new(history: &History, rows: &Rows) -> Self {
        let operations = history.operations.iter().enumerate();
        let mut events = Self {
            orders: BTreeMap::new(),
            calendars: BTreeMap::new(),
            indices: operations.clone().map(|(index, operation)| (operation.id, index)).collect(),
            generated_ids: observed_ids(history, rows),
        };
        for (index, operation) in operations {
            events.add_operation(index, operation);
        }
        events.add_rows(rows, history.end());
        for events in events.orders.values_mut() {
            resolve_indeterminate(events, OrderOp::writer, OrderOp::observed_writer);
        }
        for events in events.calendars.values_mut() {
            resolve_indeterminate(events, CalendarOp::writer, CalendarOp::observed_writer);
        }
        events
    }

    fn add_operation(&mut self, index: usize, operation: &Operation) {
        match &operation.request {
            Request::SetGap { calendar, .. } | Request::ReadCalendar(calendar) => {
                if let Some(op) = CalendarOp::of(operation) {
                    let events = self.calendars.entry(calendar.clone()).or_default();
                    events.push(Event::of_operation(index, operation, op));
                }
            }
            Request::List => {
                if let Outcome::Orders(orders) = &operation.outcome {
                    for order in orders {
                        let op = OrderOp::Observed(OrderState::of(order));
                        self.add(&order.id, Event::of_operation(index, operation, op));
                    }
                }
            }
            Request::Create { id, .. } => {
                let id = id.clone().or_else(|| self.generated_ids.get(&operation.id).cloned());
                if let (Some(id), Some(op)) = (id, OrderOp::of(operation)) {
                    self.add(&id, Event::of_operation(index, operation, op));
                }
            }
            Request::Replace { id, .. } | Request::Delete(id) | Request::Read(id) => {
                if let Some(op) = OrderOp::of(operation) {
                    self.add(id, Event::of_operation(index, operation, op));
                }
            }
        }
    }

    fn add_rows(&mut self, rows: &Rows, end: Moment) {
        for row in &rows.orders {
            let op = OrderOp::Observed(OrderState::of_row(row));
            self.add(&row.id, Event::at(end, op));
        }
        for (id, events) in &mut self.orders {
            if rows.order(id).is_none() {
                events.push(Event::at(end, OrderOp::Absent));
            }
        }
        for row in &rows.calendars {
            let op = CalendarOp::Observed(OperationId::from_calendar_name(&row.name));
            self.calendars.entry(row.id.clone()).or_default().push(Event::at(end, op));
        }
    }

    fn add(&mut self, id: &OrderId, event: Event<OrderOp>) {
        self.orders.entry(id.clone()).or_default().push(event);
    }
}

impl<Op> Event<Op> {
    fn of_operation(index: usize, operation: &Operation, op: Op) -> Self {
        let certain = !operation.outcome.is_indeterminate();
        let completed = if certain { operation.completed } else { Moment::NEVER };
        Self { invoked: operation.invoked, completed, certain, op, source: Some(index) }
    }

    fn at(moment: Moment, op: Op) -> Self {
        Self { invoked: moment, completed: moment, certain: true, op, source: None }
    }
}

/// A write with an unknown outcome did take effect if its state was observed, and it did so before
/// the first observation completed.
fn resolve_indeterminate<Op>(
    events: &mut [Event<Op>],
    writer: impl Fn(&Op) -> Option<OperationId>,
    observed_writer: impl Fn(&Op) -> Option<OperationId>,
) {
    let mut observed: HashMap<OperationId, Moment> = HashMap::new();
    for event in events.iter() {
        if let Some(id) = observed_writer(&event.op) {
            let first = observed.entry(id).or_insert(Moment::NEVER);
            *first = event.completed.min(*first);
        }
    }
    for event in events.iter_mut().filter(|event| !event.certain) {
        if let Some(first) = writer(&event.op).and_then(|id| observed.get(&id)) {
            (event.certain, event.completed) = (true, *first);
        }
    }
    events.sort_by_key(|event| event.invoked);
}

/// The id of every observed order, by the operation that wrote it.
fn observed_ids(history: &History, rows: &Rows) -> HashMap<OperationId, OrderId> {
    let responses = history.operations.iter().flat_map(|operation| match &operation.outcome {
        Outcome::Order(order) => std::slice::from_ref(order),
        Outcome::Orders(orders) => orders,
        _ => &[],
    });
    let responses =
        responses.map(|Order { id, totalfee, .. }| (OperationId::from_fee(*totalfee), id));
    let rows = rows.orders.iter().map(|row| (OperationId::from_cents(row.cents), &row.id));
    responses.chain(rows).filter_map(|(writer, id)| Some((writer?, id.clone()))).collect()
}
