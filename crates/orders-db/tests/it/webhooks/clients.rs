//! What clients do with webhooks.

use orders_core::{ChangeFilter, ChangeType, ListQuery, WebhookState};

use super::*;

#[test]
fn a_webhook_is_as_it_was_added() {
    let database = Database::new();
    let store = database.store();
    let minimal = add(&store, "a");
    let expected = Webhook {
        id: webhook_id("a"),
        url: url("https://crm.example/hooks"),
        subscription: Subscription::default(),
        state: WebhookState::Active,
        cursor: head(&store),
        behind: 0,
        parked: 0,
        failing_since: None,
        last_error: None,
    };
    assert_eq!(minimal, expected);
    let subscription = Subscription {
        // They need not exist.
        filter: ChangeFilter {
            calendar: Some(calendar_id("crew")),
            service: Some(service_id("123")),
        },
        types: Some([ChangeType::Created, ChangeType::Deleted].into()),
    };
    let wanted = WebhookDraft {
        url: url("http://10.1.2.3:8080/?a=b"),
        subscription: subscription.clone(),
        ..paused(true)
    };
    let full = store.add_webhook(&webhook_id("b"), &wanted, b"secret").unwrap();
    assert_eq!((&full.url, &full.subscription), (&wanted.url, &subscription));
    assert_eq!(full.state, WebhookState::Paused);
    assert_eq!(store.webhook(&full.id).unwrap(), full);
    let none = Subscription { types: Some([].into()), ..Subscription::default() };
    let nothing = WebhookDraft { subscription: none.clone(), ..draft() };
    let nothing = store.add_webhook(&webhook_id("c"), &nothing, b"secret").unwrap();
    assert_eq!(nothing.subscription, none);
}

#[test]
fn an_id_is_taken_once() {
    let database = Database::new();
    let store = database.store();
    add(&store, "crm");
    let again = store.add_webhook(&webhook_id("crm"), &paused(true), b"secret");
    check_refused(again, &StoreError::IdTaken(Resource::Webhook(webhook_id("crm"))));
    assert_eq!(store.webhook(&webhook_id("crm")).unwrap().state, WebhookState::Active);
}

#[test]
fn what_does_not_exist_is_not_found() {
    let database = Database::new();
    let store = database.store();
    add(&store, "crm");
    let (id, no) = (webhook_id("none"), no_webhook("none"));
    check_refused(store.webhook(&id), &no);
    check_refused(store.replace_webhook(&id, &draft()), &no);
    check_refused(store.remove_webhook(&id), &no);
    check_refused(store.rotate_webhook_secret(&id, b"new", std::time::Duration::ZERO), &no);
    check_refused(store.webhook_attempts(&id), &no);
    check_refused(store.webhook_endpoint(&id).map(|_| ()), &no);
}

#[test]
fn there_are_at_most_a_thousand_webhooks() {
    let database = Database::new();
    let store = database.store();
    database.psql().run(
        "INSERT INTO webhooks (id, url, secret, position, assigned_at)
         SELECT 'w' || n, 'https://crm.example', '', 0, now() FROM generate_series(1, 999) AS n",
    );
    add(&store, "last");
    let one_more = store.add_webhook(&webhook_id("one-more"), &draft(), b"secret");
    check_refused(one_more, &StoreError::TooManyWebhooks(1000));
    store.remove_webhook(&webhook_id("w7")).unwrap();
    add(&store, "one-more");
}

#[test]
fn webhooks_are_listed_by_id_in_pages() {
    let database = Database::new();
    let store = database.store();
    for id in ["b", "A", "c", "~"] {
        add(&store, id);
    }
    let page = |after: Option<&str>| {
        let query = ListQuery { after: after.map(webhook_id), limit: 2 };
        let page = store.webhooks(&query).unwrap();
        let ids: Vec<_> = page.items.iter().map(|webhook| webhook.id.to_string()).collect();
        (ids.join(" "), page.next.map(|id| id.to_string()))
    };
    assert_eq!(page(None), ("A b".into(), Some("b".into())));
    assert_eq!(page(Some("b")), ("c ~".into(), None));
    assert_eq!(page(Some("~")), (String::new(), None));
}

#[test]
fn a_webhook_begins_where_it_is_wanted() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    place_all(&store, &[("a", 0), ("b", 3), ("c", 6)]);
    let cursors = cursors(&store);
    // Nobody has read this change yet.
    place_all(&store, &[("d", 9)]);
    let begun = |id: &str, after| {
        let wanted = WebhookDraft { after, ..draft() };
        let webhook = store.add_webhook(&webhook_id(id), &wanted, b"secret").unwrap();
        (webhook.cursor.position, webhook.behind)
    };
    assert_eq!(begun("now", Some(SendAfter::Now)), (4, 0));
    assert_eq!(begun("cursor", Some(SendAfter::Cursor(cursors[0]))), (1, 3));
    assert_eq!(begun("default", None), (4, 0));
    let unknown = Cursor { assigned_at: noon_plus(0), ..cursors[0] };
    let wanted = WebhookDraft { after: Some(SendAfter::Cursor(unknown)), ..draft() };
    let gone = StoreError::CursorGone(unknown);
    check_refused(store.add_webhook(&webhook_id("gone"), &wanted, b"secret"), &gone);
    check_refused(store.webhook(&webhook_id("gone")), &no_webhook("gone"));
    check_refused(store.replace_webhook(&webhook_id("now"), &wanted), &gone);
}

#[test]
fn a_replacement_goes_on_unless_it_begins_elsewhere() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    add(&store, "crm");
    place_all(&store, &[("a", 0), ("b", 3), ("c", 6)]);
    let cursors = cursors(&store);
    database.psql().run(&format!(
        "UPDATE webhooks SET position = 1, assigned_at = '{}', done = '{{3}}';
         INSERT INTO webhook_parked_orders VALUES ('crm', 'a', 1, 1, 1, '{}')",
        cursors[0].assigned_at,
        noon_plus(0)
    ));
    let id = webhook_id("crm");
    let subscription =
        Subscription { types: Some([ChangeType::Updated].into()), ..draft().subscription };
    let wanted = WebhookDraft { url: url("https://other.example"), subscription, ..draft() };
    let replaced = store.replace_webhook(&id, &wanted).unwrap();
    assert_eq!((&replaced.url, &replaced.subscription), (&wanted.url, &wanted.subscription));
    assert_eq!((replaced.cursor, replaced.behind, replaced.parked), (cursors[0], 2, 1));
    assert_eq!(store.webhook(&id).unwrap(), replaced);
    let saved = lease(&store, FIRST).saved;
    assert_eq!((saved.cursor, saved.done), (cursors[0], [3].into()));

    let elsewhere = WebhookDraft { after: Some(SendAfter::Cursor(cursors[1])), ..draft() };
    let replaced = store.replace_webhook(&id, &elsewhere).unwrap();
    assert_eq!((replaced.cursor, replaced.behind, replaced.parked), (cursors[1], 1, 0));
    let_leases_end(&database);
    let saved = lease(&store, SECOND).saved;
    assert_eq!((saved.cursor, saved.done, saved.parked), (cursors[1], [].into(), [].into()));
    let replaced =
        store.replace_webhook(&id, &WebhookDraft { after: Some(SendAfter::Now), ..draft() });
    assert_eq!(replaced.unwrap().cursor, cursors[2]);
}

#[test]
fn a_state_that_is_not_given_is_left() {
    let database = Database::new();
    let store = database.store();
    let id = webhook_id("crm");
    let state = |draft: &WebhookDraft| store.replace_webhook(&id, draft).unwrap().state;
    add(&store, "crm");
    assert_eq!(state(&draft()), WebhookState::Active);
    assert_eq!(state(&paused(true)), WebhookState::Paused);
    assert_eq!(state(&draft()), WebhookState::Paused);
    assert_eq!(state(&paused(false)), WebhookState::Active);
    database.psql().run("UPDATE webhooks SET disabled = 'gone'");
    assert_eq!(state(&draft()), WebhookState::Disabled);
    assert_eq!(store.webhook(&id).unwrap().last_error.as_deref(), Some("gone"));
    assert_eq!(state(&paused(true)), WebhookState::Paused);
    database.psql().run("UPDATE webhooks SET disabled = 'gone'");
    assert_eq!(state(&paused(false)), WebhookState::Active);
}

#[test]
fn a_webhook_that_is_active_again_tries_everything_at_once() {
    let database = Database::new();
    let store = database.store();
    add(&store, "crm");
    add(&store, "other");
    let later = "now() + interval '1 day'";
    database.psql().run(&format!(
        "UPDATE webhooks SET failures = 7, failing_since = now(), retry_at = {later}, last_error = 'timeout';
         INSERT INTO webhook_parked_orders
         SELECT id, 'a', 1, 1, 3, {later} FROM webhooks"
    ));
    let due = || {
        database.psql().lines("SELECT webhook FROM webhook_parked_orders WHERE retry_at <= now()")
    };
    let id = webhook_id("crm");
    // One that was not touched is left alone.
    let replaced = store.replace_webhook(&id, &draft()).unwrap();
    assert_eq!(
        (replaced.failing_since.is_some(), replaced.last_error.as_deref()),
        (true, Some("timeout"))
    );
    assert_eq!(due(), [""; 0]);
    let replaced = store.replace_webhook(&id, &paused(false)).unwrap();
    assert_eq!((replaced.failing_since, replaced.last_error, replaced.parked), (None, None, 1));
    assert_eq!(due(), ["crm"]);
    // Nothing may be sent to the other one before tomorrow, so it is not leased.
    let leased = lease(&store, FIRST);
    assert_eq!((leased.id, leased.saved.health), (id, Health::default()));
    database.psql().run("UPDATE webhooks SET retry_at = now()");
    assert_eq!(lease(&store, FIRST).saved.health.failures, 7);
}

#[test]
fn a_deleted_webhook_leaves_nothing() {
    let database = Database::new();
    let store = database.store();
    add(&store, "crm");
    database.psql().run(
        "INSERT INTO webhook_parked_orders VALUES ('crm', 'a', 1, 1, 1, now());
         INSERT INTO webhook_attempts VALUES ('crm', 1, now(), 1, now(), 'a', 'order.created', 200, 1)",
    );
    store.remove_webhook(&webhook_id("crm")).unwrap();
    for table in ["webhooks", "webhook_parked_orders", "webhook_attempts"] {
        assert_eq!(database.psql().line(&format!("SELECT count(*) FROM {table}")), "0", "{table}");
    }
}
