//! A copy of the orders that follows the feed: [`Replica`].

use std::collections::BTreeMap;

use crate::{Change, ChangeFilter, ChangeType, Cursor, Order, OrderId};

/// A copy of all orders, or of those that match a filter, that is kept in sync by applying changes.
///
/// It begins with an export and the cursor in the `monitor` link of the export. It skips changes that it has, and
/// rejects a change if another one is missing before it. After a restart it continues with the change after
/// [`Replica::cursor`].
///
/// ```
/// use orders_core::{Change, ChangeFilter, ChangeType, Order, Replica};
/// # let order = || Order {
/// #     id: orders_core::OrderId::new("223").unwrap(),
/// #     calendar: orders_core::CalendarId::default(),
/// #     datetime: "2022-11-01T11:11:11.111Z".parse().unwrap(),
/// #     totalfee: "100".parse().unwrap(),
/// #     services: orders_core::OrderedServices::new([orders_core::ServiceId::new("123").unwrap()]).unwrap(),
/// #     reference: None,
/// #     metadata: orders_core::Metadata::default(),
/// #     version: 1,
/// #     created_at: "2022-10-30T08:00:00Z".parse().unwrap(),
/// #     updated_at: "2022-10-30T08:00:00Z".parse().unwrap(),
/// # };
/// // GET /orders as NDJSON, and the cursor of its `monitor` link.
/// let export: Vec<Order> = vec![order()];
/// let mut replica = Replica::new("41_1667124180000000".parse()?, ChangeFilter::default(), export);
///
/// // GET /changes?after=41_1667124180000000
/// let change = Change {
///     cursor: "42_1667124180123456".parse()?,
///     change_type: ChangeType::Deleted,
///     timestamp: "2022-10-30T08:03:00Z".parse()?,
///     client: Some("web-shop".to_owned()),
///     data: Order { version: 2, ..order() },
/// };
/// replica.apply(change.clone())?;
/// assert_eq!(replica.len(), 0);
/// assert_eq!(replica.cursor(), change.cursor);
///
/// // The same change again changes nothing. A change after a missing one is an error.
/// replica.apply(change.clone())?;
/// let later = Change { cursor: "44_1667124180654321".parse()?, ..change };
/// assert!(replica.apply(later).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replica {
    orders: BTreeMap<OrderId, Order>,
    cursor: Cursor,
    filter: ChangeFilter,
    /// Whether every change of the feed is applied, so that their positions are consecutive.
    complete: bool,
}

/// A change cannot be applied because another one is missing. The copy needs a new export.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MissingChange {
    /// The positions of the changes are not consecutive.
    #[error("the change after {last} is missing; the next one is {found}")]
    Position {
        /// The last change that was applied.
        last: Cursor,
        /// The change that came next.
        found: Cursor,
    },
    /// The versions of an order are not consecutive.
    #[error("order {id} changes to version {found}, but the copy has {}", Held(*.held))]
    Version {
        /// The order.
        id: OrderId,
        /// Its version in the copy, if it is there.
        held: Option<u64>,
        /// The version of the change.
        found: u64,
    },
}

/// The version of an order in the copy, in words.
struct Held(Option<u64>);

impl std::fmt::Display for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(version) => write!(f, "version {version}"),
            None => f.write_str("no such order"),
        }
    }
}

impl Replica {
    /// A copy that begins with an export of the orders that match the filter, and follows the changes after this cursor.
    ///
    /// The filter is that of the export and of the feed. A client that is restricted to some calendars does not see
    /// every change even without a filter, so it uses [`Replica::restricted`].
    #[must_use]
    pub fn new(
        cursor: Cursor,
        filter: ChangeFilter,
        export: impl IntoIterator<Item = Order>,
    ) -> Self {
        let complete = filter == ChangeFilter::default();
        let orders = export.into_iter().map(|order| (order.id.clone(), order)).collect();
        Self { orders, cursor, filter, complete }
    }

    /// The same for a client that is restricted to some calendars.
    #[must_use]
    pub fn restricted(
        cursor: Cursor,
        filter: ChangeFilter,
        export: impl IntoIterator<Item = Order>,
    ) -> Self {
        Self { complete: false, ..Self::new(cursor, filter, export) }
    }

    /// Applies the next change. It changes nothing if the copy has it already.
    ///
    /// # Errors
    /// If a change is missing before this one. The copy is then as it was.
    pub fn apply(&mut self, change: Change) -> Result<(), MissingChange> {
        let Change { cursor, change_type, data, .. } = change;
        if cursor.position <= self.cursor.position {
            return Ok(());
        }
        if self.complete && cursor.position != self.cursor.position + 1 {
            return Err(MissingChange::Position { last: self.cursor, found: cursor });
        }
        let held = self.orders.get(&data.id).map(|order| order.version);
        let follows = match (change_type, held) {
            // The id may have been used before.
            (ChangeType::Created, None) => true,
            // It may have begun to match the filter.
            (ChangeType::Updated, None) => !self.complete,
            (ChangeType::Deleted, None) | (ChangeType::Created, Some(_)) => false,
            (_, Some(held)) => data.version == held + 1,
        };
        if held.is_some_and(|held| data.version <= held) {
            self.cursor = cursor;
            return Ok(());
        }
        if !follows {
            return Err(MissingChange::Version { id: data.id, held, found: data.version });
        }
        if change_type != ChangeType::Deleted && self.filter.matches(&data) {
            self.orders.insert(data.id.clone(), data);
        } else {
            self.orders.remove(&data.id);
        }
        self.cursor = cursor;
        Ok(())
    }

    /// Continues after this position without a change: the feed of a filtered copy sends it from time to time.
    pub fn advance(&mut self, cursor: Cursor) {
        if cursor.position > self.cursor.position {
            self.cursor = cursor;
        }
    }

    /// The position of the last change that was applied.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// The order with this id.
    #[must_use]
    pub fn get(&self, id: &OrderId) -> Option<&Order> {
        self.orders.get(id)
    }

    /// The orders, by id.
    pub fn orders(&self) -> impl ExactSizeIterator<Item = &Order> {
        self.orders.values()
    }

    /// How many orders there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.orders.len()
    }

    /// Whether there are no orders.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }
}
