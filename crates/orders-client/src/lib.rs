#![doc = include_str!("../README.md")]

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod error;
pub mod wire;

#[cfg(feature = "client")]
pub use client::{
    BuildError, Call, Changes, Client, ClientBuilder, Export, Import, ImportResult, List,
};
#[cfg(feature = "client")]
pub use error::{Cause, Error, ImportStopped, Unknown};
#[doc(no_inline)]
pub use orders_core::{
    self, After, AsOf, Booking, Calendar, CalendarDraft, CalendarId, Change, ChangeFilter,
    ChangeType, Conflict, Cursor, Direction, Fee, GapTooWide, IdempotencyKey, Interval, Metadata,
    MetadataKey, MetadataPatch, MetadataValue, MinimumGap, Name, NearestFree, Order, OrderDraft,
    OrderFilter, OrderId, OrderPatch, OrderedServices, Reference, Replica, SendAfter, Service,
    ServiceDraft, ServiceId, Subscription, Timestamp, Webhook, WebhookDraft, WebhookId,
    WebhookState, WebhookUrl,
};
pub use wire::{
    FieldError, ImportLine, NewWebhook, Problem, WebhookDelivery, WebhookSecret, WebhookTest,
};
