//! What the model stores, and the pure rules of `orders-core` applied to it.

use std::collections::BTreeMap;

use super::*;

/// Everything that the model stores.
pub(super) struct State {
    pub(super) orders: BTreeMap<OrderId, Order>,
    pub(super) services: BTreeMap<ServiceId, Service>,
    pub(super) calendars: BTreeMap<CalendarId, Calendar>,
    /// What was asked for under each key, and what was answered.
    pub(super) keys: BTreeMap<String, (OrderDraft, Order)>,
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
        let order = Order {
            id: draft.id.unwrap_or_else(|| fresh(OrderId::new)),
            calendar: draft.calendar.unwrap_or_default(),
            datetime: draft.datetime,
            totalfee: draft.totalfee,
            services: draft.services,
            reference: draft.reference,
            metadata: draft.metadata,
            version: 1,
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
        }
        Ok(order)
    }

    pub(super) fn replace(
        &mut self,
        current: Order,
        draft: OrderDraft,
        mode: Mode,
    ) -> Result<Order, StoreError> {
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
        }
        Ok(order)
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

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let micros = since.unwrap().as_micros();
    Timestamp::from_micros(i64::try_from(micros).unwrap()).unwrap()
}
