use orders_core::{OrderDraft, StoreError};

use super::hold_for_every_store;
use crate::samples::*;

hold_for_every_store! {
    the_same_draft_with_the_same_key_gets_the_first_order_again,
    the_order_comes_back_as_it_was_placed_whatever_happened_since,
    a_draft_without_an_id_is_placed_once,
    a_draft_without_a_calendar_is_the_same_as_one_in_default,
    another_draft_with_the_same_key_is_refused,
    another_key_is_another_creation,
    a_refusal_is_not_remembered,
    a_creation_under_a_key_is_refused_like_any_other,
}

fn the_same_draft_with_the_same_key_gets_the_first_order_again(store: &impl Store) {
    add_services(store);
    let requested = draft("223", noon_plus(0));
    let first = store.place_idempotent(requested.clone(), &key("k")).unwrap();
    assert!(!first.replayed);
    assert_eq!(store.orders().unwrap(), std::slice::from_ref(&first.order));
    for _ in 0..2 {
        let again = store.place_idempotent(requested.clone(), &key("k")).unwrap();
        assert!(again.replayed);
        assert_eq!(again.order, first.order);
    }
    assert_eq!(store.orders().unwrap().len(), 1);
}

fn the_order_comes_back_as_it_was_placed_whatever_happened_since(store: &impl Store) {
    add_services(store);
    store.add_calendar(calendar_draft("crew", "PT3H")).unwrap();
    let requested = OrderDraft {
        totalfee: "99.95".parse().unwrap(),
        services: services(&["789", "123"]),
        reference: Some(reference("PO-1")),
        metadata: metadata(&[("gate", "B")]),
        ..draft_in("crew", "223", noon_plus(0))
    };
    let first = store.place_idempotent(requested.clone(), &key("k")).unwrap();
    let moved = draft_in("default", "223", noon_plus(9));
    store.replace(&order_id("223"), moved, Write).unwrap();
    let again = store.place_idempotent(requested.clone(), &key("k")).unwrap();
    assert_eq!((again.replayed, &again.order), (true, &first.order));
    store.remove(&order_id("223")).unwrap();
    store.remove_service(&service_id("789")).unwrap();
    store.remove_calendar(&calendar_id("crew")).unwrap();
    let again = store.place_idempotent(requested, &key("k")).unwrap();
    assert_eq!((again.replayed, &again.order), (true, &first.order));
    assert_eq!(store.orders().unwrap(), []);
}

fn a_draft_without_an_id_is_placed_once(store: &impl Store) {
    add_services(store);
    let requested = OrderDraft { id: None, ..draft("-", noon_plus(0)) };
    let first = store.place_idempotent(requested.clone(), &key("k")).unwrap();
    let again = store.place_idempotent(requested.clone(), &key("k")).unwrap();
    assert_eq!((again.replayed, &again.order), (true, &first.order));
    // With the id that was made it is another body.
    let named = OrderDraft { id: Some(first.order.id), ..requested };
    let answer = store.place_idempotent(named, &key("k"));
    check_refused(answer, &StoreError::KeyReused(key("k")));
}

fn a_draft_without_a_calendar_is_the_same_as_one_in_default(store: &impl Store) {
    add_services(store);
    store.place_idempotent(draft("223", noon_plus(0)), &key("k")).unwrap();
    let named = draft_in("default", "223", noon_plus(0));
    assert!(store.place_idempotent(named, &key("k")).unwrap().replayed);
}

fn another_draft_with_the_same_key_is_refused(store: &impl Store) {
    add_services(store);
    store.add_calendar(calendar_draft("crew", "PT3H")).unwrap();
    let requested = || OrderDraft {
        services: services(&["123", "789"]),
        reference: Some(reference("PO-1")),
        metadata: metadata(&[("gate", "B")]),
        ..draft("223", noon_plus(0))
    };
    store.place_idempotent(requested(), &key("k")).unwrap();
    let before = kept(store);
    for other in [
        OrderDraft { id: Some(order_id("224")), ..requested() },
        OrderDraft { id: None, ..requested() },
        OrderDraft { calendar: Some(calendar_id("crew")), ..requested() },
        OrderDraft { calendar: Some(calendar_id("nowhere")), ..requested() },
        OrderDraft { datetime: micros_after_noon(1), ..requested() },
        OrderDraft { totalfee: "100.01".parse().unwrap(), ..requested() },
        OrderDraft { services: services(&["789", "123"]), ..requested() },
        OrderDraft { services: services(&["123"]), ..requested() },
        OrderDraft { reference: None, ..requested() },
        OrderDraft { reference: Some(reference("PO-2")), ..requested() },
        OrderDraft { metadata: metadata(&[]), ..requested() },
        OrderDraft { metadata: metadata(&[("gate", "C")]), ..requested() },
        OrderDraft { services: services(&["123", "789", "no"]), ..requested() },
    ] {
        let answer = store.place_idempotent(other, &key("k"));
        check_refused(answer, &StoreError::KeyReused(key("k")));
    }
    assert_eq!(kept(store), before);
}

fn another_key_is_another_creation(store: &impl Store) {
    add_services(store);
    let requested = OrderDraft { id: None, ..draft("-", noon_plus(0)) };
    store.place_idempotent(requested.clone(), &key("k")).unwrap();
    let answer = store.place_idempotent(requested.clone(), &key("K"));
    assert!(matches!(answer, Err(StoreError::Conflict(_))), "{answer:?}");
    let elsewhere = OrderDraft { datetime: noon_plus(3), ..requested };
    // The longest key there is, of the first and the last visible characters.
    let long = key(&"!~".repeat(200)[..255]);
    assert!(!store.place_idempotent(elsewhere.clone(), &long).unwrap().replayed);
    assert!(store.place_idempotent(elsewhere, &long).unwrap().replayed);
}

fn a_refusal_is_not_remembered(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0)]);
    let requested = draft("224", noon_plus(0));
    conflict(store.place_idempotent(requested.clone(), &key("k")));
    store.remove(&order_id("223")).unwrap();
    assert!(!store.place_idempotent(requested, &key("k")).unwrap().replayed);
    // A refused creation leaves its key free for any other.
    conflict(store.place_idempotent(draft("225", noon_plus(1)), &key("l")));
    assert!(!store.place_idempotent(draft("226", noon_plus(3)), &key("l")).unwrap().replayed);
}

fn a_creation_under_a_key_is_refused_like_any_other(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0)]);
    for requested in [
        draft("224", noon_plus(1)),
        draft("223", noon_plus(9)),
        draft_in("nowhere", "225", noon_plus(9)),
        OrderDraft { services: services(&["no"]), ..draft("223", noon_plus(1)) },
    ] {
        let before = kept(store);
        let expected = store.place(requested.clone(), DryRun).unwrap_err();
        check_refused(store.place_idempotent(requested, &key("k")), &expected);
        assert_eq!(kept(store), before);
    }
}
