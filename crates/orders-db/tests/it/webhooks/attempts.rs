//! The last attempts to deliver changes.

use std::time::Duration;

use orders_core::ChangeType;
use orders_db::DeliveryAttempt;

use super::*;

/// An attempt that succeeded, so many microseconds after noon.
pub(super) fn attempt(cursor: Cursor, micros: i64) -> DeliveryAttempt {
    DeliveryAttempt {
        attempted_at: micros_after_noon(micros),
        cursor,
        order: order_id("a"),
        change_type: ChangeType::Created,
        status: Some(204),
        duration: Duration::from_micros(31_250),
        error: None,
    }
}

#[test]
fn attempts_are_returned_as_they_were_the_newest_first() {
    let database = Database::new();
    let store = database.store();
    add(&store, "crm");
    let webhook = lease(&store, FIRST);
    assert_eq!(store.webhook_attempts(&webhook.id).unwrap(), []);
    let failed = DeliveryAttempt {
        change_type: ChangeType::Deleted,
        status: None,
        error: Some("timed out".to_owned()),
        ..attempt(Cursor { position: 7, assigned_at: noon_plus(-1) }, 2)
    };
    // The times need not be in sequence.
    let attempts = [attempt(head(&store), 3), failed.clone()];
    let progress = WebhookProgress { attempts: attempts.to_vec(), ..unchanged(&webhook) };
    save(&store, FIRST, &[progress]);
    let [first, second] = attempts;
    assert_eq!(store.webhook_attempts(&webhook.id).unwrap(), [second, first]);
}

#[test]
fn the_last_hundred_attempts_of_each_webhook_are_kept() {
    let database = Database::new();
    let store = database.store();
    for id in ["busy", "quiet"] {
        add(&store, id);
    }
    let cursor = head(&store);
    let webhooks = store.lease_webhooks(FIRST, 10).unwrap().new;
    let save = |counts: [std::ops::Range<i64>; 2]| {
        let progress = webhooks.iter().zip(counts).map(|(webhook, numbers)| WebhookProgress {
            attempts: numbers.map(|number| attempt(cursor, number)).collect(),
            ..unchanged(webhook)
        });
        assert_eq!(save(&store, FIRST, &progress.collect::<Vec<_>>()).len(), 2);
    };
    let check = |id: &str, numbers: std::ops::Range<i64>| {
        let attempts = store.webhook_attempts(&webhook_id(id)).unwrap();
        let expected: Vec<_> = numbers.rev().map(|number| attempt(cursor, number)).collect();
        assert_eq!(attempts, expected, "{id}");
    };
    assert_eq!(webhooks.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["busy", "quiet"]);
    save([0..60, 0..1]);
    check("busy", 0..60);
    save([60..120, 1..1]);
    check("busy", 20..120);
    // More at once than are kept.
    save([120..370, 1..3]);
    check("busy", 270..370);
    check("quiet", 0..3);
    assert_eq!(database.psql().line("SELECT count(*) FROM webhook_attempts"), "103");
}
