use std::iter;

use orders_core::{
    Interval, MinimumGap, NearestFree, SEARCH_REACH_MICROS, Schedule, Timestamp, first_free_from,
    free_within, last_free_until,
};
use proptest::prelude::*;

use crate::{DAY, HOUR, any_gap, at, cases, gap, micros};

/// A small world in which every instant can be tried: all its times lie in `0..60` after its origin.
#[derive(Debug, Clone)]
struct World {
    origin: i64,
    gap: i64,
    taken: Vec<i64>,
}

/// Further than any order of a small world reaches.
const EDGE: i64 = 70;

impl World {
    fn schedule(&self) -> Schedule {
        Schedule::new(gap(self.gap), self.times())
    }

    fn times(&self) -> Vec<Timestamp> {
        self.taken.iter().map(|at| micros(self.origin + at)).collect()
    }

    /// The times that rise, from one gap before `from` until one gap after `to`.
    fn rising(&self, from: i64, to: i64) -> Vec<Timestamp> {
        let mut rising = self.taken.clone();
        rising.retain(|at| (from - self.gap..=to + self.gap).contains(at));
        rising.sort_unstable();
        rising.into_iter().map(|at| micros(self.origin + at)).collect()
    }

    /// The instants of the world that exist.
    fn instants(&self) -> impl Iterator<Item = i64> + use<> {
        let origin = self.origin;
        (-EDGE..60 + EDGE).filter(move |at| Timestamp::from_micros(origin + at).is_ok())
    }

    /// The rule, as plainly as it can be said.
    fn is_free(&self, at: i64) -> bool {
        self.taken.iter().all(|taken| (taken - at).abs() >= self.gap)
    }

    /// Goes from instant to instant until one is free, or there is none.
    fn nearest_free(&self, at: i64) -> NearestFree {
        let exists = |at: &i64| Timestamp::from_micros(self.origin + at).is_ok();
        let mut before = (-EDGE..=at).rev().take_while(exists).filter(|&t| self.is_free(t));
        let mut after = (at..60 + EDGE).take_while(exists).filter(|&t| self.is_free(t));
        NearestFree {
            before: before.next().map(|at| self.at(at)),
            after: after.next().map(|at| self.at(at)),
        }
    }

    fn at(&self, at: i64) -> Timestamp {
        micros(self.origin + at)
    }
}

/// Origins: the middle of time, across 1970, and the two ends, which stand in the small world's way.
fn any_origin() -> impl Strategy<Value = i64> {
    prop_oneof![
        2 => Just(1_667_301_071_111_000),
        1 => Just(-30),
        2 => Just(Timestamp::MIN.as_micros()),
        2 => Just(Timestamp::MAX.as_micros() - 59),
    ]
}

/// Orders anywhere, be they too close or at one time, in any order.
fn any_world() -> impl Strategy<Value = World> {
    (any_origin(), 0..=5_i64, prop::collection::vec(0..60_i64, 0..24))
        .prop_map(|(origin, gap, taken)| World { origin, gap, taken })
}

/// Orders that keep the rule, often barely.
fn lawful_world() -> impl Strategy<Value = World> {
    (any_origin(), 0..=5_i64, 0..10_i64, prop::collection::vec(0..=6_i64, 0..24)).prop_map(
        |(origin, gap, first, spare)| {
            let taken = spare.into_iter().scan(first, |next, spare| {
                let at = *next;
                *next += gap + spare;
                (at < 60).then_some(at)
            });
            World { origin, gap, taken: taken.collect() }
        },
    )
}

fn world() -> impl Strategy<Value = World> {
    prop_oneof![any_world(), lawful_world()]
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn conflicts_are_the_times_less_than_the_gap_away_in_order(world in world()) {
        let schedule = world.schedule();
        for at in world.instants() {
            let mut near = world.taken.clone();
            near.retain(|taken| (taken - at).abs() < world.gap);
            near.sort_unstable();
            let near: Vec<_> = near.into_iter().map(|at| world.at(at)).collect();
            prop_assert_eq!(schedule.conflicts(world.at(at)), near, "at {}", at);
            prop_assert_eq!(schedule.is_free(world.at(at)), world.is_free(at), "at {}", at);
        }
    }

    #[test]
    fn nearest_free_is_free_and_nothing_nearer_is(world in world()) {
        let schedule = world.schedule();
        for at in world.instants() {
            prop_assert_eq!(schedule.nearest_free(world.at(at)), world.nearest_free(at), "at {}", at);
        }
    }

    #[test]
    fn streamed_searches_agree_with_the_schedule(world in world()) {
        let schedule = world.schedule();
        for at in world.instants() {
            let nearest = schedule.nearest_free(world.at(at));
            // As little as the searches ask for, and everything.
            for reach in [(at, at), (-EDGE, 60 + EDGE)] {
                let rising = world.rising(reach.0, 60);
                let falling = world.rising(0, reach.1).into_iter().rev();
                let after = first_free_from(world.at(at), gap(world.gap), rising);
                let before = last_free_until(world.at(at), gap(world.gap), falling);
                prop_assert_eq!(NearestFree { before, after }, nearest, "at {}", at);
            }
        }
    }

    #[test]
    fn free_spans_hold_exactly_the_free_instants_of_the_window(
        world in world(),
        (from, to) in (-10..70_i64, -10..70_i64),
    ) {
        let first = world.instants().min().unwrap();
        let last = world.instants().max().unwrap();
        let (from, to) = (from.clamp(first, last), to.clamp(first, last));
        let window = Interval { from: world.at(from), to: world.at(to) };
        let schedule = world.schedule();
        let free = schedule.free(window);

        for at in world.instants() {
            let listed = free.iter().filter(|span| span.contains(world.at(at))).count();
            let expected = window.contains(world.at(at)) && world.is_free(at);
            prop_assert_eq!(listed, usize::from(expected), "at {}", at);
        }
        for span in &free {
            prop_assert!(span.from < span.to, "empty {:?}", span);
            prop_assert!(window.from <= span.from && span.to <= window.to, "outside {:?}", span);
        }
        for pair in free.windows(2) {
            prop_assert!(pair[0].to < pair[1].from, "touching {:?}", pair);
        }
        prop_assert_eq!(free_within(window, gap(world.gap), world.rising(from, to)), free);
    }

    #[test]
    fn the_order_in_which_times_come_makes_no_difference(world in any_world()) {
        let reversed = world.times().into_iter().rev();
        prop_assert_eq!(Schedule::new(gap(world.gap), reversed), world.schedule());
    }
}

/// Any gap, and orders on both sides of `at` that keep it.
fn real_schedule() -> impl Strategy<Value = (MinimumGap, Vec<Timestamp>, Timestamp)> {
    // Barely apart, so that there may be no room for years; or with room in between.
    let spare = prop_oneof![
        prop::collection::vec(0..=2_i64, 0..30),
        prop::collection::vec(prop_oneof![Just(0), 0..=31 * DAY], 0..30),
    ];
    let requested = -400 * DAY..=400 * DAY;
    (any_gap(), spare, requested).prop_map(|(gap, spare, requested)| {
        let start = at("2022-11-01T11:11:11.111Z").as_micros();
        let taken = spare.into_iter().scan(start, |next, spare| {
            let at = *next;
            *next += gap.as_micros() + spare;
            Some(micros(at))
        });
        (gap, taken.collect(), micros(start + requested))
    })
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn the_edges_of_free_spans_are_one_microsecond_sharp((gap, taken, from) in real_schedule()) {
        let schedule = Schedule::new(gap, taken.iter().copied());
        let window = Interval { from, to: from.plus_micros(100 * DAY).unwrap() };
        let free = schedule.free(window);
        let near = |at: Timestamp| [-1, 0, 1].map(|step| at.plus_micros(step).unwrap());
        let edges = free.iter().flat_map(|span| [span.from, span.to]);
        let of_orders = taken.iter().flat_map(|at| {
            [-1, 0, 1].map(|side| at.plus_micros(side * gap.as_micros()).unwrap())
        });
        for at in edges.chain(of_orders).chain([window.from, window.to]).flat_map(near) {
            let listed = free.iter().any(|span| span.contains(at));
            prop_assert_eq!(listed, window.contains(at) && schedule.is_free(at), "at {}", at);
        }
    }

    #[test]
    fn nearest_free_is_none_only_when_no_instant_within_reach_is_free(
        (gap, taken, at) in real_schedule()
    ) {
        let schedule = Schedule::new(gap, taken);
        let NearestFree { before, after } = schedule.nearest_free(at);
        let first = at.plus_micros(-SEARCH_REACH_MICROS).unwrap();
        let last = at.plus_micros(SEARCH_REACH_MICROS).unwrap();
        let until = |to: Timestamp| to.plus_micros(1).unwrap();
        let earlier = schedule.free(Interval { from: first, to: until(at) });
        let later = schedule.free(Interval { from: at, to: until(last) });

        prop_assert_eq!(after, later.first().map(|span| span.from));
        prop_assert_eq!(before, earlier.last().map(|span| span.to.plus_micros(-1).unwrap()));
        if schedule.is_free(at) {
            prop_assert_eq!((before, after), (Some(at), Some(at)));
        }
    }
}

/// The nearest free times, as `before` and `after`, `-` for none.
#[track_caller]
fn check_nearest(gap: &str, taken: &[&str], requested: &str, before: &str, after: &str) {
    let schedule = Schedule::new(gap.parse().unwrap(), taken.iter().copied().map(at));
    let found = schedule.nearest_free(at(requested));
    let said = |at: Option<Timestamp>| at.map_or("-".to_owned(), |at| at.to_string());
    assert_eq!((said(found.before), said(found.after)), (before.to_owned(), after.to_owned()));
}

#[test]
fn the_nearest_free_times_are_one_gap_from_the_orders_in_the_way() {
    let eleven = "2022-11-01T11:11:11.111Z";
    let (before, after) = ("2022-11-01T08:11:11.111Z", "2022-11-01T14:11:11.111Z");
    check_nearest("PT3H", &[eleven], "2022-11-01T12:00:00Z", before, after);
    check_nearest("PT3H", &[eleven], "2022-11-01T11:11:11.111Z", before, after);
    check_nearest("PT3H", &[eleven], "2022-11-01T09:00:00Z", before, after);
    check_nearest("PT3H", &[eleven], after, after, after);
    check_nearest("PT3H", &[eleven], before, before, before);
    check_nearest("PT3H", &[], eleven, eleven, eleven);
    check_nearest("PT0S", &[eleven, eleven], eleven, eleven, eleven);
}

#[test]
fn an_opening_of_exactly_two_gaps_has_room_for_one_instant() {
    let (six, noon) = ("2022-11-01T06:00:00Z", "2022-11-01T12:00:00Z");
    let (nine, three) = ("2022-11-01T09:00:00Z", "2022-11-01T03:00:00Z");
    check_nearest("PT3H", &[six, noon], "2022-11-01T08:00:00Z", three, nine);
    check_nearest("PT3H", &[six, noon], "2022-11-01T10:00:00Z", nine, "2022-11-01T15:00:00Z");
    // A microsecond less, and it is gone.
    let early = "2022-11-01T11:59:59.999999Z";
    check_nearest("PT3H", &[six, early], nine, three, "2022-11-01T14:59:59.999999Z");
}

#[test]
fn there_is_no_free_time_beyond_the_ends_of_the_years() {
    let (first, last) = ("0001-01-01T02:00:00Z", "9999-12-31T22:00:00Z");
    check_nearest("PT3H", &[first], "0001-01-01T01:00:00Z", "-", "0001-01-01T05:00:00Z");
    check_nearest("PT3H", &[last], "9999-12-31T23:00:00Z", "9999-12-31T19:00:00Z", "-");
    check_nearest("PT2H", &[first], first, "0001-01-01T00:00:00Z", "0001-01-01T04:00:00Z");
}

/// Whether a row of orders, each one gap after the last, leaves room within reach of the first.
#[track_caller]
fn check_reach(gap_micros: i64, orders: i64, within_reach: bool) {
    let requested = at("2022-11-01T00:00:00Z");
    let row =
        |side: i64| (0..orders).map(move |n| requested.plus_micros(side * n * gap_micros).unwrap());
    let end = |side: i64| {
        within_reach.then(|| requested.plus_micros(side * orders * gap_micros).unwrap())
    };
    let later = Schedule::new(gap(gap_micros), row(1)).nearest_free(requested);
    let earlier = Schedule::new(gap(gap_micros), row(-1)).nearest_free(requested);
    assert_eq!((earlier.before, later.after), (end(-1), end(1)));
}

#[test]
fn a_free_time_exactly_366_days_away_is_found_and_none_beyond() {
    let half = 61 * DAY / 2;
    check_reach(half, 12, true);
    check_reach(half + 1, 12, false);
    check_reach(half - 1, 12, true);
    check_reach(half, 13, false);
    check_reach(31 * DAY, 11, true);
    check_reach(31 * DAY, 12, false);
    check_reach(3 * HOUR, 366 * 8, true);
    check_reach(3 * HOUR, 366 * 8 + 1, false);
}

#[test]
fn searches_read_no_further_than_they_need() {
    let requested = at("2022-11-01T00:00:00Z");
    let step = MinimumGap::default().as_micros();
    let row = |side: i64, read: &mut u32| {
        let endless = iter::successors(Some(requested), |at| at.plus_micros(side * step));
        let counted = endless.inspect(|_| *read += 1);
        match side {
            1 => first_free_from(requested, MinimumGap::default(), counted),
            _ => last_free_until(requested, MinimumGap::default(), counted),
        }
    };
    for side in [1, -1] {
        let mut read = 0;
        assert_eq!(row(side, &mut read), None);
        assert_eq!(read, 366 * 8 + 1);
    }

    let mut read = 0;
    let sparse =
        iter::successors(Some(requested), |at| at.plus_micros(2 * step)).inspect(|_| read += 1);
    let found = first_free_from(requested, MinimumGap::default(), sparse);
    assert_eq!(found, requested.plus_micros(step));
    assert_eq!(read, 2);
}

#[track_caller]
fn check_free(gap: &str, taken: &[&str], window: [&str; 2], free: &[[&str; 2]]) {
    let schedule = Schedule::new(gap.parse().unwrap(), taken.iter().copied().map(at));
    let span = |[from, to]: [&str; 2]| Interval { from: at(from), to: at(to) };
    let expected: Vec<_> = free.iter().copied().map(span).collect();
    assert_eq!(schedule.free(span(window)), expected);
}

#[test]
fn free_spans_leave_out_one_gap_on_either_side_of_an_order() {
    let day = ["2022-11-01T00:00:00Z", "2022-11-02T00:00:00Z"];
    check_free("PT3H", &[], day, &[day]);
    check_free("PT0S", &["2022-11-01T12:00:00Z"], day, &[day]);
    check_free(
        "PT3H",
        &["2022-11-01T12:00:00Z"],
        day,
        &[[day[0], "2022-11-01T09:00:00.000001Z"], ["2022-11-01T15:00:00Z", day[1]]],
    );
    // The orders just outside reach in.
    check_free(
        "PT3H",
        &["2022-10-31T23:00:00Z", "2022-11-02T02:00:00Z"],
        day,
        &[["2022-11-01T02:00:00Z", "2022-11-01T23:00:00.000001Z"]],
    );
    check_free("P31D", &["2022-11-01T12:00:00Z"], day, &[]);
}

#[test]
fn a_window_without_an_instant_has_no_free_span() {
    let (noon, one) = ("2022-11-01T12:00:00Z", "2022-11-01T13:00:00Z");
    check_free("PT3H", &[], [noon, noon], &[]);
    check_free("PT3H", &[], [one, noon], &[]);
    check_free("PT0S", &[one], [one, noon], &[]);
}

#[test]
fn the_window_of_all_years_is_free_but_for_its_orders() {
    let all = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"];
    check_free("P31D", &[], all, &[all]);
    check_free(
        "P31D",
        &all,
        all,
        &[["0001-02-01T00:00:00Z", "9999-11-30T23:59:59.999999Z"]]
            .map(|[from, _]| [from, "9999-12-01T00:00:00Z"]),
    );
}
