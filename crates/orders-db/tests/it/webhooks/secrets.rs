//! Secrets and their rotation.

use std::time::Duration;

use orders_db::StoredSecrets;

use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn secrets(store: &PgStore) -> StoredSecrets {
    store.webhook_endpoint(&webhook_id("crm")).unwrap().1
}

#[test]
fn a_webhook_keeps_its_secret_until_it_gets_another_one() {
    let database = Database::new();
    let store = database.store();
    add(&store, "crm");
    store.replace_webhook(&webhook_id("crm"), &paused(false)).unwrap();
    let (endpoint, stored) = store.webhook_endpoint(&webhook_id("crm")).unwrap();
    assert_eq!(endpoint, draft().url);
    assert!(stored == StoredSecrets { current: b"secret".to_vec(), previous: None });
    assert!(lease(&store, FIRST).secrets == stored);
}

#[test]
fn the_previous_secret_is_used_for_a_day_and_then_rotated_out() {
    let database = Database::new();
    let store = database.store();
    let id = webhook_id("crm");
    add(&store, "crm");
    add(&store, "other");
    store.rotate_webhook_secret(&id, b"second", DAY).unwrap();
    let stored = secrets(&store);
    assert_eq!(stored.current, b"second");
    let (previous, expires_at) = stored.previous.clone().unwrap();
    assert_eq!(previous, b"secret");
    let in_a_day = format!(
        "SELECT timestamptz '{expires_at}' BETWEEN now() + interval '23 hours' AND now() + interval '24 hours'"
    );
    assert_eq!(database.psql().line(&in_a_day), "true");

    let refused = store.rotate_webhook_secret(&id, b"third", DAY);
    check_refused(refused, &StoreError::RotationOpen(id.clone()));
    assert!(secrets(&store) == stored);
    let other = store.webhook_endpoint(&webhook_id("other")).unwrap().1;
    assert_eq!((&other.current[..], other.previous), (&b"secret"[..], None));

    database.psql().run("UPDATE webhooks SET previous_secret_expires_at = now() WHERE id = 'crm'");
    store.rotate_webhook_secret(&id, b"third", DAY).unwrap();
    let stored = secrets(&store);
    assert_eq!(stored.current, b"third");
    assert_eq!(stored.previous.unwrap().0, b"second");
}

#[test]
fn an_instance_learns_of_a_rotation() {
    let database = Database::new();
    let store = database.store();
    add(&store, "crm");
    let before = lease(&store, FIRST);
    store.rotate_webhook_secret(&before.id, b"second", DAY).unwrap();
    assert_ne!(kept(&store, FIRST)[&before.id], before.configuration);
}
