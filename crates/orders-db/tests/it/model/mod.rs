//! The contract of a store as a program: maps behind one lock, and the pure rules of `orders-core`.

mod feeds;
mod state;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard};

use orders_core::{
    After, AsOf, Booking, Calendar, CalendarDraft, CalendarId, Calendars, Change, ChangePage,
    ChangeQuery, ChangeType, Changes, Conflict, Cursor, Direction, GapTooWide, HistoryPage,
    IdempotencyKey, Interval, ListPage, ListQuery, MAX_PAIRS, MinimumGap, Mode, Order, OrderDraft,
    OrderFilter, OrderId, OrderPatch, OrderQuery, Orders, Page, Placed, Position, Precondition,
    RecordedChange, Resource, Schedule, Service, ServiceDraft, ServiceId, Services, Slot,
    StoreError, Timestamp, TooClose, UnknownReferences,
};

use state::{State, fresh, position};

/// A store that forgets everything.
pub(crate) struct Model(Mutex<State>);

impl Model {
    /// A store with nothing in it but the calendar `default`.
    pub(crate) fn new() -> Self {
        let default = Calendar {
            id: CalendarId::default(),
            name: orders_core::Name::new("Default").unwrap(),
            minimum_gap: MinimumGap::default(),
        };
        let first = Cursor { position: 0, assigned_at: state::now() };
        Self(Mutex::new(State {
            first,
            orders: BTreeMap::new(),
            services: BTreeMap::new(),
            calendars: BTreeMap::from([(default.id.clone(), default)]),
            keys: BTreeMap::new(),
            changes: Vec::new(),
            feeds: BTreeMap::new(),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl Orders for Model {
    fn place(&self, draft: OrderDraft, mode: Mode) -> Result<Order, StoreError> {
        self.state().place(draft, mode)
    }

    fn place_idempotent(
        &self,
        draft: OrderDraft,
        key: &IdempotencyKey,
    ) -> Result<Placed, StoreError> {
        let mut state = self.state();
        // Who names no calendar asks for `default`.
        let calendar = Some(draft.calendar.clone().unwrap_or_default());
        let asked = OrderDraft { calendar, ..draft };
        match state.keys.get(key.as_str()) {
            Some((before, order)) if *before == asked => {
                Ok(Placed { order: order.clone(), replayed: true })
            }
            Some(_) => Err(StoreError::KeyReused(key.clone())),
            None => {
                let order = state.place(asked.clone(), Mode::Write)?;
                state.keys.insert(key.as_str().to_owned(), (asked, order.clone()));
                Ok(Placed { order, replayed: false })
            }
        }
    }

    fn place_batch(
        &self,
        drafts: Vec<OrderDraft>,
    ) -> Result<Vec<Result<Order, StoreError>>, StoreError> {
        let mut state = self.state();
        Ok(drafts.into_iter().map(|draft| state.place(draft, Mode::Write)).collect())
    }

    fn order(&self, id: &OrderId) -> Result<Order, StoreError> {
        self.state().order(id)
    }

    fn list(&self, query: &OrderQuery) -> Result<Page, StoreError> {
        let mut orders = self.state().matching(&query.filter, query.direction);
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
        sink: &mut dyn FnMut(Option<Cursor>, Vec<Order>) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let (orders, cursor) = {
            let state = self.state();
            (state.matching(filter, direction), state.cursor())
        };
        let _ = orders.chunks(10).try_for_each(|few| sink(Some(cursor), few.to_vec()));
        Ok(())
    }

    fn replace_if(
        &self,
        id: &OrderId,
        condition: &Precondition,
        draft: OrderDraft,
        mode: Mode,
    ) -> Result<Order, StoreError> {
        let mut state = self.state();
        let current = state.order_if(id, condition)?;
        state.replace(current, draft, mode)
    }

    fn patch_if(
        &self,
        id: &OrderId,
        condition: &Precondition,
        patch: &OrderPatch,
        mode: Mode,
    ) -> Result<Order, StoreError> {
        let mut state = self.state();
        let current = state.order_if(id, condition)?;
        let draft = patch.applied_to(&current)?;
        state.replace(current, draft, mode)
    }

    fn remove_if(&self, id: &OrderId, condition: &Precondition) -> Result<(), StoreError> {
        let mut state = self.state();
        let order = state.order_if(id, condition)?;
        state.orders.remove(id);
        let version = order.version + 1;
        state.record(ChangeType::Deleted, None, Order { version, ..order });
        Ok(())
    }

    fn availability(
        &self,
        calendar: &CalendarId,
        window: Interval,
    ) -> Result<Vec<Interval>, StoreError> {
        let state = self.state();
        let gap = state.calendar(calendar)?.minimum_gap;
        let taken = state.orders_of(calendar).map(|order| order.datetime);
        Ok(Schedule::new(gap, taken).free(window))
    }
}

impl Changes for Model {
    fn changes(&self, query: &ChangeQuery) -> Result<ChangePage, StoreError> {
        let state = self.state();
        let after = match query.after {
            After::Oldest => state.first,
            After::Now => state.cursor(),
            After::Cursor(cursor) => cursor,
        };
        let cursors = state.changes.iter().map(|recorded| recorded.change.cursor);
        if !std::iter::once(state.first).chain(cursors).any(|cursor| cursor == after) {
            return Err(StoreError::CursorGone(after));
        }
        let after_it = state.changes.iter().skip(after.position as usize);
        let mut seen = after_it.filter_map(|it| it.seen_by(None, &query.filter));
        let changes: Vec<Change> = seen.by_ref().take(query.limit).collect();
        let more = seen.next().is_some();
        let next = match changes.last() {
            Some(last) if more => last.cursor,
            _ => state.cursor(),
        };
        Ok(ChangePage { changes, next, more })
    }

    fn history(&self, id: &OrderId, after: u64, limit: usize) -> Result<HistoryPage, StoreError> {
        let mut changes = self.state().changes_of(id)?;
        changes.retain(|change| change.data.version > after);
        let more = changes.len() > limit;
        changes.truncate(limit);
        let next = changes.last().filter(|_| more).map(|last| last.data.version);
        Ok(HistoryPage { changes, next })
    }

    fn order_as_of(&self, id: &OrderId, as_of: AsOf) -> Result<Order, StoreError> {
        let mut changes = self.state().changes_of(id).unwrap_or_default();
        changes.retain(|change| match as_of {
            AsOf::Version(version) => change.data.version == version,
            AsOf::Instant(at) => change.timestamp <= at,
        });
        let last = changes.pop().filter(|last| last.change_type != ChangeType::Deleted);
        let missing = || StoreError::NotFound(Resource::OrderAsOf(id.clone(), as_of));
        last.map(|last| last.data).ok_or_else(missing)
    }
}

impl Services for Model {
    fn add_service(&self, draft: ServiceDraft) -> Result<Service, StoreError> {
        let mut state = self.state();
        let id = draft.id.unwrap_or_else(|| fresh(ServiceId::new));
        if state.services.contains_key(&id) {
            return Err(StoreError::IdTaken(Resource::Service(id)));
        }
        let name = draft.name;
        let service = Service { id, name };
        state.services.insert(service.id.clone(), service.clone());
        Ok(service)
    }

    fn service(&self, id: &ServiceId) -> Result<Service, StoreError> {
        self.state().service(id)
    }

    fn services(
        &self,
        query: &ListQuery<ServiceId>,
    ) -> Result<ListPage<Service, ServiceId>, StoreError> {
        let state = self.state();
        let comes_after = |id: &ServiceId| query.after.as_ref().is_none_or(|after| id > after);
        let following = state.services.values().filter(|service| comes_after(&service.id));
        Ok(ListPage::new(following.cloned().collect(), query.limit, |service| service.id.clone()))
    }

    fn replace_service(&self, id: &ServiceId, draft: ServiceDraft) -> Result<Service, StoreError> {
        let mut state = self.state();
        let service = Service { name: draft.name, ..state.service(id)? };
        state.services.insert(id.clone(), service.clone());
        Ok(service)
    }

    fn remove_service(&self, id: &ServiceId) -> Result<(), StoreError> {
        let mut state = self.state();
        state.service(id)?;
        let names_it = |order: &Order| order.services.iter().any(|service| service == id);
        if state.orders.values().any(names_it) {
            return Err(StoreError::InUse(Resource::Service(id.clone())));
        }
        state.services.remove(id);
        Ok(())
    }
}

impl Calendars for Model {
    fn add_calendar(&self, draft: CalendarDraft) -> Result<Calendar, StoreError> {
        let mut state = self.state();
        let id = draft.id.unwrap_or_else(|| fresh(CalendarId::new));
        if state.calendars.contains_key(&id) {
            return Err(StoreError::IdTaken(Resource::Calendar(id)));
        }
        let calendar =
            Calendar { id, name: draft.name, minimum_gap: draft.minimum_gap.unwrap_or_default() };
        state.calendars.insert(calendar.id.clone(), calendar.clone());
        Ok(calendar)
    }

    fn calendar(&self, id: &CalendarId) -> Result<Calendar, StoreError> {
        self.state().calendar(id)
    }

    fn calendars(
        &self,
        query: &ListQuery<CalendarId>,
    ) -> Result<ListPage<Calendar, CalendarId>, StoreError> {
        let state = self.state();
        let comes_after = |id: &CalendarId| query.after.as_ref().is_none_or(|after| id > after);
        let following = state.calendars.values().filter(|calendar| comes_after(&calendar.id));
        Ok(ListPage::new(following.cloned().collect(), query.limit, |calendar| calendar.id.clone()))
    }

    fn replace_calendar(
        &self,
        id: &CalendarId,
        draft: CalendarDraft,
    ) -> Result<Calendar, StoreError> {
        let mut state = self.state();
        let current = state.calendar(id)?;
        let minimum_gap = draft.minimum_gap.unwrap_or(current.minimum_gap);
        let too_close = state.too_close(id, minimum_gap);
        if !too_close.is_empty() {
            return Err(StoreError::GapTooWide(Box::new(GapTooWide {
                calendar: id.clone(),
                minimum_gap,
                too_close,
            })));
        }
        let calendar = Calendar { name: draft.name, minimum_gap, ..current };
        state.calendars.insert(id.clone(), calendar.clone());
        Ok(calendar)
    }

    fn remove_calendar(&self, id: &CalendarId) -> Result<(), StoreError> {
        let mut state = self.state();
        state.calendar(id)?;
        if id.is_default() || state.orders_of(id).next().is_some() {
            return Err(StoreError::InUse(Resource::Calendar(id.clone())));
        }
        state.calendars.remove(id);
        for feed in state.feeds.values_mut() {
            feed.feed.calendars.retain(|shown| shown != id);
        }
        Ok(())
    }
}
