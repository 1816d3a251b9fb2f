//! Calendars to which other programs subscribe: [`CalendarFeed`], and the port [`CalendarFeeds`].
//!
//! Everyone who knows the link of a feed can read it, so a [`CalendarEvent`] has only what may be shown to everyone.

use std::ops::ControlFlow;

use crate::{
    CalendarFeedId, CalendarId, Interval, ListPage, ListQuery, MinimumGap, Name, OrderId,
    StoreError, Timestamp,
};

/// The most calendars of one feed.
pub const MAX_FEED_CALENDARS: usize = 100;

/// Some calendars, as programs such as Google Calendar show them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CalendarFeed {
    /// Its id.
    pub id: CalendarFeedId,
    /// What people call it.
    pub name: Name,
    /// The calendars that it shows, by id: those of the draft that were not deleted since.
    pub calendars: Vec<CalendarId>,
}

/// The fields that a client gives to create a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarFeedDraft {
    /// What people call it.
    pub name: Name,
    /// The calendars that it shows.
    pub calendars: FeedCalendars,
}

/// The calendars of a feed: 1 to 100, all different.
///
/// ```
/// use orders_core::{CalendarId, FeedCalendars};
/// let crew = CalendarId::new("crew-01")?;
/// assert!(FeedCalendars::new([crew.clone(), crew.clone()]).is_err());
/// assert_eq!(FeedCalendars::new([crew])?.iter().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedCalendars(Box<[CalendarId]>);

/// Why a feed cannot have these calendars.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFeedCalendars {
    /// A feed has at least one calendar.
    #[error("a feed needs at least one calendar")]
    Empty,
    /// A feed has at most [`MAX_FEED_CALENDARS`] calendars.
    #[error("a feed has at most {MAX_FEED_CALENDARS} calendars, this one has {0}")]
    TooMany(usize),
    /// The calendars of a feed are different from each other.
    #[error("calendar {id} is named more than once")]
    Repeated {
        /// The index of the repetition, from 0.
        index: usize,
        /// The calendar.
        id: CalendarId,
    },
}

impl FeedCalendars {
    /// The calendars of one feed.
    ///
    /// # Errors
    /// If there are none or more than 100, or if one is repeated.
    pub fn new(
        calendars: impl IntoIterator<Item = CalendarId>,
    ) -> Result<Self, InvalidFeedCalendars> {
        let calendars: Box<[_]> = calendars.into_iter().collect();
        if calendars.is_empty() {
            return Err(InvalidFeedCalendars::Empty);
        }
        if calendars.len() > MAX_FEED_CALENDARS {
            return Err(InvalidFeedCalendars::TooMany(calendars.len()));
        }
        for (index, id) in calendars.iter().enumerate() {
            if calendars[..index].contains(id) {
                return Err(InvalidFeedCalendars::Repeated { index, id: id.clone() });
            }
        }
        Ok(Self(calendars))
    }

    /// The calendars, in the client's order.
    pub fn iter(&self) -> std::slice::Iter<'_, CalendarId> {
        self.0.iter()
    }
}

/// The SHA-256 of the token in the link of a feed.
pub type FeedTokenHash = [u8; 32];

/// What a feed shows, in 32 bytes: two feeds that show the same have the same, and others have not.
pub type FeedDigest = [u8; 32];

/// What a feed shows now, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedState {
    /// What it shows.
    pub digest: FeedDigest,
    /// When the store first found that it shows this. Two different states have different seconds, so it may be up to some
    /// seconds after the present.
    pub modified_at: Timestamp,
}

/// What comes before the events of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedHead {
    /// The name of the feed.
    pub name: Name,
    /// What is read.
    pub digest: FeedDigest,
}

/// An order as a feed shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarEvent {
    /// The order; together with `created_at` it is different from every other order that ever was.
    pub order: OrderId,
    /// When the order was created.
    pub created_at: Timestamp,
    /// The version of the order.
    pub version: u64,
    /// When the order was last changed.
    pub updated_at: Timestamp,
    /// When it starts.
    pub datetime: Timestamp,
    /// How long its time is: the minimum gap of its calendar.
    pub gap: MinimumGap,
    /// The name of its calendar.
    pub calendar: Name,
    /// The names of its services, in the client's order.
    pub services: Vec<Name>,
}

/// How fast the events of a feed are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// At once.
    Prompt,
    /// The receiver may wait for somebody. Few such calls run at the same time.
    Slow,
}

/// The feeds.
pub trait CalendarFeeds {
    /// Creates a feed with a time-ordered unique id. It can be found by this hash.
    ///
    /// # Errors
    /// [`StoreError::NotPermitted`], [`StoreError::UnknownCalendars`], [`StoreError::TooManyFeeds`].
    fn add_feed(
        &self,
        draft: &CalendarFeedDraft,
        token: &FeedTokenHash,
    ) -> Result<CalendarFeed, StoreError>;

    /// A page of the list of feeds, by id. A client that is restricted to some calendars sees those that show nothing else.
    ///
    /// # Errors
    /// None of its own.
    fn feeds(
        &self,
        query: &ListQuery<CalendarFeedId>,
    ) -> Result<ListPage<CalendarFeed, CalendarFeedId>, StoreError>;

    /// Deletes a feed, if the client sees it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    fn remove_feed(&self, id: &CalendarFeedId) -> Result<(), StoreError>;

    /// The feed with this token, if there is one.
    ///
    /// # Errors
    /// None of its own.
    fn feed_with_token(&self, token: &FeedTokenHash) -> Result<Option<CalendarFeedId>, StoreError>;

    /// What a feed shows of a window now. For another window, it may be the same.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    fn feed_state(&self, id: &CalendarFeedId, window: Interval) -> Result<FeedState, StoreError>;

    /// Passes the orders of a feed that start in a window to `sink`, by calendar, `datetime` and then `id`, as they were at one
    /// instant. They come in chunks, at least one, which may be empty, each with the same head. The sink may end it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    fn read_feed(
        &self,
        id: &CalendarFeedId,
        window: Interval,
        pace: Pace,
        sink: &mut dyn FnMut(&FeedHead, Vec<CalendarEvent>) -> ControlFlow<()>,
    ) -> Result<(), StoreError>;
}
