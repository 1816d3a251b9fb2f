//! What the model stores, and the pure rules of `orders-core` applied to it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use super::feeds::Feed;
use super::*;

/// Everything that the model stores.
pub(super) struct State {
    pub(super) orders: BTreeMap<OrderId, Order>,
    pub(super) services: BTreeMap<ServiceId, Service>,
    pub(super) calendars: BTreeMap<CalendarId, Calendar>,
    /// What was asked for under each key, and what was answered.
    pub(super) keys: BTreeMap<String, (OrderDraft, Order)>,
    pub(super) feeds: BTreeMap<orders_core::CalendarFeedId, Feed>,
    /// The feed of changes.
    pub(super) changes: Vec<RecordedChange>,
    /// The cursor before the first change.
    pub(super) first: Cursor,
}

impl State {
    pub(super) fn order(&self, id: &OrderId) -> Result<Order, StoreError> {
        let missing = || StoreError::NotFound(Resource::Order(id.clone()));
        self.orders.get(id).cloned().ok_or_else(missing)
    }

    pub(super) fn service(&self, id: &ServiceId) -> Result<Service, StoreError> {
        let missing = || StoreError::NotFound(Resource::Service(id.clone()));
        self.services.get(id).cloned().ok_or_else(missing)
    }

    pub(super) fn calendar(&self, id: &CalendarId) -> Result<Calendar, StoreError> {
        let missing = || StoreError::NotFound(Resource::Calendar(id.clone()));
        self.calendars.get(id).cloned().ok_or_else(missing)
    }

    pub(super) fn order_if(
        &self,
        id: &OrderId,
        condition: &Precondition,
    ) -> Result<Order, StoreError> {
        let order = self.order(id)?;
        if condition.allows(order.version) {
            Ok(order)
        } else {
            Err(StoreError::VersionMismatch { id: order.id, current: order.version })
        }
    }

    pub(super) fn place(&mut self, draft: OrderDraft, mode: Mode) -> Result<Order, StoreError> {
        let now = now();
        let id = draft.id.unwrap_or_else(|| fresh(OrderId::new));
        let last = self.changes.iter().rfind(|it| it.change.data.id == id);
        let order = Order {
            version: last.map_or(0, |last| last.change.data.version) + 1,
            id,
            calendar: draft.calendar.unwrap_or_default(),
            datetime: draft.datetime,
            totalfee: draft.totalfee,
            services: draft.services,
            reference: draft.reference,
            metadata: draft.metadata,
            created_at: now,
            updated_at: now,
        };
        self.check_references(&order)?;
        if self.orders.contains_key(&order.id) {
            return Err(StoreError::IdTaken(Resource::Order(order.id)));
        }
        self.check_rule(&order)?;
        if mode == Mode::Write {
            self.orders.insert(order.id.clone(), order.clone());
            self.record(ChangeType::Created, None, order.clone());
        }
        Ok(order)
    }

    pub(super) fn replace(
        &mut self,
        current: Order,
        draft: OrderDraft,
        mode: Mode,
    ) -> Result<Order, StoreError> {
        let previous = current.clone();
        let order = Order {
            calendar: draft.calendar.unwrap_or(current.calendar),
            datetime: draft.datetime,
            totalfee: draft.totalfee,
            services: draft.services,
            reference: draft.reference,
            metadata: draft.metadata,
            version: current.version + 1,
            updated_at: now(),
            ..current
        };
        self.check_references(&order)?;
        self.check_rule(&order)?;
        if mode == Mode::Write {
            self.orders.insert(order.id.clone(), order.clone());
            self.record(ChangeType::Updated, Some(previous), order.clone());
        }
        Ok(order)
    }

    pub(super) fn record(&mut self, change_type: ChangeType, previous: Option<Order>, data: Order) {
        let now = now();
        let cursor = Cursor { position: self.changes.len() as u64 + 1, assigned_at: now };
        let timestamp = if change_type == ChangeType::Deleted { now } else { data.updated_at };
        let change = Change { cursor, change_type, timestamp, client: None, data };
        self.changes.push(RecordedChange { change, previous });
    }

    /// The cursor of the last change.
    pub(super) fn cursor(&self) -> Cursor {
        self.changes.last().map_or(self.first, |last| last.change.cursor)
    }

    /// The changes of an order that exists or existed.
    pub(super) fn changes_of(&self, id: &OrderId) -> Result<Vec<Change>, StoreError> {
        let all = self.changes.iter().map(|recorded| &recorded.change);
        match all.filter(|change| change.data.id == *id).cloned().collect::<Vec<_>>() {
            changes if changes.is_empty() => Err(StoreError::NotFound(Resource::Order(id.clone()))),
            changes => Ok(changes),
        }
    }

    /// All orders that a filter means, by time and then id.
    pub(super) fn matching(&self, filter: &OrderFilter, direction: Direction) -> Vec<Order> {
        let OrderFilter { calendar, service, reference, from, to } = filter;
        let is_meant = |order: &&Order| {
            calendar.as_ref().is_none_or(|calendar| order.calendar == *calendar)
                && service.as_ref().is_none_or(|id| order.services.iter().any(|it| it == id))
                && reference.as_ref().is_none_or(|it| order.reference.as_ref() == Some(it))
                && from.is_none_or(|from| order.datetime >= from)
                && to.is_none_or(|to| order.datetime < to)
        };
        let mut orders: Vec<_> = self.orders.values().filter(is_meant).cloned().collect();
        orders.sort_by_key(position);
        if direction == Direction::Descending {
            orders.reverse();
        }
        orders
    }

    pub(super) fn orders_of(&self, calendar: &CalendarId) -> impl Iterator<Item = &Order> {
        let orders = self.orders.values();
        orders.filter(move |order| order.calendar == *calendar)
    }

    /// Whether the calendar and all the services of an order stand.
    pub(super) fn check_references(&self, order: &Order) -> Result<(), StoreError> {
        let is_missing = |(_, id): &(usize, &ServiceId)| !self.services.contains_key(*id);
        let services = order.services.iter().enumerate().filter(is_missing);
        let unknown = UnknownReferences {
            calendar: (!self.calendars.contains_key(&order.calendar))
                .then(|| order.calendar.clone()),
            services: services.map(|(place, id)| (place, id.clone())).collect(),
        };
        if unknown == UnknownReferences::default() {
            Ok(())
        } else {
            Err(StoreError::UnknownReferences(unknown))
        }
    }

    /// Whether an order is far enough from all others of its calendar, which exists.
    pub(super) fn check_rule(&self, order: &Order) -> Result<(), StoreError> {
        let gap = self.calendars[&order.calendar].minimum_gap;
        let slot = |order: &Order| Slot::new(order.datetime, gap);
        let others = || self.orders_of(&order.calendar).filter(|other| other.id != order.id);
        let in_the_way = others().filter(|other| slot(other).conflicts_with(slot(order)));
        let mut conflicts_with: Vec<_> = in_the_way.map(booking).collect();
        if conflicts_with.is_empty() {
            return Ok(());
        }
        conflicts_with.sort_by_key(|booking| booking.datetime);
        let schedule = Schedule::new(gap, others().map(|other| other.datetime));
        Err(StoreError::Conflict(Box::new(Conflict {
            datetime: order.datetime,
            calendar: order.calendar.clone(),
            minimum_gap: gap,
            conflicts_with,
            nearest_free: schedule.nearest_free(order.datetime),
        })))
    }

    /// The earliest pairs of orders that could not both stand under this gap.
    pub(super) fn too_close(&self, calendar: &CalendarId, gap: MinimumGap) -> Vec<TooClose> {
        let mut orders: Vec<_> = self.orders_of(calendar).collect();
        orders.sort_by_key(|order| order.datetime);
        let slot = |order: &Order| Slot::new(order.datetime, gap);
        let later = |n: usize| orders[n + 1..].iter().copied();
        let pairs = orders.iter().enumerate().flat_map(|(n, &first)| {
            let too_close = later(n).filter(move |second| slot(first).conflicts_with(slot(second)));
            too_close.map(move |second| TooClose { first: booking(first), second: booking(second) })
        });
        pairs.take(MAX_PAIRS).collect()
    }
}

pub(super) fn position(order: &Order) -> Position {
    Position { datetime: order.datetime, id: order.id.clone() }
}

fn booking(order: &Order) -> Booking {
    Booking { id: order.id.clone(), datetime: order.datetime }
}

pub(super) fn fresh<I, E: std::fmt::Debug>(new: impl FnOnce(String) -> Result<I, E>) -> I {
    new(uuid::Uuid::now_v7().to_string()).unwrap()
}

/// The time, later than at the last call.
pub(super) fn now() -> Timestamp {
    static LAST: AtomicI64 = AtomicI64::new(0);
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = i64::try_from(since.unwrap().as_micros()).unwrap();
    let later = |last: i64| Some(now.max(last + 1));
    let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, later).unwrap();
    Timestamp::from_micros(now.max(last + 1)).unwrap()
}
