//! Histories with followers of the feed of changes.

mod content;
mod copies;
mod followers;
mod real_time;

use orders_core::ChangeType::{Created, Deleted, Updated};

use crate::history_builder::{HistoryBuilder, replace, written};

/// Order a is created, moved and deleted, and order b is created before that deletion.
fn operations() -> HistoryBuilder {
    HistoryBuilder::new()
        .created((1, 2), "a", 0)
        .operation((3, 4), replace("a", 9), written("a", 9, 2, 0))
        .created((5, 6), "b", 0)
        .deleted((7, 8), "a")
        .row(("b", 0), (2, 1, 2))
}

/// The same, and the followers receive everything.
fn followed() -> HistoryBuilder {
    operations()
        .change(2, Created, ("a", 0), (0, 1, 0))
        .change(4, Updated, ("a", 9), (1, 2, 0))
        .change(6, Created, ("b", 0), (2, 1, 2))
        .change(8, Deleted, ("a", 9), (1, 3, 0))
}

#[test]
fn a_feed_of_everything_that_happened_is_valid() {
    followed().assert_valid();
}
