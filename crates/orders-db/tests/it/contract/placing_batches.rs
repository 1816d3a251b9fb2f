use orders_core::{OrderDraft, Resource, StoreError};

use super::hold_for_every_store;
use crate::samples::*;

hold_for_every_store! {
    no_drafts_make_no_orders,
    each_draft_succeeds_or_is_refused_on_its_own,
    of_two_drafts_that_are_too_close_the_first_wins,
    of_two_drafts_with_one_id_the_first_wins,
    a_draft_whose_rival_was_refused_is_placed,
    drafts_without_an_id_get_time_ordered_ones,
    many_drafts_are_placed_at_once,
}

fn no_drafts_make_no_orders(store: &impl Store) {
    assert!(store.place_batch(Vec::new()).unwrap().is_empty());
}

fn each_draft_succeeds_or_is_refused_on_its_own(store: &impl Store) {
    add_services(store);
    store.add_calendar(calendar_draft("crew", "PT1H")).unwrap();
    place_all(store, &[("223", 0)]);
    let good = OrderDraft {
        totalfee: "0.01".parse().unwrap(),
        services: services(&["789", "123"]),
        reference: Some(reference("PO-1")),
        metadata: metadata(&[("gate", "B")]),
        ..draft_in("crew", "b", noon_plus(0))
    };
    let drafts = vec![
        draft("a", noon_plus(2)),
        good.clone(),
        draft("223", noon_plus(9)),
        draft_in("nowhere", "c", noon_plus(9)),
        OrderDraft { services: services(&["123", "no"]), ..draft("d", noon_plus(9)) },
        draft("e", noon_plus(3)),
    ];
    let mut answers = store.place_batch(drafts).unwrap().into_iter();
    let mut next = || answers.next().unwrap();
    // What it is told may be as of any time until the answer.
    assert_eq!(conflict(next()).conflicts_with[0], booking("223", noon_plus(0)));
    let order = next().unwrap();
    assert_eq!(store.order(&order.id).unwrap(), order);
    assert_eq!(order.version, 1);
    assert_eq!(OrderDraft::from(order), good);
    check_refused(next(), &StoreError::IdTaken(Resource::Order(order_id("223"))));
    check_refused(next(), &unknown(Some("nowhere"), &[]));
    check_refused(next(), &unknown(None, &[(1, "no")]));
    let plain = next().unwrap();
    assert_eq!((plain.id, plain.reference, plain.metadata), (order_id("e"), None, metadata(&[])));
    assert!(answers.next().is_none());
    assert_eq!(ids(&store.orders().unwrap()), ["223", "b", "e"]);
}

fn of_two_drafts_that_are_too_close_the_first_wins(store: &impl Store) {
    add_services(store);
    let drafts = vec![
        draft("late", noon_plus(2)),
        draft("early", noon_plus(0)),
        draft("apart", noon_plus(-1)),
    ];
    let mut answers = store.place_batch(drafts).unwrap().into_iter();
    answers.next().unwrap().unwrap();
    let in_the_way = [booking("apart", noon_plus(-1)), booking("late", noon_plus(2))];
    let conflict = conflict(answers.next().unwrap());
    // It may be told of both: what it is told may be as of any time until the answer.
    assert!(!conflict.conflicts_with.is_empty());
    assert!(conflict.conflicts_with.iter().all(|booking| in_the_way.contains(booking)));
    answers.next().unwrap().unwrap();
    assert_eq!(ids(&store.orders().unwrap()), ["apart", "late"]);
}

fn of_two_drafts_with_one_id_the_first_wins(store: &impl Store) {
    add_services(store);
    let drafts = vec![draft("a", noon_plus(9)), draft("a", noon_plus(0))];
    let mut answers = store.place_batch(drafts).unwrap().into_iter();
    assert_eq!(answers.next().unwrap().unwrap().datetime, noon_plus(9));
    let taken = StoreError::IdTaken(Resource::Order(order_id("a")));
    check_refused(answers.next().unwrap(), &taken);
    assert_eq!(store.orders().unwrap().len(), 1);
}

fn a_draft_whose_rival_was_refused_is_placed(store: &impl Store) {
    add_services(store);
    let drafts = vec![
        OrderDraft { services: services(&["no"]), ..draft("a", noon_plus(0)) },
        draft("a", noon_plus(1)),
        draft("b", noon_plus(3)),
        draft("c", noon_plus(5)),
    ];
    let answers = store.place_batch(drafts).unwrap();
    let placed: Vec<_> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(placed, [false, true, false, true]);
    assert_eq!(ids(&store.orders().unwrap()), ["a", "c"]);
}

fn drafts_without_an_id_get_time_ordered_ones(store: &impl Store) {
    add_services(store);
    let anonymous = |n: i64| OrderDraft { id: None, ..draft("-", noon_plus(3 * n)) };
    let answers = store.place_batch((0..50).map(anonymous).collect()).unwrap();
    let orders: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert!(ids(&orders).is_sorted_by(|a, b| a < b));
    assert_eq!(store.orders().unwrap(), orders);
}

fn many_drafts_are_placed_at_once(store: &impl Store) {
    add_services(store);
    // Every second one is too close to the one before.
    let requested = |n: i64| draft(&format!("order-{n:04}"), noon_plus(n + n / 2));
    let answers = store.place_batch((0..1000).map(requested).collect()).unwrap();
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(answer.is_ok(), n % 2 == 0, "{n}: {answer:?}");
    }
    assert_eq!(store.orders().unwrap().len(), 500);
}
