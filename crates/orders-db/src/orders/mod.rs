//! The port `Orders`.

mod availability;
mod delete;
mod diagnose;
mod find;
mod list;
mod patch;
mod place;
mod place_batch;
mod place_idempotent;
mod replace;

use std::ops::ControlFlow;

use orders_core::{
    CalendarId, Candidate, Direction, IdempotencyKey, Interval, Mode, Order, OrderDraft,
    OrderFilter, OrderId, OrderPatch, OrderQuery, Orders, Page, Placed, Precondition, Resource,
    StoreError,
};

use crate::PgStore;
use crate::row;

impl Orders for PgStore {
    fn place(&self, draft: OrderDraft, mode: Mode) -> Result<Order, StoreError> {
        let candidate = Candidate::new(draft, generate_id);
        self.with(|conn| match mode {
            Mode::Write => place::place(conn, &candidate),
            Mode::DryRun => place::dry_run(conn, candidate.clone()),
        })
    }

    fn place_idempotent(
        &self,
        draft: OrderDraft,
        key: &IdempotencyKey,
    ) -> Result<Placed, StoreError> {
        let chosen_id = draft.id.is_some();
        let candidate = Candidate::new(draft, generate_id);
        self.with(|conn| place_idempotent::place_idempotent(conn, &candidate, chosen_id, key))
    }

    fn place_batch(
        &self,
        drafts: Vec<OrderDraft>,
    ) -> Result<Vec<Result<Order, StoreError>>, StoreError> {
        let candidates: Vec<_> =
            drafts.into_iter().map(|draft| Candidate::new(draft, generate_id)).collect();
        self.with(|conn| place_batch::place_batch(conn, &candidates))
    }

    fn order(&self, id: &OrderId) -> Result<Order, StoreError> {
        self.with(|conn| find::find(conn, id))
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
        self.with(|conn| replace::replace(conn, id, condition, &draft, mode))
    }

    fn patch_if(
        &self,
        id: &OrderId,
        condition: &Precondition,
        patch: &OrderPatch,
        mode: Mode,
    ) -> Result<Order, StoreError> {
        self.with(|conn| patch::patch(conn, id, condition, patch, mode))
    }

    fn remove_if(&self, id: &OrderId, condition: &Precondition) -> Result<(), StoreError> {
        self.with(|conn| delete::delete(conn, id, condition))
    }

    fn availability(
        &self,
        calendar: &CalendarId,
        window: Interval,
    ) -> Result<Vec<Interval>, StoreError> {
        self.with(|conn| availability::availability(conn, calendar, window))
    }
}

fn not_found(id: &OrderId) -> StoreError {
    StoreError::NotFound(Resource::Order(id.clone()))
}

fn version_mismatch(current: &Order) -> StoreError {
    StoreError::VersionMismatch { id: current.id.clone(), current: current.version }
}

fn generate_id() -> OrderId {
    row::generate_id(OrderId::new)
}
