//! The feed of changes where only PostgreSQL can show what it promises: other writers, races, crashes and restores.

mod expiry;
mod exports;
mod races;
mod restores;
mod restricted;
mod writers;

use orders_core::{After, Change, ChangePage, ChangeQuery, Changes, Cursor, StoreError};
use orders_db::PgStore;

use crate::database::Database;
use crate::samples::*;

fn page(store: &PgStore, after: After, limit: usize) -> Result<ChangePage, StoreError> {
    store.changes(&ChangeQuery { after, limit, ..ChangeQuery::default() })
}

/// All changes after a position.
#[track_caller]
fn all(store: &PgStore, after: After) -> Vec<Change> {
    page(store, after, 100_000).unwrap().changes
}

/// The cursor of the last change.
#[track_caller]
fn head(store: &PgStore) -> Cursor {
    page(store, After::Now, 1).unwrap().next
}

/// The type, the id, the version and the client of each change.
fn said(changes: &[Change]) -> Vec<String> {
    let said = changes.iter().map(|change| {
        let verb = change.change_type.as_str().trim_start_matches("order.");
        let client = change.client.as_deref().unwrap_or("nobody");
        format!("{verb} {} {} {client}", change.data.id, change.data.version)
    });
    said.collect()
}
