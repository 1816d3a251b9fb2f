//! Builds histories by hand: [`HistoryBuilder`].

use std::sync::Arc;

use orders_core::{
    Booking, Calendar, CalendarId, Change, ChangeType, Conflict, Cursor, MinimumGap, Name,
    NearestFree, Order, OrderId, Timestamp,
};
use orders_torture::checks::{CheckResult, check};
use orders_torture::database::{CalendarRow, OrderRow, Rows};
use orders_torture::faults::{Fault, FaultKind};
use orders_torture::history::{
    Export, FeedChange, FeedRead, Follower, Following, History, Moment, Operation, OperationId,
    ReadOutcome, ReceivedChange,
};
use orders_torture::http::{Failure, Outcome, Request, metadata_of, reference_of, services_of};

/// A history of the calendar `default`, and the rows after it. Operations are numbered from 0.
/// Their times are in seconds, and the times of orders are in hours.
#[derive(Default)]
pub(crate) struct HistoryBuilder {
    pub(crate) history: History,
    pub(crate) rows: Rows,
}

impl HistoryBuilder {
    /// An empty history. The calendar's minimum gap is 3 hours.
    pub(crate) fn new() -> Self {
        let mut builder = Self::default();
        let (name, minimum_gap) = (Name::new("Default").expect("a name"), MinimumGap::default());
        builder.calendar_row(name.clone(), minimum_gap);
        let id = CalendarId::default();
        builder.history.calendars = vec![Calendar { id, name, minimum_gap }];
        builder
    }

    /// Adds an operation. The outcome may contain its id.
    pub(crate) fn operation(
        mut self,
        (invoked, completed): (u64, u64),
        request: Request,
        outcome: impl FnOnce(OperationId) -> Outcome,
    ) -> Self {
        let number = self.history.operations.len();
        let id = OperationId(number.try_into().expect("few operations"));
        let (invoked, completed) = (second(invoked), second(completed));
        let outcome = outcome(id);
        let (client, process) = (number, 0);
        let operation = Operation { id, client, process, invoked, completed, request, outcome };
        self.history.operations.push(operation);
        self.history.operations.sort_by_key(|operation| operation.invoked);
        self
    }

    /// Adds a successful creation.
    pub(crate) fn created(self, seconds: (u64, u64), id: &str, hour: i64) -> Self {
        let outcome = |writer| Outcome::Order(order(id, hour, writer, 1, writer));
        self.operation(seconds, create(id, hour), outcome)
    }

    /// Adds a read that returns what the operation `writer` wrote to the order that the operation
    /// `creator` created.
    pub(crate) fn read(
        self,
        seconds: (u64, u64),
        (id, hour): (&str, i64),
        (writer, version, creator): (u32, u64, u32),
    ) -> Self {
        let order = order(id, hour, OperationId(writer), version, OperationId(creator));
        self.operation(seconds, Request::Read(order_id(id)), |_| Outcome::Order(order))
    }

    /// Adds a successful deletion.
    pub(crate) fn deleted(self, seconds: (u64, u64), id: &str) -> Self {
        self.operation(seconds, Request::Delete(order_id(id)), |_| Outcome::Deleted)
    }

    /// Adds a row with what the operation `writer` wrote to the order that the operation `creator`
    /// created.
    pub(crate) fn row(
        mut self,
        (id, hour): (&str, i64),
        (writer, version, creator): (u32, u64, u32),
    ) -> Self {
        let Order {
            id,
            calendar,
            datetime,
            services,
            reference,
            metadata,
            created_at,
            updated_at,
            ..
        } = order(id, hour, OperationId(writer), version, OperationId(creator));
        let gap = MinimumGap::default().as_micros();
        let start = datetime.as_micros();
        self.rows.orders.push(OrderRow {
            id,
            calendar,
            gap,
            datetime,
            slot: Some((start, start + gap)),
            cents: writer.into(),
            services: services.iter().cloned().collect(),
            reference,
            metadata,
            version,
            created_at,
            updated_at,
        });
        self.rows.matching_versions += 1;
        self.rows.orders.sort_by(|a, b| a.id.cmp(&b.id));
        self
    }

    /// Adds a change to the feed, which two followers receive at this second: the state of an order after the change, or
    /// before its deletion, with the version of the change.
    pub(crate) fn change(
        mut self,
        second_received: u64,
        change_type: ChangeType,
        (id, hour): (&str, i64),
        (writer, version, creator): (u32, u64, u32),
    ) -> Self {
        let data = order(id, hour, OperationId(writer), version, OperationId(creator));
        let followings = &mut self.history.followings;
        if followings.is_empty() {
            *followings = vec![
                following(Follower::EventStream, None, &[]),
                following(Follower::Pages, None, &[]),
            ];
        }
        let position = followings[0].changes.len() + 1;
        let change = change(position, change_type, data);
        for following in followings {
            following.changes.push(received(second_received, change.clone()));
        }
        self.rows.versions += 1;
        self
    }

    /// Adds a follower that began with an export.
    pub(crate) fn exported(mut self, export: Export, changes: &[ReceivedChange]) -> Self {
        let number = self.history.followings.len();
        self.history.followings.push(following(Follower::Export(number), Some(export), changes));
        self
    }

    /// Adds a request of a follower.
    pub(crate) fn feed_read(
        mut self,
        (invoked, completed): (u64, u64),
        follower: Follower,
        outcome: ReadOutcome,
    ) -> Self {
        let (invoked, completed) = (second(invoked), second(completed));
        let (process, path) = (0, "/changes".to_owned());
        let read = FeedRead { follower, process, invoked, completed, path, outcome };
        self.history.reads.push(read);
        self
    }

    /// The changes that each of the followers received.
    pub(crate) fn changes(&mut self) -> Vec<&mut Vec<ReceivedChange>> {
        self.history.followings.iter_mut().map(|following| &mut following.changes).collect()
    }

    /// Replaces the row of the calendar.
    pub(crate) fn calendar_row(&mut self, name: Name, gap: MinimumGap) {
        let (id, gap) = (CalendarId::default(), gap.as_micros());
        self.rows.calendars = vec![CalendarRow { id, name, gap }];
    }

    pub(crate) fn fault(mut self, fault: Fault) -> Self {
        self.history.faults.push(fault);
        self
    }

    /// Adds a fault that explains every failure.
    pub(crate) fn long_kill(self) -> Self {
        let (start, end) = (second(0), second(1000));
        self.fault(Fault { kind: FaultKind::KillService(0), start, end })
    }

    /// No check finds a violation.
    #[track_caller]
    pub(crate) fn assert_valid(&self) {
        let violated: Vec<_> = self.violated().collect();
        assert!(violated.is_empty(), "{violated:#?}");
    }

    /// A check whose invariant contains these words finds a violation.
    #[track_caller]
    pub(crate) fn assert_violates(&self, invariant: &str) {
        let violated: Vec<_> = self.violated().collect();
        let found = violated.iter().any(|check| check.invariant.contains(invariant));
        assert!(found, "{violated:#?}");
    }

    fn violated(&self) -> impl Iterator<Item = CheckResult> {
        let checks = check(&self.history, &self.rows).into_iter();
        checks.filter(|check| !check.violations.is_empty())
    }
}

/// The change at a position of the feed.
pub(crate) fn change(position: usize, change_type: ChangeType, data: Order) -> Change {
    Change {
        cursor: cursor(position),
        change_type,
        timestamp: data.updated_at,
        client: Some("torture".to_owned()),
        data,
    }
}

pub(crate) fn cursor(position: usize) -> Cursor {
    let micros = position.try_into().expect("few changes");
    let assigned_at = Timestamp::from_micros(micros).expect("a time");
    Cursor { position: micros.unsigned_abs(), assigned_at }
}

/// A change as a follower receives it.
pub(crate) fn received(at: u64, change: Change) -> ReceivedChange {
    let json = serde_json::to_string(&change).expect("a change is JSON").into();
    ReceivedChange { at: second(at), change: Arc::new(FeedChange { change, json }) }
}

fn following(follower: Follower, export: Option<Export>, changes: &[ReceivedChange]) -> Following {
    Following { follower, export, changes: changes.to_vec() }
}

pub(crate) fn second(second: u64) -> Moment {
    Moment(second * 1_000_000)
}

pub(crate) fn hour(hour: i64) -> Timestamp {
    Timestamp::from_micros(1_893_456_000_000_000 + hour * 3_600_000_000).expect("a time")
}

pub(crate) fn order_id(id: &str) -> OrderId {
    OrderId::new(id).expect(id)
}

/// The order that `creator` created, as `writer` wrote it.
pub(crate) fn order(
    id: &str,
    at: i64,
    writer: OperationId,
    version: u64,
    creator: OperationId,
) -> Order {
    Order {
        id: order_id(id),
        calendar: CalendarId::default(),
        datetime: hour(at),
        totalfee: writer.fee(),
        services: services_of(writer),
        reference: reference_of(writer),
        metadata: metadata_of(writer),
        version,
        created_at: Timestamp::from_micros(creator.0.into()).expect("a time"),
        updated_at: Timestamp::from_micros(writer.0.into()).expect("a time"),
    }
}

pub(crate) fn create(id: &str, at: i64) -> Request {
    Request::Create { id: Some(order_id(id)), calendar: CalendarId::default(), datetime: hour(at) }
}

pub(crate) fn replace(id: &str, at: i64) -> Request {
    Request::Replace { id: order_id(id), calendar: None, datetime: hour(at) }
}

/// The outcome of a successful write to the order that the operation `creator` created.
pub(crate) fn written(
    id: &'static str,
    at: i64,
    version: u64,
    creator: u32,
) -> impl Fn(OperationId) -> Outcome {
    move |writer| Outcome::Order(order(id, at, writer, version, OperationId(creator)))
}

pub(crate) fn set_gap(gap: &str) -> Request {
    Request::SetGap { calendar: CalendarId::default(), gap: gap.parse().expect(gap) }
}

/// The outcome of a successful change of the gap.
pub(crate) fn gap_set(gap: &str) -> impl Fn(OperationId) -> Outcome {
    let minimum_gap = gap.parse().expect(gap);
    move |writer| {
        let (id, name) = (CalendarId::default(), writer.calendar_name());
        Outcome::Calendar(Calendar { id, name, minimum_gap })
    }
}

pub(crate) fn conflict(gap: MinimumGap, id: &str, at: i64) -> Outcome {
    Outcome::OrderConflict(Conflict {
        datetime: hour(at),
        calendar: CalendarId::default(),
        minimum_gap: gap,
        conflicts_with: vec![Booking { id: order_id(id), datetime: hour(at) }],
        nearest_free: NearestFree::default(),
    })
}

pub(crate) fn no_response(_: OperationId) -> Outcome {
    Outcome::Failed(Failure::NoResponse("on purpose".to_owned()))
}
