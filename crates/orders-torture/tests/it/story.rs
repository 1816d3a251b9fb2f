//! Histories made by hand: [`Story`].

use orders_core::{
    Booking, Calendar, CalendarId, MinimumGap, Name, NearestFree, Order, OrderId, Timestamp,
};
use orders_torture::answer::{Answer, Refusal};
use orders_torture::check::{self, Finding};
use orders_torture::history::{Fault, History, Moment, Record};
use orders_torture::keep::{CalendarRow, Keep, OrderRow};
use orders_torture::mark::Mark;
use orders_torture::request::{Request, services_of};

/// A history and what the database keeps after it. Times are in hours of a day, moments in seconds.
#[derive(Default)]
pub(crate) struct Story {
    pub(crate) history: History,
    pub(crate) keep: Keep,
}

impl Story {
    /// A story of the calendar `default`, whose gap is 3 hours.
    pub(crate) fn new() -> Self {
        let mut story = Self::default();
        let name = Name::new("Default").expect("a name");
        let minimum_gap = MinimumGap::default();
        let id = CalendarId::default();
        story.history.calendars = vec![Calendar { id, name, minimum_gap }];
        story.gap_row("Default", minimum_gap);
        story
    }

    /// From one second to another, somebody asks and is answered; the answer may hold the mark.
    pub(crate) fn ask(
        mut self,
        seconds: (u64, u64),
        request: Request,
        answer: impl FnOnce(Mark) -> Answer,
    ) -> Self {
        let number = self.history.records.len();
        let mark = Mark(number.try_into().expect("few records"));
        self.history.records.push(Record {
            mark,
            client: number,
            process: 0,
            start: second(seconds.0),
            end: second(seconds.1),
            request,
            answer: answer(mark),
        });
        self.history.records.sort_by_key(|record| record.start);
        self
    }

    /// Somebody places an order, and it is done.
    pub(crate) fn placed(self, seconds: (u64, u64), id: &str, hour: i64) -> Self {
        self.ask(seconds, place(id, hour), |mark| Answer::Order(order(id, hour, mark, 1, mark)))
    }

    /// Somebody reads an order as the operation `writer` wrote it in the life that `first` began.
    pub(crate) fn read(
        self,
        seconds: (u64, u64),
        (id, hour): (&str, i64),
        (writer, version, first): (u32, u64, u32),
    ) -> Self {
        let seen = order(id, hour, Mark(writer), version, Mark(first));
        self.ask(seconds, Request::Read(order_id(id)), |_| Answer::Order(seen))
    }

    /// Somebody removes an order, and it is done.
    pub(crate) fn removed(self, seconds: (u64, u64), id: &str) -> Self {
        self.ask(seconds, Request::Remove(order_id(id)), |_| Answer::Removed)
    }

    /// In the end there is this order, as `writer` wrote it in the life that `first` began.
    pub(crate) fn left(
        mut self,
        (id, hour): (&str, i64),
        (writer, version, first): (u32, u64, u32),
    ) -> Self {
        let Order { id, calendar, datetime, services, created_at, .. } =
            order(id, hour, Mark(writer), version, Mark(first));
        let gap = MinimumGap::default().as_micros();
        let start = datetime.as_micros();
        self.keep.orders.push(OrderRow {
            id,
            calendar,
            gap,
            datetime,
            slot: Some((start, start + gap)),
            cents: writer.into(),
            services: services.iter().cloned().collect(),
            version,
            created_at,
        });
        self.keep.orders.sort_by(|a, b| a.id.cmp(&b.id));
        self
    }

    /// In the end the calendar has this name and gap.
    pub(crate) fn gap_row(&mut self, name: &str, gap: MinimumGap) {
        let (id, name, gap) = (CalendarId::default(), name.to_owned(), gap.as_micros());
        self.keep.calendars = vec![CalendarRow { id, name, gap }];
    }

    pub(crate) fn fault(mut self, fault: Fault) -> Self {
        self.history.faults.push(fault);
        self
    }

    /// Nothing is wrong with it.
    #[track_caller]
    pub(crate) fn is_good(&self) {
        let wrong: Vec<_> = self.violated().collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    /// A check whose claim has these words finds something wrong.
    #[track_caller]
    pub(crate) fn violates(&self, claim: &str) {
        let wrong: Vec<_> = self.violated().collect();
        assert!(wrong.iter().any(|finding| finding.claim.contains(claim)), "{wrong:#?}");
    }

    fn violated(&self) -> impl Iterator<Item = Finding> {
        let findings = check::all(&self.history, &self.keep).into_iter();
        findings.filter(|finding| !finding.violations.is_empty())
    }
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

/// What the service answers of an order whose life the operation `first` began.
pub(crate) fn order(id: &str, at: i64, writer: Mark, version: u64, first: Mark) -> Order {
    Order {
        id: order_id(id),
        calendar: CalendarId::default(),
        datetime: hour(at),
        totalfee: writer.fee(),
        services: services_of(writer),
        version,
        created_at: Timestamp::from_micros(first.0.into()).expect("a time"),
        updated_at: Timestamp::from_micros(writer.0.into()).expect("a time"),
    }
}

pub(crate) fn place(id: &str, at: i64) -> Request {
    Request::Place { id: Some(order_id(id)), calendar: CalendarId::default(), datetime: hour(at) }
}

pub(crate) fn replace(id: &str, at: i64) -> Request {
    Request::Replace { id: order_id(id), calendar: None, datetime: hour(at) }
}

pub(crate) fn conflict(gap: MinimumGap, id: &str, at: i64) -> Answer {
    Answer::Conflict(Refusal {
        calendar: CalendarId::default(),
        minimum_gap: gap,
        conflicts_with: vec![Booking { id: order_id(id), datetime: hour(at) }],
        nearest_free: NearestFree::default(),
    })
}

pub(crate) fn lost(_: Mark) -> Answer {
    Answer::Lost("on purpose".to_owned())
}
