use orders_core::{Calendar, CalendarId, Interval, Schedule, Timestamp};

use super::hold_for_every_store;
use crate::samples::*;

hold_for_every_store! {
    an_empty_calendar_is_free_for_the_whole_window,
    spans_end_one_microsecond_after_the_last_free_start,
    spans_are_clipped_to_the_window,
    orders_outside_the_window_reach_into_it,
    a_full_window_has_no_span,
    an_empty_window_has_no_span,
    without_a_gap_everything_is_free,
    orders_of_other_calendars_take_nothing,
    availability_reaches_to_the_ends_of_the_years,
    a_start_is_free_exactly_if_availability_says_so,
}

#[track_caller]
fn check(store: &impl Store, window: Interval, expected: &[Interval]) {
    let answer = store.availability(&CalendarId::default(), window);
    assert_eq!(answer.unwrap(), expected);
}

fn hours(from: i64, to: i64) -> Interval {
    span(noon_plus(from), noon_plus(to))
}

fn an_empty_calendar_is_free_for_the_whole_window(store: &impl Store) {
    check(store, hours(-5, 5), &[hours(-5, 5)]);
}

fn spans_end_one_microsecond_after_the_last_free_start(store: &impl Store) {
    add_services(store);
    place_all(store, &[("a", 0)]);
    let last = micros_after_noon(-3 * HOUR + 1);
    let before = span(noon_plus(-5), last);
    check(store, hours(-5, 5), &[before, hours(3, 5)]);
    place_all(store, &[("b", 6)]);
    // Between the two just one instant is free.
    let between = span(noon_plus(3), micros_after_noon(3 * HOUR + 1));
    check(store, hours(-5, 9), &[before, between]);
}

fn spans_are_clipped_to_the_window(store: &impl Store) {
    add_services(store);
    place_all(store, &[("a", 0)]);
    check(store, hours(3, 5), &[hours(3, 5)]);
    check(store, hours(2, 5), &[hours(3, 5)]);
    check(store, hours(-6, -4), &[hours(-6, -4)]);
    check(store, hours(-6, -3), &[hours(-6, -3)]);
    let last = micros_after_noon(-3 * HOUR + 1);
    check(store, hours(-6, -2), &[span(noon_plus(-6), last)]);
}

fn orders_outside_the_window_reach_into_it(store: &impl Store) {
    add_services(store);
    place_all(store, &[("a", -1), ("b", 6)]);
    let free = span(noon_plus(2), micros_after_noon(3 * HOUR + 1));
    check(store, hours(0, 5), &[free]);
}

fn a_full_window_has_no_span(store: &impl Store) {
    add_services(store);
    place_all(store, &[("a", 0)]);
    check(store, hours(-2, 3), &[]);
    let inside = span(micros_after_noon(-3 * HOUR + 1), micros_after_noon(3 * HOUR));
    check(store, inside, &[]);
}

fn an_empty_window_has_no_span(store: &impl Store) {
    check(store, hours(0, 0), &[]);
    check(store, hours(1, 0), &[]);
}

fn without_a_gap_everything_is_free(store: &impl Store) {
    add_services(store);
    set_gap(store, "PT0S");
    place_all(store, &[("a", 0), ("b", 0), ("c", 1)]);
    check(store, hours(-5, 5), &[hours(-5, 5)]);
}

fn orders_of_other_calendars_take_nothing(store: &impl Store) {
    add_services(store);
    store.add_calendar(calendar_draft("crew", "PT1H")).unwrap();
    placed(store, draft_in("crew", "a", noon_plus(0)));
    check(store, hours(-5, 5), &[hours(-5, 5)]);
    let crew = store.availability(&calendar_id("crew"), hours(-1, 5)).unwrap();
    let just = span(noon_plus(-1), micros_after_noon(-HOUR + 1));
    assert_eq!(crew, [just, hours(1, 5)]);
}

fn availability_reaches_to_the_ends_of_the_years(store: &impl Store) {
    add_services(store);
    let all = span(Timestamp::MIN, Timestamp::MAX);
    check(store, all, &[all]);
    placed(store, draft("first", Timestamp::MIN));
    placed(store, draft("last", Timestamp::MAX));
    let from = Timestamp::MIN.plus_micros(3 * HOUR).unwrap();
    let to = Timestamp::MAX.plus_micros(-3 * HOUR + 1).unwrap();
    check(store, all, &[span(from, to)]);
}

fn a_start_is_free_exactly_if_availability_says_so(store: &impl Store) {
    add_services(store);
    let times = [0, 3 * HOUR, 6 * HOUR + 1, 12 * HOUR, 15 * HOUR + 2];
    for (n, micros) in times.iter().enumerate() {
        placed(store, draft(&format!("order-{n}"), micros_after_noon(*micros)));
    }
    let Calendar { minimum_gap, .. } = store.calendar(&CalendarId::default()).unwrap();
    let taken = times.map(micros_after_noon);
    let schedule = Schedule::new(minimum_gap, taken);
    let window = hours(-6, 24);
    let free = store.availability(&CalendarId::default(), window).unwrap();
    assert_eq!(free, schedule.free(window));
    for edge in times.iter().flat_map(|at| [at - 3 * HOUR, *at, at + 3 * HOUR]) {
        for start in [edge - 1, edge, edge + 1].map(micros_after_noon) {
            let is_free = free.iter().any(|span| span.contains(start));
            assert_eq!(is_free, schedule.is_free(start), "{start}");
            let tried = store.place(draft("new", start), DryRun);
            assert_eq!(tried.is_ok(), is_free, "{start}");
        }
    }
}
