use orders_core::{Booking, CalendarId, GapTooWide, MAX_PAIRS, OrderDraft, StoreError, TooClose};

use super::hold_for_every_store;
use crate::samples::*;

hold_for_every_store! {
    a_narrower_gap_frees_times_at_once,
    a_wider_gap_applies_to_existing_orders_at_once,
    a_gap_as_wide_as_the_orders_are_apart_is_taken,
    a_gap_wider_than_the_orders_are_apart_is_refused_with_the_pair,
    every_pair_that_is_too_close_is_named_not_just_neighbours,
    at_most_the_earliest_100_pairs_are_named,
    a_refused_gap_changes_nothing,
    another_gap_leaves_orders_and_their_versions_as_they_were,
    a_gap_of_another_calendar_changes_nothing_here,
    orders_that_share_an_instant_stand_against_any_gap,
    a_replaced_order_keeps_the_new_gap,
}

#[track_caller]
fn check_too_wide(store: &impl Store, minimum_gap: &str, pairs: &[(Booking, Booking)]) {
    let refusal = GapTooWide {
        calendar: CalendarId::default(),
        minimum_gap: gap(minimum_gap),
        too_close: pairs
            .iter()
            .map(|(first, second)| TooClose { first: first.clone(), second: second.clone() })
            .collect(),
    };
    let answer =
        store.replace_calendar(&CalendarId::default(), calendar_draft("default", minimum_gap));
    check_refused(answer, &StoreError::GapTooWide(Box::new(refusal)));
}

fn at_hour(id: &str, hours: i64) -> Booking {
    booking(id, noon_plus(hours))
}

fn a_narrower_gap_frees_times_at_once(store: &impl Store) {
    add_services(store);
    place_all(store, &[("a", 0), ("c", 3)]);
    set_gap(store, "PT1H30M");
    placed(store, draft("b", micros_after_noon(HOUR * 3 / 2)));
    let conflict = conflict(store.place(draft("d", noon_plus(4)), Write));
    assert_eq!(conflict.minimum_gap, gap("PT90M"));
}

fn a_wider_gap_applies_to_existing_orders_at_once(store: &impl Store) {
    add_services(store);
    place_all(store, &[("a", 0)]);
    set_gap(store, "PT5H");
    let answer = store.place(draft("b", noon_plus(4)), Write);
    check_conflicts_with(answer, &[at_hour("a", 0)]);
    let answer = store.place(draft("b", noon_plus(-4)), Write);
    check_conflicts_with(answer, &[at_hour("a", 0)]);
    place_all(store, &[("b", 5), ("c", -5)]);
}

fn a_gap_as_wide_as_the_orders_are_apart_is_taken(store: &impl Store) {
    add_services(store);
    place_all(store, &[("a", 0), ("b", 5), ("c", 10)]);
    set_gap(store, "PT5H");
    check_too_wide(
        store,
        "PT5H0.000001S",
        &[(at_hour("a", 0), at_hour("b", 5)), (at_hour("b", 5), at_hour("c", 10))],
    );
}

fn a_gap_wider_than_the_orders_are_apart_is_refused_with_the_pair(store: &impl Store) {
    add_services(store);
    place_all(store, &[("z", 0), ("a", 3), ("b", 100)]);
    check_too_wide(store, "PT4H", &[(at_hour("z", 0), at_hour("a", 3))]);
}

fn every_pair_that_is_too_close_is_named_not_just_neighbours(store: &impl Store) {
    add_services(store);
    place_all(store, &[("a", 0), ("b", 3), ("c", 6), ("d", 9)]);
    check_too_wide(
        store,
        "PT7H",
        &[
            (at_hour("a", 0), at_hour("b", 3)),
            (at_hour("a", 0), at_hour("c", 6)),
            (at_hour("b", 3), at_hour("c", 6)),
            (at_hour("b", 3), at_hour("d", 9)),
            (at_hour("c", 6), at_hour("d", 9)),
        ],
    );
}

fn at_most_the_earliest_100_pairs_are_named(store: &impl Store) {
    add_services(store);
    let id = |n: i64| format!("order-{n:02}");
    for n in (0..18).rev() {
        placed(store, draft(&id(n), noon_plus(3 * n)));
    }
    let pairs = (0..18).flat_map(|a| (a + 1..18).map(move |b| (a, b)));
    let pairs: Vec<_> =
        pairs.map(|(a, b)| (at_hour(&id(a), 3 * a), at_hour(&id(b), 3 * b))).collect();
    assert!(pairs.len() > MAX_PAIRS);
    check_too_wide(store, "P31D", &pairs[..MAX_PAIRS]);
}

fn a_refused_gap_changes_nothing(store: &impl Store) {
    add_services(store);
    place_all(store, &[("a", 0), ("b", 3)]);
    let before = kept(store);
    let draft = calendar_draft("default", "PT4H");
    let answer = store.replace_calendar(&CalendarId::default(), draft);
    assert!(matches!(answer, Err(StoreError::GapTooWide(_))), "{answer:?}");
    assert_eq!(kept(store), before);
    place_all(store, &[("c", 6)]);
}

fn another_gap_leaves_orders_and_their_versions_as_they_were(store: &impl Store) {
    add_services(store);
    place_all(store, &[("a", 0), ("b", 9)]);
    let before = store.orders().unwrap();
    for minimum_gap in ["PT4H", "PT0S", "PT9H", "PT1H"] {
        set_gap(store, minimum_gap);
        assert_eq!(store.orders().unwrap(), before);
    }
}

fn a_gap_of_another_calendar_changes_nothing_here(store: &impl Store) {
    add_services(store);
    store.add_calendar(calendar_draft("crew", "PT1H")).unwrap();
    place_all(store, &[("a", 0), ("b", 3)]);
    placed(store, draft_in("crew", "c", noon_plus(0)));
    let crew = calendar_id("crew");
    let wide = calendar_draft("crew", "P31D");
    store.replace_calendar(&crew, wide).unwrap();
    place_all(store, &[("d", 6)]);
    conflict(store.place(draft_in("crew", "e", noon_plus(31 * 24 - 1)), Write));
    placed(store, draft_in("crew", "e", noon_plus(31 * 24)));
}

fn orders_that_share_an_instant_stand_against_any_gap(store: &impl Store) {
    add_services(store);
    set_gap(store, "PT0S");
    for id in ["b", "c", "a"] {
        placed(store, draft(id, noon_plus(0)));
    }
    check_too_wide(
        store,
        "PT0.000001S",
        &[
            (at_hour("a", 0), at_hour("b", 0)),
            (at_hour("a", 0), at_hour("c", 0)),
            (at_hour("b", 0), at_hour("c", 0)),
        ],
    );
    set_gap(store, "PT0S");
    store.remove(&order_id("a")).unwrap();
    store.remove(&order_id("b")).unwrap();
    set_gap(store, "PT0.000001S");
    conflict(store.place(draft("d", noon_plus(0)), Write));
    placed(store, draft("d", micros_after_noon(1)));
}

fn a_replaced_order_keeps_the_new_gap(store: &impl Store) {
    add_services(store);
    place_all(store, &[("a", 0), ("b", 9)]);
    set_gap(store, "PT5H");
    let answer = store.replace(&order_id("a"), draft("a", noon_plus(5)), Write);
    check_conflicts_with(answer, &[at_hour("b", 9)]);
    for hours in [4, 4] {
        let requested =
            OrderDraft { calendar: Some(CalendarId::default()), ..draft("a", noon_plus(hours)) };
        store.replace(&order_id("a"), requested, Write).unwrap();
    }
}
