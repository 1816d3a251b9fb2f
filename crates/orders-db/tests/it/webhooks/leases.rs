//! Which instance sends the changes of a webhook.

use std::thread;

use super::*;

#[test]
fn two_instances_share_the_webhooks() {
    let database = Database::new();
    let store = database.store();
    for id in ["a", "b", "c"] {
        add(&store, id);
    }
    assert_eq!(leased(&store, FIRST, 2), ["a", "b"]);
    assert_eq!(leased(&store, SECOND, 2), ["c"]);
    assert_eq!(leased(&store, FIRST, 2), [""; 0]);
    assert_eq!(kept(&store, FIRST).into_keys().collect::<Vec<_>>(), ["a", "b"].map(webhook_id));
    assert_eq!(kept(&store, SECOND).into_keys().collect::<Vec<_>>(), ["c"].map(webhook_id));
}

#[test]
fn instances_that_lease_at_the_same_time_get_different_webhooks() {
    let database = Database::new();
    let store = database.store_of(4);
    let ids: Vec<_> = (10..50).map(|n| format!("w{n}")).collect();
    ids.iter().for_each(|id| drop(add(&store, id)));
    let mut all: Vec<String> = thread::scope(|scope| {
        let store = &store;
        let instances = (1..=4).map(|instance| {
            scope.spawn(move || {
                let mut mine = Vec::new();
                for _ in 0..4 {
                    mine.extend(leased(store, instance, 3));
                }
                mine
            })
        });
        let instances: Vec<_> = instances.collect();
        instances.into_iter().flat_map(|it| it.join().unwrap()).collect()
    });
    all.extend(leased(&store, 5, 100));
    all.sort();
    assert_eq!(all, ids);
}

#[test]
fn an_instance_that_has_died_is_replaced() {
    let database = Database::new();
    let store = database.store();
    add(&store, "crm");
    let first = lease(&store, FIRST);
    assert_eq!(leased(&store, SECOND, 10), [""; 0]);
    let_leases_end(&database);
    let second = lease(&store, SECOND);
    assert_ne!(second.generation, first.generation);
    assert_eq!(second, LeasedWebhook { generation: second.generation, ..first.clone() });
    // It was not dead, only slow.
    assert_eq!(kept(&store, FIRST), [].into());
    assert_eq!(save(&store, FIRST, &[unchanged(&first)]), [].into());
    assert_eq!(save(&store, SECOND, &[unchanged(&second)]), [second.id].into());
}

#[test]
fn a_lease_that_is_used_lasts() {
    let database = Database::new();
    let store = database.store();
    add(&store, "crm");
    let webhook = lease(&store, FIRST);
    let lasts = "SELECT leased_until > now() + interval '25 seconds' FROM webhooks";
    type Use<'a> = &'a dyn Fn();
    let renew: Use<'_> = &|| assert_eq!(kept(&store, FIRST).len(), 1);
    let progress: Use<'_> = &|| assert_eq!(save(&store, FIRST, &[unchanged(&webhook)]).len(), 1);
    for used in [renew, progress] {
        // Nobody else has noticed that it has ended.
        let_leases_end(&database);
        used();
        assert_eq!(database.psql().line(lasts), "true");
        assert_eq!(leased(&store, SECOND, 10), [""; 0]);
    }
}

#[test]
fn a_lease_that_was_released_is_free_at_once() {
    let database = Database::new();
    let store = database.store();
    for id in ["a", "b"] {
        add(&store, id);
    }
    assert_eq!(leased(&store, FIRST, 10), ["a", "b"]);
    // One instance cannot release what another one has.
    store.release_webhooks(SECOND, &[webhook_id("a")]).unwrap();
    assert_eq!(leased(&store, SECOND, 10), [""; 0]);
    store.release_webhooks(FIRST, &[webhook_id("a")]).unwrap();
    assert_eq!(leased(&store, SECOND, 10), ["a"]);
    assert_eq!(kept(&store, FIRST).into_keys().collect::<Vec<_>>(), [webhook_id("b")]);
}

#[test]
fn only_active_webhooks_are_leased() {
    let database = Database::new();
    let store = database.store();
    for id in ["active", "disabled", "paused"] {
        add(&store, id);
    }
    let stop = || {
        store.replace_webhook(&webhook_id("paused"), &paused(true)).unwrap();
        database.psql().run("UPDATE webhooks SET disabled = 'gone' WHERE id = 'disabled'");
    };
    assert_eq!(leased(&store, FIRST, 10), ["active", "disabled", "paused"]);
    stop();
    assert_eq!(kept(&store, FIRST).into_keys().collect::<Vec<_>>(), [webhook_id("active")]);
    let_leases_end(&database);
    assert_eq!(leased(&store, SECOND, 10), ["active"]);
    for id in ["disabled", "paused"] {
        store.replace_webhook(&webhook_id(id), &paused(false)).unwrap();
    }
    let_leases_end(&database);
    assert_eq!(leased(&store, 3, 10), ["active", "disabled", "paused"]);
}

#[test]
fn an_instance_measures_its_webhooks_and_the_active_ones_that_no_instance_has() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    add(&store, "mine");
    assert_eq!(leased(&store, FIRST, 10), ["mine"]);
    add(&store, "other");
    assert_eq!(leased(&store, SECOND, 10), ["other"]);
    for id in ["disabled", "ended", "free", "held", "paused"] {
        add(&store, id);
    }
    store.replace_webhook(&webhook_id("paused"), &paused(true)).unwrap();
    database.psql().run(
        "UPDATE webhooks SET disabled = 'gone' WHERE id = 'disabled';
         UPDATE webhooks SET retry_at = now() + interval '1 hour' WHERE id = 'held';
         UPDATE webhooks SET lease = 3, leased_until = now() - interval '1 second' WHERE id = 'ended'",
    );
    place_all(&store, &[("a", 0)]);
    head(&store);
    let lags = store.webhook_lags(FIRST).unwrap();
    let mut behind: Vec<_> = lags.iter().map(|lag| (lag.id.as_str(), lag.behind)).collect();
    behind.sort_unstable();
    assert_eq!(behind, [("ended", 1), ("free", 1), ("held", 1), ("mine", 1)]);
}

#[test]
fn an_instance_learns_of_other_configurations_and_deletions() {
    let database = Database::new();
    let store = database.store();
    for id in ["a", "b", "c"] {
        add(&store, id);
    }
    let before = store.lease_webhooks(FIRST, 10).unwrap().new;
    let before: BTreeMap<_, _> = before.into_iter().map(|it| (it.id, it.configuration)).collect();
    assert_eq!(kept(&store, FIRST), before);
    store.replace_webhook(&webhook_id("a"), &draft()).unwrap();
    store.remove_webhook(&webhook_id("b")).unwrap();
    let after = kept(&store, FIRST);
    assert_ne!(after[&webhook_id("a")], before[&webhook_id("a")]);
    assert_eq!(after[&webhook_id("c")], before[&webhook_id("c")]);
    assert_eq!(after.len(), 2);
}
