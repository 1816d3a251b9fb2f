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

pub(crate) use availability::free;
pub(crate) use place::reasons;
pub(crate) use place_idempotent::delete_expired_idempotency_keys;

use std::ops::ControlFlow;

use diesel::PgConnection;
use orders_core::{
    CalendarId, Candidate, Cursor, Direction, IdempotencyKey, Interval, Mode, Order, OrderDraft,
    OrderFilter, OrderId, OrderPatch, OrderQuery, Orders, Page, Placed, Precondition, Resource,
    StoreError,
};

use crate::row;
use crate::{PgStore, changes};

impl Orders for PgStore {
    fn place(&self, draft: OrderDraft, mode: Mode) -> Result<Order, StoreError> {
        let candidate = Candidate::new(draft, generate_id);
        self.caller.permit(&candidate.calendar)?;
        self.with(|conn| match mode {
            Mode::Write => place::place(conn, &candidate, &self.caller),
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
        self.caller.permit(&candidate.calendar)?;
        self.with(|conn| {
            place_idempotent::place_idempotent(conn, &candidate, chosen_id, key, &self.caller)
        })
    }

    fn place_batch(
        &self,
        drafts: Vec<OrderDraft>,
    ) -> Result<Vec<Result<Order, StoreError>>, StoreError> {
        let (mut candidates, mut permissions) = (Vec::new(), Vec::new());
        for draft in drafts {
            let candidate = Candidate::new(draft, generate_id);
            let permission = self.caller.permit(&candidate.calendar);
            if permission.is_ok() {
                candidates.push(candidate);
            }
            permissions.push(permission);
        }
        let placed = self.with(|conn| place_batch::place_batch(conn, &candidates, &self.caller))?;
        let mut placed = placed.into_iter();
        let results = permissions.into_iter().filter_map(|permission| match permission {
            Ok(()) => placed.next(),
            Err(error) => Some(Err(error)),
        });
        Ok(results.collect())
    }

    fn order(&self, id: &OrderId) -> Result<Order, StoreError> {
        self.with(|conn| find::find(conn, id, &self.caller))
    }

    fn list(&self, query: &OrderQuery) -> Result<Page, StoreError> {
        self.permit_named(query.filter.calendar.as_ref())?;
        self.with(|conn| Ok(list::page(conn, query, &self.caller)?))
    }

    fn export(
        &self,
        filter: &OrderFilter,
        direction: Direction,
        sink: &mut dyn FnMut(Option<Cursor>, Vec<Order>) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.permit_named(filter.calendar.as_ref())?;
        let head_of =
            |reader: &mut PgConnection| self.with_once(|conn| changes::head_of(reader, conn));
        self.with_long(|conn| list::export(conn, filter, direction, &self.caller, &head_of, sink))
    }

    fn replace_if(
        &self,
        id: &OrderId,
        condition: &Precondition,
        draft: OrderDraft,
        mode: Mode,
    ) -> Result<Order, StoreError> {
        self.permit_named(draft.calendar.as_ref())?;
        self.with(|conn| replace::replace(conn, id, condition, &draft, mode, &self.caller))
    }

    fn patch_if(
        &self,
        id: &OrderId,
        condition: &Precondition,
        patch: &OrderPatch,
        mode: Mode,
    ) -> Result<Order, StoreError> {
        self.permit_named(patch.calendar.as_ref())?;
        self.with(|conn| patch::patch(conn, id, condition, patch, mode, &self.caller))
    }

    fn remove_if(&self, id: &OrderId, condition: &Precondition) -> Result<(), StoreError> {
        self.with(|conn| delete::delete(conn, id, condition, &self.caller))
    }

    fn availability(
        &self,
        calendar: &CalendarId,
        window: Interval,
    ) -> Result<Vec<Interval>, StoreError> {
        self.caller.permit(calendar)?;
        self.with(|conn| availability::availability(conn, calendar, window))
    }
}

impl PgStore {
    /// Fails if a calendar is named that the caller may not use.
    fn permit_named(&self, calendar: Option<&CalendarId>) -> Result<(), StoreError> {
        calendar.map_or(Ok(()), |calendar| self.caller.permit(calendar))
    }
}

pub(crate) fn not_found(id: &OrderId) -> StoreError {
    StoreError::NotFound(Resource::Order(id.clone()))
}

fn version_mismatch(current: &Order) -> StoreError {
    StoreError::VersionMismatch { id: current.id.clone(), current: current.version }
}

pub(crate) fn generate_id() -> OrderId {
    row::generate_id(OrderId::new)
}
