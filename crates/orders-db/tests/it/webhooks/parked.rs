//! Orders whose delivery has failed, and the changes that they wait with.

use orders_core::{ChangeType, Orders as _, Parked};

use super::*;

fn parked(first: u64, last: u64, attempts: u32, hours: i64) -> Parked {
    Parked { first, last, attempts, retry_at: noon_plus(hours) }
}

#[test]
fn parked_orders_are_saved_changed_and_removed() {
    let database = Database::new();
    let store = database.store();
    add(&store, "crm");
    add(&store, "other");
    let webhooks = store.lease_webhooks(FIRST, 10).unwrap().new;
    let parks = |webhook: &LeasedWebhook, orders: &[(&str, Option<Parked>)]| {
        let mut progress = unchanged(webhook);
        progress.progress.parked = orders.iter().map(|(id, it)| (order_id(id), *it)).collect();
        progress
    };
    let (a, b) = (parked(3, 9, 1, 1), parked(4, 4, 2, 2));
    let both = [("a", Some(a)), ("b", Some(b)), ("never", None)];
    save(&store, FIRST, &[parks(&webhooks[0], &both), parks(&webhooks[1], &[("a", Some(b))])]);
    let saved = || {
        let_leases_end(&database);
        let leased = store.lease_webhooks(FIRST, 0).unwrap();
        assert_eq!(leased.kept.len(), 2);
        store.release_webhooks(FIRST, &["crm", "other"].map(webhook_id)).unwrap();
        let mut new = store.lease_webhooks(FIRST, 10).unwrap().new;
        new.sort_by_key(|webhook| webhook.id.to_string());
        new
    };
    let parked_of = |webhooks: &[LeasedWebhook]| {
        webhooks.iter().map(|webhook| webhook.saved.parked.clone()).collect::<Vec<_>>()
    };
    let (id_a, id_b) = (order_id("a"), order_id("b"));
    let other = BTreeMap::from([(id_a.clone(), b)]);
    let webhooks = saved();
    assert_eq!(parked_of(&webhooks), [[(id_a.clone(), a), (id_b, b)].into(), other.clone()]);
    let count = |id: &str| store.webhook(&webhook_id(id)).unwrap().parked;
    assert_eq!((count("crm"), count("other")), (2, 1));

    let later = parked(5, 12, 3, 3);
    save(&store, FIRST, &[parks(&webhooks[0], &[("a", Some(later)), ("b", None)])]);
    assert_eq!(parked_of(&saved()), [[(id_a, later)].into(), other]);
    assert_eq!((count("crm"), count("other")), (1, 1));
}

#[test]
fn another_endpoint_does_not_get_the_pauses_of_the_one_before() {
    let database = Database::new();
    let store = database.store();
    let id = add(&store, "crm").id;
    // The endpoint has asked for a pause.
    database.psql().run(
        "UPDATE webhooks SET failures = 9, failing_since = now(), last_error = 'no', retry_at = now() + interval '1 day';
         INSERT INTO webhook_parked_orders
         VALUES ('crm', 'a', 1, 1, 1, now() + interval '1 day')",
    );
    store.replace_webhook(&id, &draft()).unwrap();
    assert_eq!(leased(&store, FIRST, 10), [""; 0]);
    let moved = WebhookDraft::new(url("https://new.example/hooks"));
    let seen = store.replace_webhook(&id, &moved).unwrap();
    assert_eq!((seen.failing_since, seen.last_error, seen.parked), (None, None, 1));
    assert_eq!(lease(&store, FIRST).saved.health, Health::default());
    let due = "SELECT retry_at <= now() FROM webhook_parked_orders";
    assert_eq!(database.psql().line(due), "true");

    // One that is disabled or paused stays so.
    database.psql().run("UPDATE webhooks SET disabled = 'gone'");
    let seen = store.replace_webhook(&id, &draft()).unwrap();
    assert_eq!(seen.state, orders_core::WebhookState::Disabled);
    store.replace_webhook(&id, &paused(true)).unwrap();
    let seen = store.replace_webhook(&id, &moved).unwrap();
    assert_eq!(seen.state, orders_core::WebhookState::Paused);
}

#[test]
fn all_parked_orders_are_due_before_those_that_are_saved() {
    let database = Database::new();
    let store = database.store();
    add(&store, "crm");
    add(&store, "other");
    database.psql().run(
        "INSERT INTO webhook_parked_orders
         SELECT id, order_id, 1, 1, 1, now() + interval '1 day' FROM webhooks, unnest('{a,b}'::text[]) AS order_id",
    );
    let webhooks = store.lease_webhooks(FIRST, 10).unwrap().new;
    let mut progress = unchanged(&webhooks[0]);
    progress.progress.all_are_due = true;
    let tomorrow = webhooks[0].saved.parked[&order_id("b")];
    progress.progress.parked = [(order_id("b"), Some(tomorrow))].into();
    save(&store, FIRST, &[progress, unchanged(&webhooks[1])]);
    let due =
        "SELECT webhook || ' ' || order_id FROM webhook_parked_orders WHERE retry_at <= now()";
    assert_eq!(database.psql().lines(due), ["crm a"]);
}

#[test]
fn the_next_change_of_an_order_is_the_first_that_is_wanted() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    place_all(&store, &[("a", 0), ("b", 3)]);
    let a = order_id("a");
    for n in 1..=14 {
        store.replace(&a, crate::samples::draft("-", noon_plus(100 + 3 * n)), Write).unwrap();
    }
    store.remove(&a).unwrap();
    let all = cursors(&store);
    assert_eq!(all.len(), 17);
    let next = |first: u64, last: u64, types: &[ChangeType]| {
        let types = (!types.is_empty()).then(|| types.iter().copied().collect());
        let subscription = Subscription { types, ..Subscription::default() };
        let change = store.next_change_of(&a, first, last, &subscription).unwrap();
        change.map(|change| (change.cursor.position, change.data.version))
    };
    assert_eq!(next(1, 17, &[]), Some((1, 1)));
    // Those of other orders are not.
    assert_eq!(next(2, 17, &[]), Some((3, 2)));
    assert_eq!(next(2, 2, &[]), None);
    assert_eq!(next(3, 3, &[]), Some((3, 2)));
    assert_eq!(next(4, 3, &[]), None);
    // More are in between than are read at once.
    assert_eq!(next(2, 17, &[ChangeType::Deleted]), Some((17, 16)));
    assert_eq!(next(2, 16, &[ChangeType::Deleted]), None);
    assert_eq!(next(2, 17, &[ChangeType::Created]), None);
    assert_eq!(next(18, u64::MAX, &[]), None);
}
