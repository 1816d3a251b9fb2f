#![doc = include_str!("../README.md")]

mod access;
mod calendar;
mod calendar_feed;
mod candidate;
mod change;
mod conflict;
mod cursor;
mod fee;
mod gap;
mod id;
mod idempotency;
mod metadata;
mod name;
mod order;
mod precondition;
mod query;
mod reference;
mod replica;
mod schedule;
mod service;
mod slot;
mod store;
mod timestamp;
mod webhook;
#[cfg(feature = "serde")]
mod wire;

pub use access::{Client, InvalidScope, Scope};
pub use calendar::{Calendar, CalendarDraft};
pub use calendar_feed::{
    CalendarEvent, CalendarFeed, CalendarFeedDraft, CalendarFeeds, FeedCalendars, FeedDigest,
    FeedHead, FeedState, FeedTokenHash, InvalidFeedCalendars, MAX_FEED_CALENDARS, Pace,
};
pub use candidate::Candidate;
pub use change::{
    After, AsOf, Change, ChangeFilter, ChangePage, ChangeQuery, ChangeType, HistoryPage,
    InvalidChangeType, RecordedChange,
};
pub use conflict::{Booking, Conflict, GapTooWide, MAX_PAIRS, TooClose};
pub use cursor::{Cursor, InvalidCursor};
pub use fee::{FEE_DECIMALS, Fee, InvalidFee};
pub use gap::{InvalidGap, MinimumGap};
pub use id::{
    CalendarFeedId, CalendarId, ClientId, InvalidId, MAX_ID_LENGTH, OrderId, ServiceId, WebhookId,
};
pub use idempotency::{IdempotencyKey, InvalidKey, MAX_KEY_LENGTH, Placed};
pub use metadata::{
    InvalidMetadataKey, InvalidMetadataValue, MAX_METADATA_ENTRIES, MAX_METADATA_KEY_LENGTH,
    MAX_METADATA_VALUE_LENGTH, Metadata, MetadataKey, MetadataPatch, MetadataValue, TooManyEntries,
};
pub use name::{InvalidName, MAX_NAME_LENGTH, Name};
pub use order::{InvalidServices, MAX_SERVICES, Order, OrderDraft, OrderPatch, OrderedServices};
pub use precondition::Precondition;
pub use query::{Direction, ListPage, ListQuery, OrderFilter, OrderQuery, Page, Position};
pub use reference::{InvalidReference, MAX_REFERENCE_LENGTH, Reference};
pub use replica::{MissingChange, Replica};
pub use schedule::{
    Interval, NearestFree, SEARCH_REACH_MICROS, Schedule, first_free_from, free_within,
    last_free_until,
};
pub use service::{Service, ServiceDraft};
pub use slot::Slot;
pub use store::{
    Calendars, Changes, Mode, Orders, Resource, Services, StoreError, UnknownReferences,
};
pub use timestamp::{InvalidTimestamp, Timestamp};
pub use webhook::{
    Delivery, Failure, GIVE_UP_AFTER, Health, InvalidWebhookUrl, MAX_PARKED, MAX_URL_LENGTH,
    Message, Next, Parked, Progress, Saved, SendAfter, Subscription, Webhook, WebhookDraft,
    WebhookState, WebhookUrl,
};
