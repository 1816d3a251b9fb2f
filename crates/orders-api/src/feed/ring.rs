//! The latest changes in memory: [`Ring`].

use std::collections::VecDeque;
use std::sync::Arc;

use actix_web::web::Bytes;
use orders_core::{Cursor, Order, RecordedChange, StoreError};

use crate::http::event_stream;

/// The most changes in memory.
const MAX_CHANGES: usize = 4096;

/// The most bytes in memory, as estimated by [`Entry::bytes`].
const MAX_BYTES: usize = 8 << 20;

/// About how much memory a service or an entry of metadata takes besides its text.
const PER_ENTRY: usize = 64;

/// The most bytes of events that a follower takes at once, unless one event is longer.
const MAX_TAKEN: usize = 8 << 10;

/// A change, and the event in which it is sent.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) recorded: RecordedChange,
    pub(crate) event: Bytes,
}

impl Entry {
    pub(super) fn new(recorded: RecordedChange) -> Result<Self, StoreError> {
        let event = event_stream::event(&recorded.change)?;
        Ok(Self { recorded, event })
    }

    /// About how much memory it takes.
    fn bytes(&self) -> usize {
        let RecordedChange { change, previous } = &self.recorded;
        let orders = [Some(&change.data), previous.as_ref()];
        size_of::<Self>() + self.event.len() + orders.into_iter().flatten().map(heap).sum::<usize>()
    }

    pub(crate) fn cursor(&self) -> Cursor {
        self.recorded.change.cursor
    }
}

/// About how much memory an order takes besides itself. Most of it may be metadata.
fn heap(order: &Order) -> usize {
    let services: usize =
        order.services.iter().map(|service| service.as_str().len() + PER_ENTRY).sum();
    let reference = order.reference.as_ref().map_or(0, |reference| reference.as_str().len());
    let metadata = order.metadata.entries().iter();
    let metadata: usize =
        metadata.map(|(key, value)| key.as_str().len() + value.as_str().len() + PER_ENTRY).sum();
    services + reference + metadata
}

/// Changes with consecutive positions.
#[derive(Debug)]
pub(super) struct Ring {
    /// The cursor before the first of them.
    start: Cursor,
    entries: VecDeque<Arc<Entry>>,
    bytes: usize,
}

/// What comes after a cursor.
#[derive(Debug)]
pub(crate) enum Found {
    /// These changes.
    Changes(Vec<Arc<Entry>>),
    /// Nothing yet.
    Nothing,
    /// Changes that are only in the database.
    Older,
    /// The cursor belongs to a history that was discarded.
    Discarded,
}

impl Ring {
    /// An empty ring after this cursor.
    pub(super) fn new(start: Cursor) -> Self {
        Self { start, entries: VecDeque::new(), bytes: 0 }
    }

    /// The cursor of the latest change.
    pub(super) fn head(&self) -> Cursor {
        self.entries.back().map_or(self.start, |entry| entry.cursor())
    }

    /// Adds the latest change, and drops the oldest if there are too many. If changes before it are missing, it becomes
    /// the start.
    pub(super) fn push(&mut self, entry: Entry) {
        if entry.cursor().position != self.head().position + 1 {
            *self = Self::new(entry.cursor());
            return;
        }
        self.bytes += entry.bytes();
        self.entries.push_back(Arc::new(entry));
        while self.entries.len() > MAX_CHANGES || self.bytes > MAX_BYTES {
            let Some(oldest) = self.entries.pop_front() else { return };
            self.start = oldest.cursor();
            self.bytes -= oldest.bytes();
        }
    }

    /// What comes after a cursor.
    pub(super) fn after(&self, cursor: Cursor) -> Found {
        if cursor.position > self.head().position {
            return Found::Nothing;
        }
        let Some(distance) = cursor.position.checked_sub(self.start.position) else {
            return Found::Older;
        };
        // OK because the ring is in memory.
        let distance = distance as usize;
        let here = match distance.checked_sub(1) {
            None => Some(self.start),
            Some(index) => self.entries.get(index).map(|entry| entry.cursor()),
        };
        if here != Some(cursor) {
            return Found::Discarded;
        }
        let mut bytes = 0;
        let fits = |entry: &&Arc<Entry>| {
            let is_first = bytes == 0;
            bytes += entry.event.len();
            is_first || bytes <= MAX_TAKEN
        };
        let entries: Vec<_> = self.entries.range(distance..).take_while(fits).cloned().collect();
        if entries.is_empty() { Found::Nothing } else { Found::Changes(entries) }
    }
}

#[cfg(test)]
mod tests {
    use orders_core::{
        CalendarId, Change, ChangeType, Metadata, MetadataKey, MetadataValue, Order, OrderId,
        OrderedServices, ServiceId, Timestamp,
    };

    use super::*;

    fn cursor(position: u64) -> Cursor {
        Cursor { position, assigned_at: Timestamp::from_micros(position as i64 * 10).unwrap() }
    }

    fn entry(position: u64, reference_length: usize) -> Entry {
        let at = Timestamp::from_micros(0).unwrap();
        let data = Order {
            id: OrderId::new("1").unwrap(),
            calendar: CalendarId::default(),
            datetime: at,
            totalfee: "1".parse().unwrap(),
            services: OrderedServices::new([ServiceId::new("123").unwrap()]).unwrap(),
            reference: None,
            metadata: Metadata::default(),
            version: position,
            created_at: at,
            updated_at: at,
        };
        let change = Change {
            cursor: cursor(position),
            change_type: ChangeType::Updated,
            timestamp: at,
            client: Some("x".repeat(reference_length)),
            data,
        };
        Entry::new(RecordedChange { change, previous: None }).unwrap()
    }

    fn positions(found: &Found) -> Vec<u64> {
        match found {
            Found::Changes(entries) => {
                entries.iter().map(|entry| entry.cursor().position).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_follower_takes_what_comes_after_its_cursor() {
        let mut ring = Ring::new(cursor(5));
        assert!(matches!(ring.after(cursor(5)), Found::Nothing));
        (6..9).for_each(|position| ring.push(entry(position, 1)));
        assert_eq!(positions(&ring.after(cursor(5))), [6, 7, 8]);
        assert_eq!(positions(&ring.after(cursor(7))), [8]);
        assert!(matches!(ring.after(cursor(8)), Found::Nothing));
        assert!(matches!(ring.after(cursor(9)), Found::Nothing));
        assert!(matches!(ring.after(cursor(4)), Found::Older));
    }

    #[test]
    fn a_cursor_of_another_history_is_recognized() {
        let mut ring = Ring::new(cursor(5));
        (6..9).for_each(|position| ring.push(entry(position, 1)));
        for position in 5..9 {
            let other =
                Cursor { assigned_at: Timestamp::from_micros(1).unwrap(), ..cursor(position) };
            assert!(matches!(ring.after(other), Found::Discarded), "{position}");
        }
    }

    #[test]
    fn everything_that_an_entry_holds_counts() {
        let without = entry(1, 1);
        let entries = (0..20).map(|n| {
            let value = MetadataValue::new("x".repeat(500)).unwrap();
            (MetadataKey::new(format!("key-{n}")).unwrap(), value)
        });
        let mut recorded = without.recorded.clone();
        recorded.change.data.metadata = Metadata::new(entries.collect()).unwrap();
        recorded.previous = Some(recorded.change.data.clone());
        let with = Entry::new(recorded).unwrap();
        let texts = with.event.len() + 2 * 20 * 500;
        assert!((texts..texts + 10_000).contains(&with.bytes()), "{}", with.bytes());
        assert!((1..2_000).contains(&without.bytes()), "{}", without.bytes());
    }

    #[test]
    fn the_ring_is_limited_in_changes_and_in_bytes() {
        let mut ring = Ring::new(cursor(0));
        (1..=5000).for_each(|position| ring.push(entry(position, 1)));
        assert_eq!((ring.start, ring.entries.len()), (cursor(904), MAX_CHANGES));
        assert_eq!(positions(&ring.after(cursor(904)))[0], 905);
        for position in 5001..5400 {
            ring.push(entry(position, 100_000));
        }
        assert!(ring.entries.len() < 100 && ring.bytes <= MAX_BYTES, "{}", ring.bytes);
        assert_eq!(ring.bytes, ring.entries.iter().map(|entry| entry.bytes()).sum::<usize>());
        assert_eq!(positions(&ring.after(cursor(5390))), [5391], "an event that is too long");
    }

    #[test]
    fn after_a_gap_only_the_database_has_what_is_missing() {
        let mut ring = Ring::new(cursor(0));
        ring.push(entry(1, 1));
        ring.push(entry(3, 1));
        assert!(matches!(ring.after(cursor(1)), Found::Older));
        ring.push(entry(4, 1));
        assert_eq!(positions(&ring.after(cursor(3))), [4]);
    }
}
