//! Whether every observed state was sent by an operation.

use std::collections::HashMap;
use std::fmt::Display;

use orders_core::{
    Calendar, CalendarId, Metadata, Order, OrderId, OrderedServices, Reference, Timestamp,
};

use crate::database::{OrderRow, Rows};
use crate::history::{History, Moment, Operation, OperationId};
use crate::http::{Outcome, Request, metadata_of, reference_of, services_of};

use super::CheckResult;
use super::events::Events;
use super::feed::Feed;
use super::rows::describe;

/// Every observed state of an order or a calendar equals what one operation sent, and that
/// operation was not rejected.
pub(super) fn states(
    history: &History,
    rows: &Rows,
    events: &Events,
    feed: &Feed<'_>,
) -> CheckResult {
    let invariant = "every observed state is what one operation sent";
    let result = CheckResult::new(invariant, "observed states");
    let mut check = Provenance { history, events, result, ids: HashMap::new() };
    for operation in &history.operations {
        check.operation(operation);
    }
    for entry in &feed.entries {
        let order = &entry.change().data;
        check.order(&ObservedOrder::in_response(order, entry.received.at, None), entry.received);
    }
    for row in &rows.orders {
        check.order(&ObservedOrder::in_row(row, history.end()), describe(row));
    }
    check.result
}

struct Provenance<'a> {
    history: &'a History,
    events: &'a Events,
    result: CheckResult,
    /// The id under which the order of each operation was first observed.
    ids: HashMap<OperationId, OrderId>,
}

/// An order, as a response or a row shows it.
struct ObservedOrder<'a> {
    id: &'a OrderId,
    calendar: &'a CalendarId,
    datetime: Timestamp,
    services: Option<OrderedServices>,
    reference: Option<&'a Reference>,
    metadata: &'a Metadata,
    version: u64,
    writer: Option<OperationId>,
    /// The operation that must have written it; `None` if any may have.
    expected_writer: Option<OperationId>,
    observed: Moment,
}

impl<'a> ObservedOrder<'a> {
    fn in_response(
        order: &'a Order,
        observed: Moment,
        expected_writer: Option<OperationId>,
    ) -> Self {
        Self {
            id: &order.id,
            calendar: &order.calendar,
            datetime: order.datetime,
            services: Some(order.services.clone()),
            reference: order.reference.as_ref(),
            metadata: &order.metadata,
            version: order.version,
            writer: OperationId::from_fee(order.totalfee),
            expected_writer,
            observed,
        }
    }

    fn in_row(row: &'a OrderRow, observed: Moment) -> Self {
        Self {
            id: &row.id,
            calendar: &row.calendar,
            datetime: row.datetime,
            services: OrderedServices::new(row.services.iter().cloned()).ok(),
            reference: row.reference.as_ref(),
            metadata: &row.metadata,
            version: row.version,
            writer: OperationId::from_cents(row.cents),
            expected_writer: None,
            observed,
        }
    }
}

impl Provenance<'_> {
    fn operation(&mut self, operation: &Operation) {
        let Operation { id, request, completed, .. } = operation;
        match &operation.outcome {
            Outcome::Order(order) => {
                let is_write = matches!(request, Request::Create { .. } | Request::Replace { .. });
                let writer = is_write.then_some(*id);
                self.order(&ObservedOrder::in_response(order, *completed, writer), operation);
            }
            Outcome::Orders(orders) => {
                for order in orders {
                    self.order(&ObservedOrder::in_response(order, *completed, None), operation);
                }
            }
            Outcome::Calendar(calendar) => {
                let writer = matches!(request, Request::SetGap { .. }).then_some(*id);
                self.calendar(calendar, writer, operation);
            }
            _ => {}
        }
    }

    fn order(&mut self, order: &ObservedOrder<'_>, shown: impl Display) {
        self.result.examined += 1;
        let writer = order.writer.and_then(|id| self.find(id));
        let message = match writer {
            Some(writer) => self.objection(order, writer),
            None => Some(format!("order {} has a fee that no operation sent", order.id)),
        };
        if let Some(message) = message {
            let evidence = [Some(shown.to_string()), writer.map(ToString::to_string)];
            self.result.violated(message, evidence.into_iter().flatten());
        }
    }

    /// Why `writer` cannot have written this order.
    fn objection(&mut self, order: &ObservedOrder<'_>, writer: &Operation) -> Option<String> {
        let id = order.id;
        if order.expected_writer.is_some_and(|expected| expected != writer.id) {
            return Some(format!("the response shows what another operation wrote to order {id}"));
        }
        if writer.invoked > order.observed {
            return Some(format!("order {id} was observed before it was sent"));
        }
        if !writer.outcome.is_indeterminate() && !matches!(writer.outcome, Outcome::Order(_)) {
            return Some(format!("order {id} was written although the operation was rejected"));
        }
        let (sent_id, calendar, datetime) = match &writer.request {
            Request::Create { id, calendar, datetime } => (id.as_ref(), Some(calendar), datetime),
            Request::Replace { id, calendar, datetime } => (Some(id), calendar.as_ref(), datetime),
            _ => return Some(format!("order {id} was written by an operation that writes none")),
        };
        let first = self.ids.entry(writer.id).or_insert_with(|| id.clone());
        if sent_id.is_some_and(|sent| sent != id) || first != id {
            return Some(format!("one operation wrote order {id} and order {first}"));
        }
        let is_created = matches!(writer.request, Request::Create { .. });
        let is_as_sent = calendar.is_none_or(|sent| sent == order.calendar)
            && *datetime == order.datetime
            && order.services == Some(services_of(writer.id))
            && order.reference == reference_of(writer.id).as_ref()
            && *order.metadata == metadata_of(writer.id)
            && (is_created || order.version > 1);
        (!is_as_sent).then(|| format!("order {id} is not as it was sent"))
    }

    fn calendar(
        &mut self,
        observed: &Calendar,
        expected_writer: Option<OperationId>,
        shown: impl Display,
    ) {
        self.result.examined += 1;
        if expected_writer.is_none() && self.history.calendars.contains(observed) {
            return;
        }
        let id = OperationId::from_calendar_name(&observed.name);
        let writer = id.and_then(|id| self.find(id));
        let is_as_sent = writer.is_some_and(|writer| {
            let is_sent = matches!(&writer.request, Request::SetGap { calendar, gap }
                if *calendar == observed.id && *gap == observed.minimum_gap);
            let may_have_succeeded =
                writer.outcome.is_indeterminate() || matches!(writer.outcome, Outcome::Calendar(_));
            is_sent && may_have_succeeded && expected_writer.is_none_or(|id| id == writer.id)
        });
        if !is_as_sent {
            let evidence = [Some(shown.to_string()), writer.map(ToString::to_string)];
            let message = format!("calendar {} is not as an operation sent it", observed.id);
            self.result.violated(message, evidence.into_iter().flatten());
        }
    }
}

impl<'a> Provenance<'a> {
    fn find(&self, id: OperationId) -> Option<&'a Operation> {
        self.events.indices.get(&id).map(|&index| &self.history.operations[index])
    }
}
