//! How far changes were sent.

use orders_core::{ChangeType, WebhookState};

use super::*;

/// An endpoint that has failed twice.
fn failing() -> Health {
    Health {
        failures: 2,
        failing_since: Some(noon_plus(0)),
        retry_at: Some(noon_plus(1)),
        last_error: Some("status 500".to_owned()),
        disabled: None,
    }
}

#[test]
fn another_instance_continues_where_the_first_one_saved() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    add(&store, "crm");
    place_all(&store, &[("a", 0), ("b", 3), ("c", 6), ("d", 9)]);
    let cursors = cursors(&store);
    let webhook = lease(&store, FIRST);
    assert_eq!(webhook.saved.cursor.position, 0);
    let mut progress = unchanged(&webhook);
    progress.progress.read = cursors[3];
    progress.progress.cursor = cursors[1];
    progress.progress.done = [3, 4].into();
    progress.progress.health = failing();
    assert_eq!(save(&store, FIRST, &[progress.clone()]), [webhook.id.clone()].into());
    let seen = store.webhook(&webhook.id).unwrap();
    assert_eq!((seen.cursor, seen.behind), (cursors[1], 2));
    assert_eq!(
        (seen.failing_since, seen.last_error.as_deref()),
        (Some(noon_plus(0)), Some("status 500"))
    );
    let_leases_end(&database);
    let second = lease(&store, SECOND);
    let saved = &second.saved;
    let done = [3, 4].into();
    assert_eq!((saved.cursor, &saved.done, &saved.health), (cursors[1], &done, &failing()));

    // What belongs to an earlier lease is not saved, even if this instance has the webhook again.
    assert_eq!(save(&store, SECOND, &[progress]), [].into());
    let mut recovered = unchanged(&second);
    recovered.progress.read = cursors[3];
    recovered.progress.cursor = cursors[3];
    assert_eq!(save(&store, SECOND, &[recovered]), [second.id].into());
    let_leases_end(&database);
    let saved = lease(&store, FIRST).saved;
    assert_eq!(
        (saved.cursor, saved.done, saved.health),
        (cursors[3], [].into(), Health::default())
    );
}

#[test]
fn nothing_is_saved_of_a_webhook_that_is_not_leased_any_more_or_begins_anew() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    for id in ["deleted", "kept", "lost", "moved", "paused", "widened"] {
        add(&store, id);
    }
    let before = head(&store);
    place_all(&store, &[("a", 0)]);
    let cursor = head(&store);
    let leased = store.lease_webhooks(FIRST, 10).unwrap().new;
    let progress = |webhook: &LeasedWebhook| {
        let mut progress = unchanged(webhook);
        progress.progress.read = cursor;
        progress.progress.cursor = cursor;
        progress.progress.health = failing();
        let parked = orders_core::Parked { first: 1, last: 1, attempts: 1, retry_at: noon_plus(0) };
        progress.progress.parked = [(order_id("a"), Some(parked))].into();
        progress.attempts = vec![attempts::attempt(cursor, 1)];
        progress
    };
    let progress: Vec<_> = leased.iter().map(progress).collect();
    store.remove_webhook(&webhook_id("deleted")).unwrap();
    let moved = WebhookDraft { after: Some(SendAfter::Cursor(before)), ..draft() };
    store.replace_webhook(&webhook_id("moved"), &moved).unwrap();
    let widened =
        Subscription { types: Some([ChangeType::Created].into()), ..draft().subscription };
    let widened = WebhookDraft { subscription: widened, ..draft() };
    store.replace_webhook(&webhook_id("widened"), &widened).unwrap();
    let paused = WebhookDraft { paused: Some(true), ..draft() };
    store.replace_webhook(&webhook_id("paused"), &paused).unwrap();
    store.release_webhooks(FIRST, &[webhook_id("lost")]).unwrap();
    assert_eq!(save(&store, FIRST, &progress), ["kept", "paused"].map(webhook_id).into());
    for (id, is_saved) in
        [("kept", true), ("lost", false), ("moved", false), ("paused", true), ("widened", false)]
    {
        let webhook = store.webhook(&webhook_id(id)).unwrap();
        let attempts = store.webhook_attempts(&webhook.id).unwrap();
        assert_eq!(webhook.cursor == cursor, is_saved, "{id}");
        assert_eq!(webhook.last_error.is_some(), is_saved, "{id}");
        assert_eq!((webhook.parked == 1, attempts.len() == 1), (is_saved, is_saved), "{id}");
    }
}

#[test]
fn a_webhook_that_is_given_up_is_disabled_with_the_reason() {
    let database = Database::new();
    let store = database.store();
    add(&store, "crm");
    let webhook = lease(&store, FIRST);
    let mut progress = unchanged(&webhook);
    progress.progress.health = Health { disabled: Some("nobody is there".to_owned()), ..failing() };
    assert_eq!(save(&store, FIRST, &[progress]), [webhook.id.clone()].into());
    let seen = store.webhook(&webhook.id).unwrap();
    assert_eq!(seen.state, WebhookState::Disabled);
    assert_eq!(seen.last_error.as_deref(), Some("nobody is there"));
    assert_eq!(kept(&store, FIRST), [].into());
}

#[test]
fn nothing_is_saved_of_before_a_failing_webhook_was_set_active() {
    let database = Database::new();
    let store = database.store();
    add(&store, "crm");
    let webhook = lease(&store, FIRST);
    let id = webhook.id.clone();
    let active = WebhookDraft { paused: Some(false), ..draft() };
    // One that works goes on.
    store.replace_webhook(&id, &active).unwrap();
    assert_eq!(save(&store, FIRST, &[unchanged(&webhook)]), [id.clone()].into());
    let failures = failing().failures;
    for health in [
        Health { failures, ..Health::default() },
        // Only retries have failed.
        Health { failing_since: failing().failing_since, ..Health::default() },
        // It works, but has asked for a pause.
        Health { retry_at: failing().retry_at, ..Health::default() },
    ] {
        store.release_webhooks(FIRST, std::slice::from_ref(&id)).unwrap();
        let mut progress = unchanged(&lease(&store, FIRST));
        progress.progress.health = health;
        assert_eq!(save(&store, FIRST, &[progress.clone()]), [id.clone()].into());
        store.replace_webhook(&id, &active).unwrap();
        assert_eq!(save(&store, FIRST, &[progress.clone()]), [].into(), "{progress:?}");
        assert_eq!(store.webhook(&id).unwrap().failing_since, None);
    }
}

#[test]
fn nothing_is_saved_about_changes_that_the_database_has_lost() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    add(&store, "crm");
    place_all(&store, &[("a", 0), ("b", 3), ("c", 6)]);
    let cursors = cursors(&store);
    let webhook = lease(&store, FIRST);
    let mut progress = unchanged(&webhook);
    (progress.progress.cursor, progress.progress.read) = (cursors[0], cursors[1]);
    assert_eq!(save(&store, FIRST, &[progress.clone()]), [webhook.id.clone()].into());

    // After a failover, another change has the last position that was read.
    let lost = Cursor { assigned_at: noon_plus(0), ..cursors[2] };
    (progress.progress.read, progress.progress.done) = (lost, [3].into());
    assert_eq!(save(&store, FIRST, &[progress.clone()]), [].into());
    // Or none.
    progress.progress.read = Cursor { position: 4, ..cursors[2] };
    assert_eq!(save(&store, FIRST, &[progress.clone()]), [].into());
    let_leases_end(&database);
    let again = lease(&store, SECOND);
    assert_eq!((again.saved.cursor, again.saved.done.len()), (cursors[0], 0));

    // A webhook whose own position was lost is disabled.
    database.psql().run("UPDATE webhooks SET assigned_at = assigned_at - interval '1 s'");
    let_leases_end(&database);
    let mut gone = unchanged(&lease(&store, FIRST));
    gone.progress.health = Health { disabled: Some("gone".to_owned()), ..Health::default() };
    assert_eq!(save(&store, FIRST, &[gone]), [webhook.id].into());
}
