//! What the followers of the feed of changes did and received: [`Following`], [`FeedRead`], [`OrderHistory`].

use std::fmt;
use std::sync::Arc;

use orders_core::{Change, Cursor, Order, OrderId};

use super::Moment;
use crate::http::Failure;

/// How a follower gets the changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Follower {
    /// From an event stream that begins with the oldest change.
    EventStream,
    /// From pages that begin with the oldest change.
    Pages,
    /// As lines, after the export with this number.
    Export(usize),
}

/// What one follower received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Following {
    /// The follower.
    pub follower: Follower,
    /// The export with which it began; `None` if it began with the oldest change.
    pub export: Option<Export>,
    /// The changes that it received, in this sequence.
    pub changes: Vec<ReceivedChange>,
}

/// All orders at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// The cursor in its `monitor` link. The changes up to here are in the export.
    pub cursor: Cursor,
    /// The orders.
    pub orders: Vec<Order>,
}

/// A change that a follower received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedChange {
    /// When it was received.
    pub at: Moment,
    /// The change. Followers that received the same bytes share them.
    pub change: Arc<FeedChange>,
}

/// A change, and how it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedChange {
    /// The change.
    pub change: Change,
    /// Its bytes.
    pub json: Arc<str>,
}

/// The history of an order, as a response showed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderHistory {
    /// The order.
    pub id: OrderId,
    /// Just before the first page was requested.
    pub invoked: Moment,
    /// The changes on all pages.
    pub changes: Vec<ReceivedChange>,
}

/// One request of a follower: a page, lines, an export, a page of a history, or an event stream from its opening to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRead {
    /// The follower.
    pub follower: Follower,
    /// The index of the service process that received the request.
    pub process: usize,
    /// Just before the request was sent.
    pub invoked: Moment,
    /// Just after the response was received, or the stream ended.
    pub completed: Moment,
    /// The path of the request.
    pub path: String,
    /// What it returned.
    pub outcome: ReadOutcome,
}

/// What a request of a follower returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadOutcome {
    /// The changes up to this cursor, or an export of which this is the cursor.
    UpTo {
        /// Where the next request continues.
        cursor: Cursor,
        /// Whether there were no more changes when the request was received.
        complete: bool,
    },
    /// Nothing, or a stream that ended by itself.
    Failed(Failure),
}

impl Follower {
    /// The names of all kinds, for statistics.
    pub const KINDS: [&str; 3] = ["event stream", "pages", "exports"];

    /// The name of the kind of follower.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        let [event_stream, pages, exports] = Self::KINDS;
        match self {
            Self::EventStream => event_stream,
            Self::Pages => pages,
            Self::Export(_) => exports,
        }
    }
}

impl fmt::Display for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EventStream | Self::Pages => f.write_str(self.kind()),
            Self::Export(number) => write!(f, "export {number}"),
        }
    }
}

impl fmt::Display for ReceivedChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "received at {} s: {}", self.at, self.change.json)
    }
}

impl fmt::Display for FeedRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { follower, process, invoked, completed, path, outcome } = self;
        write!(f, "{invoked} to {completed} s, {follower}, process {process}: {path} -> ")?;
        match outcome {
            ReadOutcome::UpTo { cursor, .. } => write!(f, "up to {cursor}"),
            ReadOutcome::Failed(failure) => write!(f, "{failure}"),
        }
    }
}
