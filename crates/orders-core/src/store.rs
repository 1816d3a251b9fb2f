//! The ports: what keeps orders, services and calendars must promise.
//!
//! Whatever implements them is synchronous, may be called from many threads at once, and acts on each
//! call at one instant: no caller ever sees half of another's write.

use std::error::Error;
use std::ops::ControlFlow;

use crate::{
    Calendar, CalendarDraft, CalendarId, Conflict, Direction, GapTooWide, IdempotencyKey, Interval,
    Order, OrderDraft, OrderFilter, OrderId, OrderPatch, OrderQuery, Page, Placed, Precondition,
    Service, ServiceDraft, ServiceId,
};

/// Orders, kept so that two of one calendar are never less than its minimum gap apart.
pub trait Orders {
    /// Places a new order, in calendar `default` unless the draft names another, at version 1.
    /// A draft without an id gets a time-ordered unique one.
    ///
    /// Of the errors that apply, the first in this list is given.
    ///
    /// # Errors
    /// [`StoreError::UnknownReferences`], [`StoreError::IdTaken`], [`StoreError::Conflict`].
    fn place(&self, draft: OrderDraft, mode: Mode) -> Result<Order, StoreError>;

    /// Places a new order like [`Orders::place`], and remembers it under the key, for at least 24
    /// hours and in the same transaction: the same draft with the same key gets the order as it was
    /// placed the first time. A refusal is not remembered.
    ///
    /// # Errors
    /// [`StoreError::KeyInUse`], [`StoreError::KeyReused`], and those of [`Orders::place`].
    fn place_idempotent(
        &self,
        draft: OrderDraft,
        key: &IdempotencyKey,
    ) -> Result<Placed, StoreError>;

    /// Places many new orders, each as if by [`Orders::place`] and one after the other: each succeeds
    /// or is refused on its own. Those that succeed are stored when this returns.
    ///
    /// # Errors
    /// Only faults; a refusal is in the place of its draft.
    fn place_batch(
        &self,
        drafts: Vec<OrderDraft>,
    ) -> Result<Vec<Result<Order, StoreError>>, StoreError>;

    /// The order with this id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    fn order(&self, id: &OrderId) -> Result<Order, StoreError>;

    /// A page of the list of orders, by `datetime` and then `id`. What it costs does not depend on
    /// where in the list the page is.
    ///
    /// # Errors
    /// None of its own.
    fn list(&self, query: &OrderQuery) -> Result<Page, StoreError>;

    /// Hands all orders that match to `sink`, by `datetime` and then `id`, a portion at a time and as they
    /// stood at one instant: one portion at least, if only an empty one. The sink may take its time, and
    /// may end it.
    ///
    /// # Errors
    /// None of its own.
    fn export(
        &self,
        filter: &OrderFilter,
        direction: Direction,
        sink: &mut dyn FnMut(Vec<Order>) -> ControlFlow<()>,
    ) -> Result<(), StoreError>;

    /// All orders, by `datetime` and then `id`.
    ///
    /// # Errors
    /// None of its own.
    fn orders(&self) -> Result<Vec<Order>, StoreError> {
        let mut all = Vec::new();
        self.export(&OrderFilter::default(), Direction::Ascending, &mut |orders| {
            all.extend(orders);
            ControlFlow::Continue(())
        })?;
        Ok(all)
    }

    /// Puts the draft in the place of an order, which keeps its id and, unless the draft names
    /// another, its calendar. Its version grows by one. The draft's own id is not looked at.
    ///
    /// Of the errors that apply, the first in this list is given.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::UnknownReferences`],
    /// [`StoreError::Conflict`].
    fn replace_if(
        &self,
        id: &OrderId,
        condition: &Precondition,
        draft: OrderDraft,
        mode: Mode,
    ) -> Result<Order, StoreError>;

    /// Like [`Orders::replace_if`], under no condition.
    ///
    /// # Errors
    /// As there.
    fn replace(&self, id: &OrderId, draft: OrderDraft, mode: Mode) -> Result<Order, StoreError> {
        self.replace_if(id, &Precondition::None, draft, mode)
    }

    /// Changes a part of an order. Nobody else's change to the other parts is undone by it.
    ///
    /// # Errors
    /// As those of [`Orders::replace_if`].
    fn patch_if(
        &self,
        id: &OrderId,
        condition: &Precondition,
        patch: &OrderPatch,
        mode: Mode,
    ) -> Result<Order, StoreError>;

    /// Removes an order and frees its time.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::VersionMismatch`].
    fn remove_if(&self, id: &OrderId, condition: &Precondition) -> Result<(), StoreError>;

    /// Like [`Orders::remove_if`], under no condition.
    ///
    /// # Errors
    /// As there.
    fn remove(&self, id: &OrderId) -> Result<(), StoreError> {
        self.remove_if(id, &Precondition::None)
    }

    /// The spans of `window` in which an order could start in this calendar.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such calendar.
    fn availability(
        &self,
        calendar: &CalendarId,
        window: Interval,
    ) -> Result<Vec<Interval>, StoreError>;
}

/// The services that can be ordered.
pub trait Services {
    /// Adds a service; a draft without an id gets a time-ordered unique one.
    ///
    /// # Errors
    /// [`StoreError::IdTaken`].
    fn add_service(&self, draft: ServiceDraft) -> Result<Service, StoreError>;

    /// The service with this id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    fn service(&self, id: &ServiceId) -> Result<Service, StoreError>;

    /// All services, by id.
    ///
    /// # Errors
    /// None of its own.
    fn services(&self) -> Result<Vec<Service>, StoreError>;

    /// Puts the draft in the place of a service, which keeps its id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    fn replace_service(&self, id: &ServiceId, draft: ServiceDraft) -> Result<Service, StoreError>;

    /// Removes a service that no order names.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::InUse`].
    fn remove_service(&self, id: &ServiceId) -> Result<(), StoreError>;
}

/// The calendars that orders are placed in; `default` is always among them.
pub trait Calendars {
    /// Adds a calendar; a draft without an id gets a time-ordered unique one, and one without a
    /// minimum gap 3 hours.
    ///
    /// # Errors
    /// [`StoreError::IdTaken`].
    fn add_calendar(&self, draft: CalendarDraft) -> Result<Calendar, StoreError>;

    /// The calendar with this id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    fn calendar(&self, id: &CalendarId) -> Result<Calendar, StoreError>;

    /// All calendars, by id.
    ///
    /// # Errors
    /// None of its own.
    fn calendars(&self) -> Result<Vec<Calendar>, StoreError>;

    /// Puts the draft in the place of a calendar, which keeps its id and, unless the draft has one,
    /// its minimum gap. A new gap applies to all its orders at once, or to none.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::GapTooWide`].
    fn replace_calendar(
        &self,
        id: &CalendarId,
        draft: CalendarDraft,
    ) -> Result<Calendar, StoreError>;

    /// Removes a calendar that has no orders and is not `default`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::InUse`].
    fn remove_calendar(&self, id: &CalendarId) -> Result<(), StoreError>;
}

/// Whether a write is meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Check and write.
    #[default]
    Write,
    /// Check everything, write nothing, answer what a write would have answered.
    DryRun,
}

/// One of the three things that a store keeps, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// An order.
    Order(OrderId),
    /// A service.
    Service(ServiceId),
    /// A calendar.
    Calendar(CalendarId),
}

impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Order(id) => write!(f, "order {id}"),
            Self::Service(id) => write!(f, "service {id}"),
            Self::Calendar(id) => write!(f, "calendar {id}"),
        }
    }
}

/// Why a store did not do what it was asked. Nothing was changed, except where a fault hides it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such thing.
    #[error("there is no {0}")]
    NotFound(Resource),
    /// The id of something new is that of something which stands.
    #[error("{0} already exists")]
    IdTaken(Resource),
    /// An order names a calendar or services that do not exist.
    #[error(transparent)]
    UnknownReferences(UnknownReferences),
    /// The rule: the wished time is too close to other orders.
    #[error(transparent)]
    Conflict(Box<Conflict>),
    /// Orders still need what was to be removed, or it is the calendar `default`.
    #[error("{0} is in use")]
    InUse(Resource),
    /// The rule again: standing orders are too close for the new gap.
    #[error(transparent)]
    GapTooWide(Box<GapTooWide>),
    /// The order is not of the version that it was to have.
    #[error("order {id} is at version {current} now")]
    VersionMismatch {
        /// The order.
        id: OrderId,
        /// The version it has.
        current: u64,
    },
    /// The idempotency key stands for another order.
    #[error("idempotency key {0} was used with another body")]
    KeyReused(IdempotencyKey),
    /// The first creation under the idempotency key is still running.
    #[error("a creation under idempotency key {0} is still running")]
    KeyInUse(IdempotencyKey),
    /// The database cannot be reached or has no time for us; a later try may succeed. A write
    /// may have happened all the same when it was cut off after it was sent.
    #[error("the database is unavailable: {0}")]
    Unavailable(Box<dyn Error + Send + Sync>),
    /// A bug: something that the store holds impossible.
    #[error("the store has a bug: {0}")]
    Bug(Box<dyn Error + Send + Sync>),
}

/// What an order names that does not exist; at least one thing.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
#[error("there is no such calendar or service")]
pub struct UnknownReferences {
    /// The calendar, if it is missing.
    pub calendar: Option<CalendarId>,
    /// The missing services, each with its place in the order's list, from 0.
    pub services: Vec<(usize, ServiceId)>,
}
