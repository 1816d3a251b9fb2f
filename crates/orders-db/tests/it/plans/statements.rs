//! How many statements a call executes.

use orders_core::{Orders, StoreError};
use orders_db::PgStore;

use crate::database::Database;
use crate::samples::*;

/// The statements that a call executes, in order, without those that begin and end transactions.
fn statements(call: impl FnOnce(&PgStore)) -> Vec<String> {
    let database = Database::new();
    let store = database.store_of(1);
    add_services(&store);
    place_all(&store, &[("223", 0), ("224", 3), ("225", 6), ("226", 20)]);
    drop(store);
    database.psql().wait_until_alone();
    database.log_plans();
    let store = database.store_of(1);
    call(&store);
    drop(store);
    database.psql().wait_until_alone();
    let records = database.log();
    let plans = records.iter().filter_map(|record| record.split_once("  plan:\n"));
    let texts = plans.map(|(_, json)| {
        let plan: serde_json::Value = serde_json::from_str(json).unwrap();
        plan["Query Text"].as_str().unwrap().to_owned()
    });
    texts.filter(|text| !text.contains("pg_stat_activity")).collect()
}

#[track_caller]
fn check(statements: &[String], expected: &[&str]) {
    assert_eq!(statements.len(), expected.len(), "{statements:#?}");
    for (statement, expected) in statements.iter().zip(expected) {
        assert!(statement.contains(expected), "no {expected} in {statement}");
    }
}

#[test]
fn a_rejected_create_takes_two_statements() {
    let executed =
        statements(|store| drop(conflict(store.place(draft("new", noon_plus(4)), Write))));
    check(&executed, &["INSERT INTO orders", "AS conflicts"]);
    let executed = statements(|store| {
        let taken = store.place(draft("223", noon_plus(100)), Write);
        assert!(matches!(taken, Err(StoreError::IdTaken(_))));
    });
    check(&executed, &["INSERT INTO orders", "AS conflicts"]);
}

#[test]
fn a_rejected_move_takes_two_statements() {
    let executed = statements(|store| {
        drop(conflict(store.replace(&order_id("226"), draft("-", noon_plus(4)), Write)));
    });
    check(&executed, &["UPDATE orders", "AS conflicts"]);
}

#[test]
fn a_dry_run_takes_one_statement() {
    let executed =
        statements(|store| drop(conflict(store.place(draft("new", noon_plus(4)), DryRun))));
    check(&executed, &["AS conflicts"]);
    let executed = statements(|store| {
        store.replace(&order_id("226"), draft("-", noon_plus(30)), DryRun).unwrap();
    });
    check(&executed, &["AS conflicts"]);
}
