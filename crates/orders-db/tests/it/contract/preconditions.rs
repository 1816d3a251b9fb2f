use orders_core::{OrderPatch, Precondition, StoreError};

use super::hold_for_every_store;
use crate::samples::*;

hold_for_every_store! {
    a_write_happens_if_the_version_is_among_those_given,
    a_write_does_not_happen_at_another_version,
    a_missing_order_is_named_before_its_version,
    a_version_is_named_before_all_other_errors,
    a_version_that_no_order_can_have_matches_none,
}

fn a_write_happens_if_the_version_is_among_those_given(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0)]);
    let id = order_id("223");
    let patch = OrderPatch::default();
    let moved = draft("223", noon_plus(1));
    let order = store.replace_if(&id, &versions(&[1]), moved.clone(), Write).unwrap();
    assert_eq!(order.version, 2);
    let order = store.replace_if(&id, &versions(&[7, 2]), moved, Write).unwrap();
    assert_eq!(order.version, 3);
    assert_eq!(store.patch_if(&id, &versions(&[3, 1]), &patch, Write).unwrap().version, 4);
    assert_eq!(store.patch_if(&id, &Precondition::None, &patch, DryRun).unwrap().version, 5);
    store.remove_if(&id, &versions(&[4])).unwrap();
    check_refused(store.order(&id), &no_order("223"));
}

/// Puts every conditional write to the store, at the same time and at another one.
#[track_caller]
fn check_all(store: &impl Store, id: &str, condition: &Precondition, expected: &StoreError) {
    let before = kept(store);
    let id = order_id(id);
    for hours in [0, 1, 2] {
        let moved = draft("223", noon_plus(hours));
        let patch = OrderPatch { datetime: Some(noon_plus(hours)), ..OrderPatch::default() };
        for mode in [Write, DryRun] {
            check_refused(store.replace_if(&id, condition, moved.clone(), mode), expected);
            check_refused(store.patch_if(&id, condition, &patch, mode), expected);
        }
    }
    check_refused(store.remove_if(&id, condition), expected);
    assert_eq!(kept(store), before);
}

fn mismatch(id: &str, current: u64) -> StoreError {
    StoreError::VersionMismatch { id: order_id(id), current }
}

fn a_write_does_not_happen_at_another_version(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0)]);
    store.replace(&order_id("223"), draft("223", noon_plus(0)), Write).unwrap();
    for condition in [versions(&[1]), versions(&[3, 1]), versions(&[])] {
        check_all(store, "223", &condition, &mismatch("223", 2));
    }
}

fn a_missing_order_is_named_before_its_version(store: &impl Store) {
    add_services(store);
    check_all(store, "223", &versions(&[1]), &no_order("223"));
    check_all(store, "223", &Precondition::None, &no_order("223"));
}

fn a_version_is_named_before_all_other_errors(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0), ("224", 3)]);
    check_all(store, "223", &versions(&[2]), &mismatch("223", 1));
    let id = order_id("223");
    for requested in [draft_in("nowhere", "223", noon_plus(0)), draft("223", noon_plus(2))] {
        let answer = store.replace_if(&id, &versions(&[2]), requested, Write);
        check_refused(answer, &mismatch("223", 1));
    }
}

fn a_version_that_no_order_can_have_matches_none(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0)]);
    check_all(store, "223", &versions(&[0, u64::MAX, i64::MAX as u64]), &mismatch("223", 1));
    let id = order_id("223");
    store.remove_if(&id, &versions(&[u64::MAX, 1])).unwrap();
}
