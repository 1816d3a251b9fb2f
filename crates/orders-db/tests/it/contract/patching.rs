use orders_core::{Order, OrderPatch, Precondition};

use super::hold_for_every_store;
use crate::samples::*;

hold_for_every_store! {
    what_a_patch_does_not_name_stays,
    an_empty_patch_only_grows_the_version,
    a_patch_moves_an_order_like_a_replacement,
    a_patch_is_refused_like_a_replacement,
    a_dry_run_of_a_patch_writes_nothing_and_answers_as_the_write,
}

fn patched(store: &impl Store, patch: &OrderPatch) -> Order {
    let before = kept(store);
    let tried = store.patch_if(&order_id("223"), &Precondition::None, patch, DryRun).unwrap();
    assert_eq!(kept(store), before);
    let written = store.patch_if(&order_id("223"), &Precondition::None, patch, Write).unwrap();
    assert_eq!(Order { updated_at: written.updated_at, ..tried }, written);
    assert_eq!(store.order(&written.id).unwrap(), written);
    written
}

fn what_a_patch_does_not_name_stays(store: &impl Store) {
    add_services(store);
    store.add_calendar(calendar_draft("crew", "PT1H")).unwrap();
    let nothing = OrderPatch::default;
    let mut expected = placed(store, draft("223", noon_plus(0)));
    for patch in [
        OrderPatch { totalfee: Some("0.07".parse().unwrap()), ..nothing() },
        OrderPatch { services: Some(services(&["789", "123"])), ..nothing() },
        OrderPatch { datetime: Some(noon_plus(1)), ..nothing() },
        OrderPatch { calendar: Some(calendar_id("crew")), ..nothing() },
    ] {
        let written = patched(store, &patch);
        expected.calendar = patch.calendar.unwrap_or(expected.calendar);
        expected.datetime = patch.datetime.unwrap_or(expected.datetime);
        expected.totalfee = patch.totalfee.unwrap_or(expected.totalfee);
        expected.services = patch.services.unwrap_or(expected.services);
        expected.version += 1;
        expected.updated_at = written.updated_at;
        assert_eq!(written, expected);
    }
}

fn an_empty_patch_only_grows_the_version(store: &impl Store) {
    add_services(store);
    let before = placed(store, draft("223", noon_plus(0)));
    let after = patched(store, &OrderPatch::default());
    assert_eq!(after, Order { version: 2, updated_at: after.updated_at, ..before });
}

fn a_patch_moves_an_order_like_a_replacement(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0), ("224", 9)]);
    let patch = OrderPatch { datetime: Some(noon_plus(6)), ..OrderPatch::default() };
    patched(store, &patch);
    place_all(store, &[("225", 0)]);
}

fn a_patch_is_refused_like_a_replacement(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0), ("224", 9)]);
    let nothing = OrderPatch::default;
    for patch in [
        OrderPatch { datetime: Some(noon_plus(7)), ..nothing() },
        OrderPatch { calendar: Some(calendar_id("nowhere")), ..nothing() },
        OrderPatch { services: Some(services(&["123", "no"])), ..nothing() },
    ] {
        let before = kept(store);
        let requested = patch.applied_to(&store.order(&order_id("223")).unwrap()).unwrap();
        let expected = store.replace(&order_id("223"), requested, DryRun).unwrap_err();
        for mode in [DryRun, Write] {
            let answer = store.patch_if(&order_id("223"), &Precondition::None, &patch, mode);
            check_refused(answer, &expected);
        }
        assert_eq!(kept(store), before);
    }
}

fn a_dry_run_of_a_patch_writes_nothing_and_answers_as_the_write(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0)]);
    patched(store, &OrderPatch { datetime: Some(noon_plus(2)), ..OrderPatch::default() });
}
