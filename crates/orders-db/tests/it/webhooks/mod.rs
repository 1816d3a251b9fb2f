//! Webhooks: what clients do with them, and what instances store while they send changes.

mod attempts;
mod clients;
mod leases;
mod parked;
mod progress;
mod secrets;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use orders_core::{
    After, ChangeQuery, Changes as _, Cursor, Health, Progress, Resource, SendAfter, StoreError,
    Subscription, Webhook, WebhookDraft, WebhookId, WebhookUrl,
};
use orders_db::{LeasedWebhook, PgStore, WebhookProgress};

use crate::database::Database;
use crate::samples::*;

/// The numbers that two instances have chosen.
const FIRST: i64 = 1;
const SECOND: i64 = -2;

fn webhook_id(id: &str) -> WebhookId {
    WebhookId::new(id).unwrap()
}

fn url(text: &str) -> WebhookUrl {
    WebhookUrl::new(text).unwrap()
}

fn no_webhook(id: &str) -> StoreError {
    StoreError::NotFound(Resource::Webhook(webhook_id(id)))
}

/// A webhook as a client asks for it without any wishes.
fn draft() -> WebhookDraft {
    WebhookDraft::new(url("https://crm.example/hooks"))
}

fn paused(paused: bool) -> WebhookDraft {
    WebhookDraft { paused: Some(paused), ..draft() }
}

#[track_caller]
fn add(store: &PgStore, id: &str) -> Webhook {
    store.add_webhook(&webhook_id(id), &draft(), b"secret").unwrap()
}

/// The newest cursor of the feed.
#[track_caller]
fn head(store: &PgStore) -> Cursor {
    let query = ChangeQuery { after: After::Now, limit: 1, ..ChangeQuery::default() };
    store.changes(&query).unwrap().next
}

/// The cursors of all changes.
#[track_caller]
fn cursors(store: &PgStore) -> Vec<Cursor> {
    let query = ChangeQuery { after: After::Oldest, limit: 1000, ..ChangeQuery::default() };
    store.changes(&query).unwrap().changes.iter().map(|change| change.cursor).collect()
}

/// Leases the only webhook that is free.
#[track_caller]
fn lease(store: &PgStore, instance: i64) -> LeasedWebhook {
    let mut new = store.lease_webhooks(instance, 10).unwrap().new;
    assert_eq!(new.len(), 1, "{new:?}");
    new.remove(0)
}

/// The ids of the webhooks that an instance gets now.
#[track_caller]
fn leased(store: &PgStore, instance: i64, most: usize) -> Vec<String> {
    let new = store.lease_webhooks(instance, most).unwrap().new;
    let mut ids: Vec<_> = new.iter().map(|webhook| webhook.id.to_string()).collect();
    ids.sort();
    ids
}

/// The webhooks that an instance has had, and their configurations.
#[track_caller]
fn kept(store: &PgStore, instance: i64) -> BTreeMap<WebhookId, i64> {
    let leases = store.lease_webhooks(instance, 0).unwrap();
    assert!(leases.new.is_empty());
    leases.kept
}

/// What an instance saves that has not done anything yet.
fn unchanged(webhook: &LeasedWebhook) -> WebhookProgress {
    WebhookProgress {
        id: webhook.id.clone(),
        generation: webhook.generation,
        progress: Progress {
            read: webhook.saved.cursor,
            cursor: webhook.saved.cursor,
            done: BTreeSet::new(),
            health: Health::default(),
            all_are_due: false,
            parked: BTreeMap::new(),
        },
        attempts: Vec::new(),
    }
}

#[track_caller]
fn save(store: &PgStore, instance: i64, webhooks: &[WebhookProgress]) -> HashSet<WebhookId> {
    store.save_webhooks(instance, webhooks).unwrap()
}

/// Lets time pass for all leases.
fn let_leases_end(database: &Database) {
    database.psql().run("UPDATE webhooks SET leased_until = now() - interval '1 second'");
}
