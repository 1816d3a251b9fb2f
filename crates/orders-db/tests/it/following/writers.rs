//! Who writes, and what is written without the service.

use orders_core::{AsOf, Orders};

use super::*;
use crate::access::acting;

#[test]
fn a_change_names_the_client() {
    let database = Database::new();
    let anonymous = database.store_of(1);
    let shop = anonymous.acting_as(acting("shop", None));
    let crm = anonymous.acting_as(acting("crm", None));
    add_services(&anonymous);
    placed(&shop, draft("a", noon_plus(0)));
    crm.replace(&order_id("a"), draft("-", noon_plus(0)), Write).unwrap();
    anonymous.replace(&order_id("a"), draft("-", noon_plus(3)), Write).unwrap();
    shop.place_batch(vec![draft("b", noon_plus(6))]).unwrap()[0].as_ref().unwrap();
    crm.place_idempotent(draft("c", noon_plus(9)), &key("k")).unwrap();
    crm.remove(&order_id("a")).unwrap();
    anonymous.remove(&order_id("b")).unwrap();
    database.psql().run("DELETE FROM orders WHERE id = 'c'");
    assert_eq!(
        said(&all(&shop, After::Oldest)),
        [
            "created a 1 shop",
            "updated a 2 crm",
            "updated a 3 nobody",
            "created b 1 shop",
            "created c 1 crm",
            "deleted a 4 crm",
            "deleted b 2 nobody",
            "deleted c 2 db:orders",
        ]
    );
    database.check_promises();
}

#[test]
fn what_psql_writes_is_recorded_too() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    let mut psql = database.psql();
    psql.run(&sql_order("a", "default", noon_plus(0)));
    for update in [
        "totalfee = 7",
        "datetime = datetime + interval '1 hour'",
        "services = '{456}'",
        "reference = 'PO-1'",
        "metadata = '{\"gate\": \"B\"}'",
        "created_at = created_at - interval '1 day'",
        // The next version follows, whatever is asked for.
        "version = 1",
        "version = 100, updated_at = '2000-01-01T00:00:00Z'",
        "updated_by = 'somebody-else'",
    ] {
        psql.run(&format!("UPDATE orders SET {update} WHERE id = 'a'"));
    }
    // What changes nothing is no change.
    psql.run("UPDATE orders SET totalfee = totalfee");
    psql.run("UPDATE calendars SET minimum_gap = '2 hours'");
    psql.run("UPDATE orders SET id = 'b'; UPDATE orders SET id = 'a'");
    let changes = all(&store, After::Oldest);
    let expected: Vec<String> = ["created a 1".to_owned()]
        .into_iter()
        .chain((2..=10).map(|version| format!("updated a {version}")))
        .chain(["deleted a 11", "created b 1", "deleted b 2", "created a 12"].map(str::to_owned))
        .map(|said| said + " db:orders")
        .collect();
    assert_eq!(said(&changes), expected);
    assert_eq!(changes[9].data.totalfee.to_string(), "7");
    assert_eq!(changes[9].data.reference, Some(reference("PO-1")));
    assert_eq!(changes[9].timestamp, changes[9].data.updated_at);
    database.check_promises();
}

#[test]
fn a_client_that_is_set_in_psql_is_the_writer_and_the_version_still_increases() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    placed(&store, draft("a", noon_plus(0)));
    database.psql().run("SET orders.client = 'shop'; UPDATE orders SET totalfee = 7");
    let changes = all(&store, After::Oldest);
    assert_eq!(said(&changes), ["created a 1 nobody", "updated a 2 shop"]);
    database.check_promises();
}

#[test]
fn truncation_deletes_every_order() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    place_all(&store, &[("a", 0), ("b", 3)]);
    database.psql().run("TRUNCATE orders");
    let mut said = said(&all(&store, After::Oldest)[2..]);
    said.sort();
    assert_eq!(said, ["deleted a 2 db:orders", "deleted b 2 db:orders"]);
    assert_eq!(placed(&store, draft("a", noon_plus(0))).version, 3);
    database.check_promises();
}

#[test]
fn history_is_never_changed() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    place_all(&store, &[("a", 0)]);
    store.replace(&order_id("a"), draft("-", noon_plus(3)), Write).unwrap();
    head(&store);
    let mut psql = database.psql();
    for statement in [
        "UPDATE order_versions SET totalfee = 0",
        "INSERT INTO order_versions SELECT * FROM order_versions",
        "DELETE FROM order_versions",
        "DELETE FROM order_versions WHERE version = 2",
        "TRUNCATE order_versions",
    ] {
        assert_eq!(psql.broken_constraint(statement), "order_versions_are_permanent");
    }
    for statement in ["DELETE FROM change_feed", "TRUNCATE change_feed"] {
        assert_eq!(psql.broken_constraint(statement), "change_feed_always_exists");
    }
    assert_eq!(all(&store, After::Oldest).len(), 2);
}

#[test]
fn the_id_of_a_calendar_never_changes() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    orders_core::Calendars::add_calendar(&store, calendar_draft("crew", "PT3H")).unwrap();
    let constraint =
        database.psql().broken_constraint("UPDATE calendars SET id = 'site' WHERE id = 'crew'");
    assert_eq!(constraint, "calendars_id_is_permanent");
}

/// The migration that begins the feed.
const FEED: &str = "20261127000001";

#[test]
fn orders_from_before_the_feed_are_its_first_changes() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    place_all(&store, &[("a", 0), ("b", 3)]);
    store.replace(&order_id("a"), draft("-", noon_plus(6)), Write).unwrap();
    let orders = store.orders().unwrap();
    drop(store);
    while orders_db::migrations::revert(&database.url).unwrap().unwrap() != FEED {}
    orders_db::migrations::run(&database.url).unwrap();
    let store = database.store();
    let changes = all(&store, After::Oldest);
    assert_eq!(said(&changes), ["created b 1 nobody", "created a 2 nobody"]);
    assert_eq!(store.orders().unwrap(), orders);
    let before = store.order_as_of(&order_id("a"), AsOf::Version(1));
    assert!(matches!(before, Err(StoreError::VersionGone(_))), "{before:?}");
    let before = store.order_as_of(&order_id("a"), AsOf::Instant(at("2000-01-01T00:00:00Z")));
    assert!(matches!(before, Err(StoreError::VersionGone(_))), "{before:?}");
    let as_of = AsOf::Instant(at("2000-01-01T00:00:00Z"));
    check_refused(store.order_as_of(&order_id("b"), as_of), &no_state("b", as_of));
}
