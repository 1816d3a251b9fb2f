//! The port `Orders`.

mod amend;
mod batch;
mod free;
mod list;
mod once;
mod place;
mod read;
mod refusal;
mod remove;
mod replace;
mod solid;

use std::ops::ControlFlow;

use orders_core::{
    CalendarId, Direction, IdempotencyKey, Interval, Mode, Order, OrderDraft, OrderFilter, OrderId,
    OrderPatch, OrderQuery, Orders, Page, Placed, Precondition, Resource, StoreError,
};

use crate::PgStore;
use crate::row;

impl Orders for PgStore {
    fn place(&self, draft: OrderDraft, mode: Mode) -> Result<Order, StoreError> {
        let id = draft.id.clone().unwrap_or_else(fresh_id);
        self.with(|conn| match mode {
            Mode::Write => place::place(conn, &id, &draft),
            Mode::DryRun => place::rehearse(conn, &id, &draft),
        })
    }

    fn place_idempotent(
        &self,
        draft: OrderDraft,
        key: &IdempotencyKey,
    ) -> Result<Placed, StoreError> {
        let fresh = fresh_id();
        self.with(|conn| once::place(conn, &fresh, &draft, key))
    }

    fn place_batch(
        &self,
        drafts: Vec<OrderDraft>,
    ) -> Result<Vec<Result<Order, StoreError>>, StoreError> {
        let line = |draft: OrderDraft| batch::Line {
            id: draft.id.clone().unwrap_or_else(fresh_id),
            calendar: draft.calendar.clone().unwrap_or_default(),
            draft,
        };
        let lines: Vec<_> = drafts.into_iter().map(line).collect();
        self.with(|conn| batch::place(conn, &lines))
    }

    fn order(&self, id: &OrderId) -> Result<Order, StoreError> {
        self.with(|conn| Ok(read::one(conn, id)?.ok_or_else(|| not_found(id))?))
    }

    fn list(&self, query: &OrderQuery) -> Result<Page, StoreError> {
        self.with(|conn| Ok(list::page(conn, query)?))
    }

    fn export(
        &self,
        filter: &OrderFilter,
        direction: Direction,
        sink: &mut dyn FnMut(Vec<Order>) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.with_long(|conn| Ok(list::export(conn, filter, direction, sink)?))
    }

    fn replace_if(
        &self,
        id: &OrderId,
        condition: &Precondition,
        draft: OrderDraft,
        mode: Mode,
    ) -> Result<Order, StoreError> {
        self.with(|conn| match mode {
            Mode::Write => replace::replace(conn, id, condition, &draft),
            Mode::DryRun => replace::rehearse(conn, id, condition, &draft),
        })
    }

    fn patch_if(
        &self,
        id: &OrderId,
        condition: &Precondition,
        patch: &OrderPatch,
        mode: Mode,
    ) -> Result<Order, StoreError> {
        self.with(|conn| amend::amend(conn, id, condition, patch, mode))
    }

    fn remove_if(&self, id: &OrderId, condition: &Precondition) -> Result<(), StoreError> {
        self.with(|conn| remove::remove(conn, id, condition))
    }

    fn availability(
        &self,
        calendar: &CalendarId,
        window: Interval,
    ) -> Result<Vec<Interval>, StoreError> {
        self.with(|conn| free::within(conn, calendar, window))
    }
}

fn not_found(id: &OrderId) -> StoreError {
    StoreError::NotFound(Resource::Order(id.clone()))
}

fn fresh_id() -> OrderId {
    row::fresh_id(OrderId::new)
}

fn mismatch(standing: &Order) -> StoreError {
    StoreError::VersionMismatch { id: standing.id.clone(), current: standing.version }
}
