//! Concurrent changes of one order.

use super::*;

#[test]
fn of_many_patches_none_is_lost() {
    let database = Database::new();
    let store = database.store_of(8);
    add_services(&store);
    place_all(&store, &[("223", 0)]);
    let id = order_id("223");
    at_once(8, |n| {
        for round in 0..20 {
            let patch = match n % 2 {
                0 => OrderPatch { datetime: Some(noon_plus(round)), ..OrderPatch::default() },
                _ => OrderPatch { totalfee: Some("7".parse().unwrap()), ..OrderPatch::default() },
            };
            store.patch_if(&id, &Precondition::None, &patch, Write).unwrap();
        }
    });
    let order = store.order(&id).unwrap();
    assert_eq!(order.version, 161);
    assert_eq!(order.totalfee.to_string(), "7");
    assert_eq!(order.datetime, noon_plus(19));
    drop(store);
    database.check_no_deadlock();
}

#[test]
fn of_many_who_write_if_the_version_is_theirs_one_wins() {
    let database = Database::new();
    let store = database.store_of(16);
    add_services(&store);
    place_all(&store, &[("223", 0)]);
    let id = order_id("223");
    for version in 1..=20 {
        let answers = at_once(16, |n| {
            let requested = draft("223", noon_plus(n as i64 % 4));
            store.replace_if(&id, &versions(&[version]), requested, Write)
        });
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1, "{lost:#?}");
        for loser in lost {
            let Err(StoreError::VersionMismatch { current, .. }) = loser else {
                panic!("{loser:?}");
            };
            assert_eq!(current, version + 1);
        }
    }
    drop(store);
    database.check_no_deadlock();
}
