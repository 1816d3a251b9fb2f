//! The contract of a store as a program: four maps behind one lock, and the pure rules of `orders-core`.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard};

use orders_core::{
    Booking, Calendar, CalendarDraft, CalendarId, Calendars, Conflict, Direction, GapTooWide,
    IdempotencyKey, Interval, MAX_PAIRS, MinimumGap, Mode, Order, OrderDraft, OrderFilter, OrderId,
    OrderPatch, OrderQuery, Orders, Page, Placed, Position, Precondition, Resource, Schedule,
    Service, ServiceDraft, ServiceId, Services, Slot, StoreError, Timestamp, TooClose,
    UnknownReferences,
};

/// A store that forgets everything.
pub(crate) struct Model(Mutex<Kept>);

struct Kept {
    orders: BTreeMap<OrderId, Order>,
    services: BTreeMap<ServiceId, Service>,
    calendars: BTreeMap<CalendarId, Calendar>,
    /// What was asked for under each key, and what was answered.
    keys: BTreeMap<String, (OrderDraft, Order)>,
}

impl Model {
    /// A store with nothing in it but the calendar `default`.
    pub(crate) fn new() -> Self {
        let default = Calendar {
            id: CalendarId::default(),
            name: orders_core::Name::new("Default").unwrap(),
            minimum_gap: MinimumGap::default(),
        };
        Self(Mutex::new(Kept {
            orders: BTreeMap::new(),
            services: BTreeMap::new(),
            calendars: BTreeMap::from([(default.id.clone(), default)]),
            keys: BTreeMap::new(),
        }))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap()
    }
}

impl Orders for Model {
    fn place(&self, draft: OrderDraft, mode: Mode) -> Result<Order, StoreError> {
        self.kept().place(draft, mode)
    }

    fn place_idempotent(
        &self,
        draft: OrderDraft,
        key: &IdempotencyKey,
    ) -> Result<Placed, StoreError> {
        let mut kept = self.kept();
        // Who names no calendar asks for `default`.
        let calendar = Some(draft.calendar.clone().unwrap_or_default());
        let asked = OrderDraft { calendar, ..draft };
        match kept.keys.get(key.as_str()) {
            Some((before, order)) if *before == asked => {
                Ok(Placed { order: order.clone(), replayed: true })
            }
            Some(_) => Err(StoreError::KeyReused(key.clone())),
            None => {
                let order = kept.place(asked.clone(), Mode::Write)?;
                kept.keys.insert(key.as_str().to_owned(), (asked, order.clone()));
                Ok(Placed { order, replayed: false })
            }
        }
    }

    fn place_batch(
        &self,
        drafts: Vec<OrderDraft>,
    ) -> Result<Vec<Result<Order, StoreError>>, StoreError> {
        let mut kept = self.kept();
        Ok(drafts.into_iter().map(|draft| kept.place(draft, Mode::Write)).collect())
    }

    fn order(&self, id: &OrderId) -> Result<Order, StoreError> {
        self.kept().order(id)
    }

    fn list(&self, query: &OrderQuery) -> Result<Page, StoreError> {
        let mut orders = self.kept().matching(&query.filter, query.direction);
        if let Some(after) = &query.after {
            orders.retain(|order| match query.direction {
                Direction::Ascending => position(order) > *after,
                Direction::Descending => position(order) < *after,
            });
        }
        let more = orders.len() > query.limit;
        orders.truncate(query.limit);
        let next = orders.last().filter(|_| more).map(position);
        Ok(Page { orders, next })
    }

    fn export(
        &self,
        filter: &OrderFilter,
        direction: Direction,
        sink: &mut dyn FnMut(Vec<Order>) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let orders = self.kept().matching(filter, direction);
        let _ = orders.chunks(10).try_for_each(|few| sink(few.to_vec()));
        Ok(())
    }

    fn replace_if(
        &self,
        id: &OrderId,
        condition: &Precondition,
        draft: OrderDraft,
        mode: Mode,
    ) -> Result<Order, StoreError> {
        let mut kept = self.kept();
        let standing = kept.order_if(id, condition)?;
        kept.replace(standing, draft, mode)
    }

    fn patch_if(
        &self,
        id: &OrderId,
        condition: &Precondition,
        patch: &OrderPatch,
        mode: Mode,
    ) -> Result<Order, StoreError> {
        let mut kept = self.kept();
        let standing = kept.order_if(id, condition)?;
        let draft = patch.applied_to(&standing);
        kept.replace(standing, draft, mode)
    }

    fn remove_if(&self, id: &OrderId, condition: &Precondition) -> Result<(), StoreError> {
        let mut kept = self.kept();
        kept.order_if(id, condition)?;
        kept.orders.remove(id);
        Ok(())
    }

    fn availability(
        &self,
        calendar: &CalendarId,
        window: Interval,
    ) -> Result<Vec<Interval>, StoreError> {
        let kept = self.kept();
        let gap = kept.calendar(calendar)?.minimum_gap;
        let taken = kept.orders_of(calendar).map(|order| order.datetime);
        Ok(Schedule::new(gap, taken).free(window))
    }
}

impl Services for Model {
    fn add_service(&self, draft: ServiceDraft) -> Result<Service, StoreError> {
        let mut kept = self.kept();
        let id = draft.id.unwrap_or_else(|| fresh(ServiceId::new));
        if kept.services.contains_key(&id) {
            return Err(StoreError::IdTaken(Resource::Service(id)));
        }
        let name = draft.name;
        let service = Service { id, name };
        kept.services.insert(service.id.clone(), service.clone());
        Ok(service)
    }

    fn service(&self, id: &ServiceId) -> Result<Service, StoreError> {
        self.kept().service(id)
    }

    fn services(&self) -> Result<Vec<Service>, StoreError> {
        Ok(self.kept().services.values().cloned().collect())
    }

    fn replace_service(&self, id: &ServiceId, draft: ServiceDraft) -> Result<Service, StoreError> {
        let mut kept = self.kept();
        let service = Service { name: draft.name, ..kept.service(id)? };
        kept.services.insert(id.clone(), service.clone());
        Ok(service)
    }

    fn remove_service(&self, id: &ServiceId) -> Result<(), StoreError> {
        let mut kept = self.kept();
        kept.service(id)?;
        let names_it = |order: &Order| order.services.iter().any(|service| service == id);
        if kept.orders.values().any(names_it) {
            return Err(StoreError::InUse(Resource::Service(id.clone())));
        }
        kept.services.remove(id);
        Ok(())
    }
}

impl Calendars for Model {
    fn add_calendar(&self, draft: CalendarDraft) -> Result<Calendar, StoreError> {
        let mut kept = self.kept();
        let id = draft.id.unwrap_or_else(|| fresh(CalendarId::new));
        if kept.calendars.contains_key(&id) {
            return Err(StoreError::IdTaken(Resource::Calendar(id)));
        }
        let calendar =
            Calendar { id, name: draft.name, minimum_gap: draft.minimum_gap.unwrap_or_default() };
        kept.calendars.insert(calendar.id.clone(), calendar.clone());
        Ok(calendar)
    }

    fn calendar(&self, id: &CalendarId) -> Result<Calendar, StoreError> {
        self.kept().calendar(id)
    }

    fn calendars(&self) -> Result<Vec<Calendar>, StoreError> {
        Ok(self.kept().calendars.values().cloned().collect())
    }

    fn replace_calendar(
        &self,
        id: &CalendarId,
        draft: CalendarDraft,
    ) -> Result<Calendar, StoreError> {
        let mut kept = self.kept();
        let standing = kept.calendar(id)?;
        let minimum_gap = draft.minimum_gap.unwrap_or(standing.minimum_gap);
        let too_close = kept.too_close(id, minimum_gap);
        if !too_close.is_empty() {
            return Err(StoreError::GapTooWide(Box::new(GapTooWide {
                calendar: id.clone(),
                minimum_gap,
                too_close,
            })));
        }
        let calendar = Calendar { name: draft.name, minimum_gap, ..standing };
        kept.calendars.insert(id.clone(), calendar.clone());
        Ok(calendar)
    }

    fn remove_calendar(&self, id: &CalendarId) -> Result<(), StoreError> {
        let mut kept = self.kept();
        kept.calendar(id)?;
        if id.is_default() || kept.orders_of(id).next().is_some() {
            return Err(StoreError::InUse(Resource::Calendar(id.clone())));
        }
        kept.calendars.remove(id);
        Ok(())
    }
}

impl Kept {
    fn order(&self, id: &OrderId) -> Result<Order, StoreError> {
        let missing = || StoreError::NotFound(Resource::Order(id.clone()));
        self.orders.get(id).cloned().ok_or_else(missing)
    }

    fn service(&self, id: &ServiceId) -> Result<Service, StoreError> {
        let missing = || StoreError::NotFound(Resource::Service(id.clone()));
        self.services.get(id).cloned().ok_or_else(missing)
    }

    fn calendar(&self, id: &CalendarId) -> Result<Calendar, StoreError> {
        let missing = || StoreError::NotFound(Resource::Calendar(id.clone()));
        self.calendars.get(id).cloned().ok_or_else(missing)
    }

    fn order_if(&self, id: &OrderId, condition: &Precondition) -> Result<Order, StoreError> {
        let order = self.order(id)?;
        if condition.allows(order.version) {
            Ok(order)
        } else {
            Err(StoreError::VersionMismatch { id: order.id, current: order.version })
        }
    }

    fn place(&mut self, draft: OrderDraft, mode: Mode) -> Result<Order, StoreError> {
        let now = now();
        let order = Order {
            id: draft.id.unwrap_or_else(|| fresh(OrderId::new)),
            calendar: draft.calendar.unwrap_or_default(),
            datetime: draft.datetime,
            totalfee: draft.totalfee,
            services: draft.services,
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

    fn replace(
        &mut self,
        standing: Order,
        draft: OrderDraft,
        mode: Mode,
    ) -> Result<Order, StoreError> {
        let order = Order {
            calendar: draft.calendar.unwrap_or(standing.calendar),
            datetime: draft.datetime,
            totalfee: draft.totalfee,
            services: draft.services,
            version: standing.version + 1,
            updated_at: now(),
            ..standing
        };
        self.check_references(&order)?;
        self.check_rule(&order)?;
        if mode == Mode::Write {
            self.orders.insert(order.id.clone(), order.clone());
        }
        Ok(order)
    }

    /// All orders that a filter means, by time and then id.
    fn matching(&self, filter: &OrderFilter, direction: Direction) -> Vec<Order> {
        let OrderFilter { calendar, service, from, to } = filter;
        let is_meant = |order: &&Order| {
            calendar.as_ref().is_none_or(|calendar| order.calendar == *calendar)
                && service.as_ref().is_none_or(|id| order.services.iter().any(|it| it == id))
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

    fn orders_of(&self, calendar: &CalendarId) -> impl Iterator<Item = &Order> {
        let orders = self.orders.values();
        orders.filter(move |order| order.calendar == *calendar)
    }

    /// Whether the calendar and all the services of an order stand.
    fn check_references(&self, order: &Order) -> Result<(), StoreError> {
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

    /// Whether an order is far enough from all others of its calendar, which stands.
    fn check_rule(&self, order: &Order) -> Result<(), StoreError> {
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
    fn too_close(&self, calendar: &CalendarId, gap: MinimumGap) -> Vec<TooClose> {
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

fn position(order: &Order) -> Position {
    Position { datetime: order.datetime, id: order.id.clone() }
}

fn booking(order: &Order) -> Booking {
    Booking { id: order.id.clone(), datetime: order.datetime }
}

fn fresh<I, E: std::fmt::Debug>(new: impl FnOnce(String) -> Result<I, E>) -> I {
    new(uuid::Uuid::now_v7().to_string()).unwrap()
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let micros = since.unwrap().as_micros();
    Timestamp::from_micros(i64::try_from(micros).unwrap()).unwrap()
}
