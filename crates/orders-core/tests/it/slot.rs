use orders_core::{MinimumGap, Slot, Timestamp};
use proptest::prelude::*;

use crate::{HOUR, any_gap, any_timestamp, at, cases, gap, micros};

/// Whether two orders conflict that are so far apart, in a calendar with this gap, asked both ways.
#[track_caller]
fn check_gap(minimum: MinimumGap, apart: i64, conflict: bool) {
    let first = Slot::new(at("2022-11-01T11:11:11.111Z"), minimum);
    let second = Slot::new(first.start().plus_micros(apart).unwrap(), minimum);
    assert_eq!(first.conflicts_with(second), conflict, "{apart} µs apart, gap {minimum}");
    assert_eq!(second.conflicts_with(first), conflict, "{apart} µs apart, gap {minimum}");
}

#[track_caller]
fn check(apart: i64, conflict: bool) {
    check_gap(MinimumGap::default(), apart, conflict);
}

#[test]
fn orders_exactly_the_gap_apart_do_not_conflict() {
    check(0, true);
    check(1, true);
    check(179 * HOUR / 60, true);
    check(3 * HOUR - 1, true);
    check(3 * HOUR, false);
    check(3 * HOUR + 1, false);
    check(24 * HOUR, false);
}

#[test]
fn without_a_gap_nothing_conflicts_not_even_at_one_instant() {
    check_gap(MinimumGap::ZERO, 0, false);
    check_gap(MinimumGap::ZERO, 1, false);
}

#[test]
fn the_smallest_gap_keeps_one_instant_to_one_order() {
    check_gap(gap(1), 0, true);
    check_gap(gap(1), 1, false);
}

#[test]
fn the_widest_gap_is_kept_to_the_microsecond() {
    let widest = MinimumGap::MAX.as_micros();
    check_gap(MinimumGap::MAX, widest - 1, true);
    check_gap(MinimumGap::MAX, widest, false);
    check_gap(MinimumGap::MAX, widest + 1, false);
}

#[test]
fn the_rule_holds_at_the_ends_of_the_years() {
    for end in [Timestamp::MIN, Timestamp::MAX] {
        let slot = Slot::new(end, MinimumGap::MAX);
        assert!(slot.conflicts_with(slot));
    }
    let first = Slot::new(Timestamp::MIN, MinimumGap::MAX);
    let last = Slot::new(Timestamp::MAX, MinimumGap::MAX);
    assert!(!first.conflicts_with(last));
    assert!(!last.conflicts_with(first));
}

#[test]
fn slots_conflict_exactly_when_they_share_an_instant() {
    for (a, b) in (0..8).flat_map(|a| (0..8).map(move |b| (a, b))) {
        for (wide, narrow) in (0..6).flat_map(|w| (0..6).map(move |n| (w, n))) {
            let shared = (a..a + wide).any(|instant| (b..b + narrow).contains(&instant));
            let (one, other) = (Slot::new(micros(a), gap(wide)), Slot::new(micros(b), gap(narrow)));
            assert_eq!(one.conflicts_with(other), shared, "{one:?} {other:?}");
        }
    }
}

proptest! {
    #![proptest_config(cases(5_000))]

    #[test]
    fn conflict_is_symmetric(
        a in any_timestamp(),
        b in any_timestamp(),
        gap_a in any_gap(),
        gap_b in any_gap(),
    ) {
        let (a, b) = (Slot::new(a, gap_a), Slot::new(b, gap_b));
        prop_assert_eq!(a.conflicts_with(b), b.conflicts_with(a));
    }

    #[test]
    fn conflict_is_being_less_than_the_gap_apart(a in any_timestamp(), b in any_timestamp(), gap in any_gap()) {
        let apart = (a.as_micros() - b.as_micros()).abs();
        prop_assert_eq!(
            Slot::new(a, gap).conflicts_with(Slot::new(b, gap)),
            apart < gap.as_micros()
        );
    }

    #[test]
    fn the_boundary_of_any_gap_is_one_microsecond_sharp(a in any_timestamp(), gap in any_gap()) {
        for (apart, conflict) in [(-1, true), (0, false), (1, false)] {
            let apart = gap.as_micros() + apart;
            for signed in [apart, -apart] {
                if let Some(b) = a.plus_micros(signed) {
                    let conflicts = Slot::new(a, gap).conflicts_with(Slot::new(b, gap));
                    // The gap of nothing has no inside.
                    prop_assert_eq!(conflicts, conflict && gap > MinimumGap::ZERO);
                }
            }
        }
    }
}
