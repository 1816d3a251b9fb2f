//! The ports [`Orders`], [`Changes`], [`Services`] and [`Calendars`]: the contract of every store.
//!
//! A store is synchronous and may be called from many threads at once. Each call is atomic: no caller sees half of
//! another call's write.

use std::error::Error;
use std::ops::ControlFlow;

use crate::query;
use crate::{
    AsOf, Calendar, CalendarDraft, CalendarFeedId, CalendarId, ChangePage, ChangeQuery, ClientId,
    Conflict, Cursor, Direction, GapTooWide, HistoryPage, IdempotencyKey, Interval, ListPage,
    ListQuery, Order, OrderDraft, OrderFilter, OrderId, OrderPatch, OrderQuery, Page, Placed,
    Precondition, Service, ServiceDraft, ServiceId, TooManyEntries, WebhookId,
};

/// The orders. Two orders of one calendar are never less than its minimum gap apart.
pub trait Orders {
    /// Creates an order in the calendar `default` unless the draft names another. The order gets a time-ordered unique
    /// id unless the draft has one. Its version is 1, or if the id was used before, one more than the last version.
    ///
    /// If several errors apply, the first of this list is returned.
    ///
    /// # Errors
    /// [`StoreError::UnknownReferences`], [`StoreError::IdTaken`], [`StoreError::Conflict`].
    fn place(&self, draft: OrderDraft, mode: Mode) -> Result<Order, StoreError>;

    /// Creates an order like [`Orders::place`] and stores the key for at least 24 hours in the same transaction: the
    /// same draft with the same key returns the order as it was created the first time. An error is not stored.
    ///
    /// # Errors
    /// [`StoreError::KeyInUse`], [`StoreError::KeyReused`], and those of [`Orders::place`].
    fn place_idempotent(
        &self,
        draft: OrderDraft,
        key: &IdempotencyKey,
    ) -> Result<Placed, StoreError>;

    /// Creates many orders, as if by calling [`Orders::place`] for one draft after the other: each succeeds or fails
    /// on its own. Those that succeed are stored when this returns.
    ///
    /// # Errors
    /// Only faults. The error of one draft is the result of that draft.
    fn place_batch(
        &self,
        drafts: Vec<OrderDraft>,
    ) -> Result<Vec<Result<Order, StoreError>>, StoreError>;

    /// The order with this id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    fn order(&self, id: &OrderId) -> Result<Order, StoreError>;

    /// A page of the list of orders, by `datetime` and then `id`. Its cost does not depend on its position in the list.
    ///
    /// # Errors
    /// None of its own.
    fn list(&self, query: &OrderQuery) -> Result<Page, StoreError>;

    /// Passes all matching orders to `sink`, by `datetime` and then `id`, as they were at one instant. They come in
    /// chunks, at least one, which may be empty. The sink may be slow, and may end the export.
    ///
    /// Each chunk comes with the same cursor. The changes up to the cursor are those that the export contains. There may
    /// be no cursor if the database accepts no writes.
    ///
    /// # Errors
    /// None of its own.
    fn export(
        &self,
        filter: &OrderFilter,
        direction: Direction,
        sink: &mut dyn FnMut(Option<Cursor>, Vec<Order>) -> ControlFlow<()>,
    ) -> Result<(), StoreError>;

    /// All orders, by `datetime` and then `id`.
    ///
    /// # Errors
    /// None of its own.
    fn orders(&self) -> Result<Vec<Order>, StoreError> {
        let mut all = Vec::new();
        self.export(&OrderFilter::default(), Direction::Ascending, &mut |_, orders| {
            all.extend(orders);
            ControlFlow::Continue(())
        })?;
        Ok(all)
    }

    /// Replaces an order by the draft. It keeps its id and, unless the draft names another, its calendar; its version
    /// grows by one. The draft's own id is ignored.
    ///
    /// If several errors apply, the first of this list is returned.
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

    /// Like [`Orders::replace_if`], without a condition.
    ///
    /// # Errors
    /// As there.
    fn replace(&self, id: &OrderId, draft: OrderDraft, mode: Mode) -> Result<Order, StoreError> {
        self.replace_if(id, &Precondition::None, draft, mode)
    }

    /// Changes some fields of an order. Concurrent changes of its other fields are kept.
    ///
    /// # Errors
    /// As those of [`Orders::replace_if`], and before its [`StoreError::UnknownReferences`] also
    /// [`StoreError::TooManyEntries`].
    fn patch_if(
        &self,
        id: &OrderId,
        condition: &Precondition,
        patch: &OrderPatch,
        mode: Mode,
    ) -> Result<Order, StoreError>;

    /// Deletes an order and frees its time.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::VersionMismatch`].
    fn remove_if(&self, id: &OrderId, condition: &Precondition) -> Result<(), StoreError>;

    /// Like [`Orders::remove_if`], without a condition.
    ///
    /// # Errors
    /// As there.
    fn remove(&self, id: &OrderId) -> Result<(), StoreError> {
        self.remove_if(id, &Precondition::None)
    }

    /// The intervals of `window` in which an order could start in this calendar.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such calendar.
    fn availability(
        &self,
        calendar: &CalendarId,
        window: Interval,
    ) -> Result<Vec<Interval>, StoreError>;
}

/// What happened to the orders.
pub trait Changes {
    /// A page of the feed of changes. Every change that was made before the call is in this page or in those that follow.
    ///
    /// # Errors
    /// [`StoreError::CursorGone`].
    fn changes(&self, query: &ChangeQuery) -> Result<ChangePage, StoreError>;

    /// A page of the changes of one order, oldest first, also if it was deleted. Those up to the version `after` are left
    /// out.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there never was such an order.
    fn history(&self, id: &OrderId, after: u64, limit: usize) -> Result<HistoryPage, StoreError>;

    /// An order as it was.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there was no such order, [`StoreError::VersionGone`] if it is not known any more.
    fn order_as_of(&self, id: &OrderId, as_of: AsOf) -> Result<Order, StoreError>;
}

/// The services that can be ordered.
pub trait Services {
    /// Creates a service, with a time-ordered unique id unless the draft has one.
    ///
    /// # Errors
    /// [`StoreError::IdTaken`].
    fn add_service(&self, draft: ServiceDraft) -> Result<Service, StoreError>;

    /// The service with this id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    fn service(&self, id: &ServiceId) -> Result<Service, StoreError>;

    /// A page of the list of services, by id. Its cost does not depend on its position in the list.
    ///
    /// # Errors
    /// None of its own.
    fn services(
        &self,
        query: &ListQuery<ServiceId>,
    ) -> Result<ListPage<Service, ServiceId>, StoreError>;

    /// All services, by id, page by page.
    ///
    /// # Errors
    /// None of its own.
    fn all_services(&self) -> Result<Vec<Service>, StoreError> {
        query::all(|query| self.services(query))
    }

    /// Replaces a service by the draft. It keeps its id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    fn replace_service(&self, id: &ServiceId, draft: ServiceDraft) -> Result<Service, StoreError>;

    /// Deletes a service that no order has.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::InUse`].
    fn remove_service(&self, id: &ServiceId) -> Result<(), StoreError>;
}

/// The calendars of the orders. `default` always exists.
pub trait Calendars {
    /// Creates a calendar, with a time-ordered unique id and a minimum gap of 3 hours unless the draft has others.
    ///
    /// # Errors
    /// [`StoreError::IdTaken`].
    fn add_calendar(&self, draft: CalendarDraft) -> Result<Calendar, StoreError>;

    /// The calendar with this id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    fn calendar(&self, id: &CalendarId) -> Result<Calendar, StoreError>;

    /// A page of the list of calendars, by id. Its cost does not depend on its position in the list.
    ///
    /// # Errors
    /// None of its own.
    fn calendars(
        &self,
        query: &ListQuery<CalendarId>,
    ) -> Result<ListPage<Calendar, CalendarId>, StoreError>;

    /// All calendars, by id, page by page.
    ///
    /// # Errors
    /// None of its own.
    fn all_calendars(&self) -> Result<Vec<Calendar>, StoreError> {
        query::all(|query| self.calendars(query))
    }

    /// Replaces a calendar by the draft. It keeps its id and, unless the draft has one, its minimum gap. A new gap
    /// applies to all of its orders at once, or is rejected. It takes time in proportion to the number of orders.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::GapTooWide`].
    fn replace_calendar(
        &self,
        id: &CalendarId,
        draft: CalendarDraft,
    ) -> Result<Calendar, StoreError>;

    /// Deletes a calendar that has no orders and is not `default`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::InUse`].
    fn remove_calendar(&self, id: &CalendarId) -> Result<(), StoreError>;
}

/// Whether a call writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Check and write.
    #[default]
    Write,
    /// Check everything, write nothing, and return what the write would have returned.
    DryRun,
}

/// The id of something that a store holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// An order.
    Order(OrderId),
    /// A state of an order.
    OrderAsOf(OrderId, AsOf),
    /// A service.
    Service(ServiceId),
    /// A calendar.
    Calendar(CalendarId),
    /// A client of the service.
    Client(ClientId),
    /// A webhook.
    Webhook(WebhookId),
    /// A feed of calendars.
    CalendarFeed(CalendarFeedId),
}

impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Order(id) => write!(f, "order {id}"),
            Self::OrderAsOf(id, AsOf::Version(version)) => {
                write!(f, "version {version} of order {id}")
            }
            Self::OrderAsOf(id, AsOf::Instant(at)) => write!(f, "order {id} at {at}"),
            Self::Service(id) => write!(f, "service {id}"),
            Self::Calendar(id) => write!(f, "calendar {id}"),
            Self::Client(id) => write!(f, "client {id}"),
            Self::Webhook(id) => write!(f, "webhook {id}"),
            Self::CalendarFeed(id) => write!(f, "feed {id}"),
        }
    }
}

/// Why a call failed. It changed nothing, unless it is `Unavailable`.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The resource does not exist.
    #[error("there is no {0}")]
    NotFound(Resource),
    /// The id of the new resource is in use.
    #[error("{0} already exists")]
    IdTaken(Resource),
    /// The calendar or services of an order do not exist.
    #[error(transparent)]
    UnknownReferences(UnknownReferences),
    /// The calendars of a feed do not exist: each with its index in the client's list, from 0.
    #[error("there is no such calendar")]
    UnknownCalendars(Vec<(usize, CalendarId)>),
    /// The metadata of an order would have too many entries after a patch.
    #[error(transparent)]
    TooManyEntries(#[from] TooManyEntries),
    /// The rule: the requested time is too close to other orders.
    #[error(transparent)]
    Conflict(Box<Conflict>),
    /// Orders use the resource, or it is the calendar `default`; it cannot be deleted.
    #[error("{0} is in use")]
    InUse(Resource),
    /// The rule: existing orders are too close for the new gap.
    #[error(transparent)]
    GapTooWide(Box<GapTooWide>),
    /// The order does not have the required version.
    #[error("order {id} is at version {current} now")]
    VersionMismatch {
        /// The order.
        id: OrderId,
        /// Its current version.
        current: u64,
    },
    /// The cursor is older than the changes that are kept, or it belongs to a history that a restore or a failover
    /// discarded.
    #[error("the changes after cursor {0} are no longer available; begin again with an export")]
    CursorGone(Cursor),
    /// The version of the order is older than those that are kept.
    #[error("this version of order {0} is not kept any more")]
    VersionGone(OrderId),
    /// The client may not use this calendar.
    #[error("this client may not use calendar {0}")]
    NotPermitted(CalendarId),
    /// The idempotency key was used for a different draft.
    #[error("idempotency key {0} was used with another body")]
    KeyReused(IdempotencyKey),
    /// The first creation with this idempotency key is still running.
    #[error("a creation under idempotency key {0} is still running")]
    KeyInUse(IdempotencyKey),
    /// The secret of the webhook was rotated, and the one before is still used.
    #[error("the secret of webhook {0} was rotated less than 24 hours ago")]
    RotationOpen(WebhookId),
    /// There are as many webhooks as there may be.
    #[error("there are {0} webhooks, the most that there may be; delete one first")]
    TooManyWebhooks(u64),
    /// There are as many feeds as there may be.
    #[error("there are {0} feeds, the most that there may be; delete one first")]
    TooManyFeeds(u64),
    /// Concurrent changes, for example a new gap of the calendar, kept the call from finishing. It changed nothing; a
    /// later attempt may succeed.
    #[error(
        "the calendar is being changed, or its times are taken and freed all the time; nothing was done"
    )]
    Busy,
    /// The database cannot be reached or is too busy; a later attempt may succeed. If the connection was lost during
    /// a write, the write may have happened.
    #[error("the database is unavailable: {0}")]
    Unavailable(Box<dyn Error + Send + Sync>),
    /// A bug: the store met something that should be impossible.
    #[error("the store has a bug: {0}")]
    Bug(Box<dyn Error + Send + Sync>),
}

/// What an order refers to that does not exist; at least one thing.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
#[error("there is no such calendar or service")]
pub struct UnknownReferences {
    /// The calendar, if it is missing.
    pub calendar: Option<CalendarId>,
    /// The missing services, each with its index in the order's list, from 0.
    pub services: Vec<(usize, ServiceId)>,
}
