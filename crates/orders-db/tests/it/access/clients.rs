use std::num::NonZeroU32;

use orders_core::{Orders, Resource, Scope, Services, StoreError, Timestamp};
use orders_db::{Access, KeyHash, KeyInfo};

use super::*;

const FIRST: KeyHash = [1; 32];
const SECOND: KeyHash = [2; 32];

#[test]
fn a_client_is_added_changed_and_removed() {
    let database = Database::new();
    let store = database.store();
    let shop = client("shop", None);
    store.add_client(&shop).unwrap();
    let taken = store.add_client(&client("shop", Some(&["roof"])));
    check_refused(taken, &StoreError::IdTaken(Resource::Client(client_id("shop"))));
    assert_eq!(store.clients().unwrap(), [shop]);

    let changed = Client {
        scope: Scope::Admin,
        rate: NonZeroU32::new(5),
        subject: Some("shop@idp".to_owned()),
        ..client("shop", Some(&["default", "roof"]))
    };
    store.set_client(&changed).unwrap();
    assert_eq!(store.clients().unwrap(), std::slice::from_ref(&changed));
    let same_subject = Client { subject: changed.subject, ..client("crm", None) };
    assert!(matches!(store.add_client(&same_subject), Err(StoreError::IdTaken(_))));

    store.remove_client(&client_id("shop")).unwrap();
    assert_eq!(store.clients().unwrap(), []);
    let missing = StoreError::NotFound(Resource::Client(client_id("shop")));
    check_refused(store.remove_client(&client_id("shop")), &missing);
    check_refused(store.set_client(&client("shop", None)), &missing);
    check_refused(store.add_key(&client_id("shop"), FIRST, "abcd", None), &missing);
}

/// The valid keys and their expiry, as a service sees them.
fn valid_keys(database: &Database) -> Vec<(KeyHash, Option<Timestamp>)> {
    let Access { keys, .. } = heartbeat(database).access().unwrap();
    keys.into_iter().map(|(hash, _, expires_at)| (hash, expires_at)).collect()
}

#[test]
fn a_key_is_valid_until_it_is_revoked_or_expires() {
    let database = Database::new();
    let store = database.store();
    let shop = client_id("shop");
    assert!(!heartbeat(&database).access().unwrap().any_key_ever);
    store.add_client(&client("shop", None)).unwrap();
    store.add_client(&client("crm", None)).unwrap();
    let expires_at = Some(at("2100-01-01T00:00:00Z"));
    store.add_key(&shop, FIRST, "aaaa", expires_at).unwrap();
    store.add_key(&shop, SECOND, "bbbb", None).unwrap();
    assert_eq!(valid_keys(&database), [(FIRST, expires_at), (SECOND, None)]);

    assert_eq!(store.revoke_keys_ending(&client_id("crm"), "aaaa").unwrap(), 0);
    assert_eq!(store.revoke_keys_ending(&shop, "aaaa").unwrap(), 1);
    assert_eq!(store.revoke_keys_ending(&shop, "aaaa").unwrap(), 0);
    assert!(store.revoke_key(SECOND).unwrap());
    assert!(!store.revoke_key(SECOND).unwrap());
    assert_eq!(valid_keys(&database), []);
    let keys = store.keys(Some(&shop)).unwrap();
    assert_eq!(keys.iter().map(|key| key.ends.as_str()).collect::<Vec<_>>(), ["aaaa", "bbbb"]);
    assert!(keys.iter().all(|key| key.revoked_at.is_some()));
    assert!(heartbeat(&database).access().unwrap().any_key_ever);
}

#[test]
fn an_expired_key_is_not_valid() {
    let database = Database::new();
    let store = database.store();
    store.add_client(&client("shop", None)).unwrap();
    store.add_key(&client_id("shop"), FIRST, "aaaa", Some(noon_plus(0))).unwrap();
    assert_eq!(valid_keys(&database), []);
    assert!(heartbeat(&database).access().unwrap().any_key_ever);
}

#[test]
fn the_database_holds_no_client_or_key_that_the_service_cannot_read() {
    let database = Database::new();
    let mut psql = database.psql();
    for calendars in ["{\"a b\"}", "{\"\"}", "{NULL}", "{..}", "{\"a,b\",\"\"}"] {
        let insert = format!("INSERT INTO clients VALUES ('shop', 'read', '{calendars}')");
        assert_eq!(psql.broken_constraint(&insert), "clients_calendars_are_ids", "{calendars}");
    }
    psql.run(
        "INSERT INTO clients VALUES ('shop', 'read', '{default,roof}'), ('crm', 'read', '{}')",
    );
    let key = |client: &str, expires: &str| {
        format!(
            "INSERT INTO api_keys (hash, client, ends, expires_at)
             VALUES (decode(repeat('01', 32), 'hex'), '{client}', 'aaaa', '{expires}')"
        )
    };
    assert_eq!(psql.broken_constraint(&key("a/b", "2100-01-01")), "api_keys_client_is_an_id");
    for expires in ["infinity", "-infinity", "10240-08-16"] {
        let broken = psql.broken_constraint(&key("shop", expires));
        assert_eq!(broken, "api_keys_times_are_in_range", "{expires}");
    }
    assert_eq!(heartbeat(&database).access().unwrap().clients.len(), 2);
}

#[test]
fn a_removed_client_leaves_revoked_keys_behind() {
    let database = Database::new();
    let store = database.store();
    let shop = client_id("shop");
    store.add_client(&client("shop", None)).unwrap();
    store.add_key(&shop, FIRST, "aaaa", None).unwrap();
    add_services(&store);
    let acting = store.acting_as(acting("shop", None));
    acting.place_idempotent(draft("223", noon_plus(0)), &key("k")).unwrap();
    store.remove_client(&shop).unwrap();
    assert_eq!(database.psql().line("SELECT count(*) FROM idempotency_keys"), "0");
    let access = heartbeat(&database).access().unwrap();
    assert!(access.any_key_ever && access.keys.is_empty() && access.clients.is_empty());
    assert!(store.keys(None).unwrap()[0].revoked_at.is_some());
    store.add_client(&client("shop", None)).unwrap();
    assert_eq!(valid_keys(&database), [], "a key does not come back with its client");
}

#[test]
fn an_older_key_expires_after_the_overlap_unless_it_expires_before() {
    let database = Database::new();
    let store = database.store();
    let shop = client_id("shop");
    store.add_client(&client("shop", None)).unwrap();
    let early = Some(at("2100-01-01T00:00:00Z"));
    let later = at("2100-06-01T00:00:00Z");
    store.add_key(&shop, FIRST, "aaaa", early).unwrap();
    store.add_key(&shop, SECOND, "bbbb", None).unwrap();
    store.roll_key(&shop, [3; 32], "cccc", later).unwrap();
    let keys = valid_keys(&database);
    let expiry = |hash: KeyHash| keys.iter().find(|key| key.0 == hash).unwrap().1;
    assert_eq!(expiry(FIRST), early);
    assert_eq!(expiry(SECOND), Some(later));
    assert_eq!(expiry([3; 32]), None);
}

#[test]
fn every_change_increases_the_version_and_a_use_does_not() {
    let database = Database::new();
    let store = database.store();
    let shop = client_id("shop");
    let mut heartbeat = heartbeat(&database);
    let mut last = heartbeat.beat().unwrap().access_version;
    let mut increases = |what: &str| {
        let version = heartbeat.beat().unwrap().access_version;
        assert_eq!(heartbeat.access().unwrap().version, version);
        let increases = version > last;
        last = version;
        assert!(increases || what.is_empty(), "{what}");
        increases
    };
    store.add_client(&client("shop", None)).unwrap();
    increases("add_client");
    store.add_key(&shop, FIRST, "aaaa", None).unwrap();
    increases("add_key");
    store.set_client(&client("shop", Some(&["roof"]))).unwrap();
    increases("set_client");
    store.roll_key(&shop, SECOND, "bbbb", noon_plus(0)).unwrap();
    increases("roll_key");

    let mut other = super::heartbeat(&database);
    other.mark_used(&[(FIRST, noon_plus(1)), (SECOND, noon_plus(2))]).unwrap();
    other.mark_used(&[(FIRST, noon_plus(0))]).unwrap();
    assert!(!increases(""));
    let used: Vec<_> = store.keys(Some(&shop)).unwrap();
    let used = |ends: &str| {
        used.iter().find(|key| key.ends == ends).and_then(|key: &KeyInfo| key.last_used_at)
    };
    assert_eq!((used("aaaa"), used("bbbb")), (Some(noon_plus(1)), Some(noon_plus(2))));

    assert!(store.revoke_key(SECOND).unwrap());
    increases("revoke_key");
    store.remove_client(&shop).unwrap();
    increases("remove_client");
}

#[test]
fn a_heartbeat_fails_while_it_is_blocked_and_recovers() {
    let database = Database::new();
    let mut heartbeat = heartbeat(&database);
    assert!(!heartbeat.beat().unwrap().read_only);
    let mut holder = database.psql();
    holder.run("BEGIN; LOCK TABLE access_version");
    assert!(matches!(heartbeat.beat(), Err(StoreError::Unavailable(_))));
    holder.run("ROLLBACK");
    heartbeat.beat().unwrap();
}

#[test]
fn every_session_is_replaced_after_a_reconnect() {
    let database = Database::new();
    let store = database.store_of(1);
    let mut psql = database.psql();
    let mut session = || {
        store.all_services().unwrap();
        // A session that was closed ends on its own time.
        psql.wait_until_beside(1);
        psql.lines(
            "SELECT pid FROM pg_stat_activity
              WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
    };
    let before = session();
    assert_eq!(session(), before);
    store.reconnect();
    let after = session();
    assert!(!after.contains(&before[0]), "{before:?} {after:?}");
    assert_eq!(session(), after);
}

#[test]
fn a_heartbeat_deletes_expired_idempotency_keys() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    for n in 0..3 {
        let requested = draft(&format!("order-{n}"), noon_plus(3 * n));
        store.place_idempotent(requested, &key(&format!("key-{n}"))).unwrap();
    }
    let age =
        "UPDATE idempotency_keys SET created_at = now() - interval '25 hours' WHERE key <> 'key-1'";
    database.psql().run(age);
    assert!(!heartbeat(&database).delete_expired_idempotency_keys().unwrap());
    assert_eq!(database.psql().lines("SELECT key FROM idempotency_keys"), ["key-1"]);
}
