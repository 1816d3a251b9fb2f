//! What happened to orders: [`Change`], and who sees it.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::{CalendarId, Cursor, Order, ServiceId, Timestamp};

/// One creation, replacement or deletion of an order.
///
/// Each change increments the version of its order, and so does the deletion. A version is never repeated for an id,
/// even if the id is used again after a deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Change {
    /// The position of the change in the feed.
    pub cursor: Cursor,
    /// What was done.
    #[cfg_attr(feature = "serde", serde(rename = "type"))]
    pub change_type: ChangeType,
    /// When its transaction began. Changes are in the order of their cursors, not of their timestamps.
    pub timestamp: Timestamp,
    /// Who did it: the id of a client, or `db:` and a role of the database for a write that bypassed the service.
    /// `None` is a client without credentials.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub client: Option<String>,
    /// The order after the change. After a deletion it is the order as it last was, with the version of the deletion.
    pub data: Order,
}

/// What a [`Change`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ChangeType {
    /// The order was created.
    #[cfg_attr(feature = "serde", serde(rename = "order.created"))]
    Created,
    /// The order was replaced, in whole or in part.
    #[cfg_attr(feature = "serde", serde(rename = "order.updated"))]
    Updated,
    /// The order was deleted.
    #[cfg_attr(feature = "serde", serde(rename = "order.deleted"))]
    Deleted,
}

impl ChangeType {
    /// All types.
    pub const ALL: [ChangeType; 3] =
        [ChangeType::Created, ChangeType::Updated, ChangeType::Deleted];

    /// The name: `order.created`, `order.updated` or `order.deleted`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "order.created",
            Self::Updated => "order.updated",
            Self::Deleted => "order.deleted",
        }
    }
}

impl fmt::Display for ChangeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text is not the type of a change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the type of a change")]
pub struct InvalidChangeType(String);

impl FromStr for ChangeType {
    type Err = InvalidChangeType;

    fn from_str(text: &str) -> Result<Self, InvalidChangeType> {
        let found = Self::ALL.into_iter().find(|change_type| change_type.as_str() == text);
        found.ok_or_else(|| InvalidChangeType(text.to_owned()))
    }
}

/// Which changes a follower wants: those whose order matches every given field before or after the change. So the
/// follower sees an order leave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChangeFilter {
    /// Only orders of this calendar.
    pub calendar: Option<CalendarId>,
    /// Only orders with this service.
    pub service: Option<ServiceId>,
}

impl ChangeFilter {
    /// Whether the order matches.
    #[must_use]
    pub fn matches(&self, order: &Order) -> bool {
        self.calendar.as_ref().is_none_or(|calendar| *calendar == order.calendar)
            && self
                .service
                .as_ref()
                .is_none_or(|service| order.services.iter().any(|it| it == service))
    }
}

/// A change as it is stored: with what is needed to decide who sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedChange {
    /// The change.
    pub change: Change,
    /// The order before the change, if it was replaced.
    pub previous: Option<Order>,
}

impl RecordedChange {
    /// The change as a follower with this filter sees it who may use only these calendars; `None` is all of them.
    ///
    /// If an order is moved to a calendar that the follower may not use, the follower sees a deletion: the order as it
    /// last was, with the new version.
    #[must_use]
    pub fn seen_by(
        &self,
        calendars: Option<&BTreeSet<CalendarId>>,
        filter: &ChangeFilter,
    ) -> Option<Change> {
        let visible =
            |order: &&Order| calendars.is_none_or(|calendars| calendars.contains(&order.calendar));
        let after = Some(&self.change.data).filter(visible);
        let before = self.previous.as_ref().filter(visible);
        if ![before, after].into_iter().flatten().any(|order| filter.matches(order)) {
            return None;
        }
        Some(match (before, after) {
            (Some(before), None) => Change {
                change_type: ChangeType::Deleted,
                data: Order { version: self.change.data.version, ..before.clone() },
                ..self.change.clone()
            },
            _ => self.change.clone(),
        })
    }
}

/// Where a reader of the feed begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum After {
    /// At the oldest change that is kept.
    #[default]
    Oldest,
    /// At the next change that is made.
    Now,
    /// After this one.
    Cursor(Cursor),
}

/// What a page of the feed contains.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeQuery {
    /// Where it begins.
    pub after: After,
    /// Which changes.
    pub filter: ChangeFilter,
    /// How many changes at most.
    pub limit: usize,
}

/// A page of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangePage<T = Change> {
    /// The changes, in the order in which they took effect. There may be none although more changes follow.
    pub changes: Vec<T>,
    /// Where the next page begins.
    pub next: Cursor,
    /// Whether there were more changes when the page was read.
    pub more: bool,
}

/// A page of the history of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryPage {
    /// The changes of the order, oldest first.
    pub changes: Vec<Change>,
    /// The version after which the next page begins, if there are more changes.
    pub next: Option<u64>,
}

/// Names one state of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// The state with this version.
    Version(u64),
    /// The state at this instant.
    Instant(Timestamp),
}
