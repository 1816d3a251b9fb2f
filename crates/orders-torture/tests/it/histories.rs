//! The checks on histories made by hand.

use orders_core::{Calendar, CalendarId, MinimumGap, TooClose};
use orders_torture::answer::Answer;
use orders_torture::history::{Fault, FaultKind};
use orders_torture::mark::Mark;
use orders_torture::request::Request;

use crate::story::{Story, conflict, hour, lost, order, order_id, place, replace, second};

const CREATED: &str = "linearizable register";

/// A kill of the only process, so long that any outage is excused.
fn long_kill() -> Fault {
    Fault { kind: FaultKind::Kill(0), from: second(0), until: second(1000) }
}

fn replaced(id: &'static str, at: i64, version: u64, first: u32) -> impl Fn(Mark) -> Answer {
    move |mark| Answer::Order(order(id, at, mark, version, Mark(first)))
}

fn set_gap(gap: &str) -> Request {
    Request::SetGap { calendar: CalendarId::default(), gap: gap.parse().expect(gap) }
}

fn gap_is(gap: &str, mark: Mark) -> Answer {
    let (id, name) = (CalendarId::default(), mark.name());
    Answer::Calendar(Calendar { id, name, minimum_gap: gap.parse().expect(gap) })
}

#[test]
fn a_history_of_one_order_is_good() {
    Story::new()
        .placed((1, 2), "a", 0)
        .read((3, 4), ("a", 0), (0, 1, 0))
        .ask((5, 6), replace("a", 9), replaced("a", 9, 2, 0))
        .removed((7, 8), "a")
        .ask((9, 10), Request::Read(order_id("a")), |_| Answer::NotFound)
        .placed((11, 12), "a", 3)
        .left(("a", 3), (5, 1, 5))
        .is_good();
}

#[test]
fn orders_exactly_the_gap_apart_are_good() {
    Story::new()
        .placed((1, 2), "a", 0)
        .placed((3, 4), "b", 3)
        .left(("a", 0), (0, 1, 0))
        .left(("b", 3), (1, 1, 1))
        .is_good();
}

#[test]
fn a_write_of_unknown_outcome_may_have_happened_or_not() {
    let story = || {
        Story::new().fault(long_kill()).placed((1, 2), "a", 0).ask((3, 4), replace("a", 9), lost)
    };
    story().left(("a", 0), (0, 1, 0)).is_good();
    story().left(("a", 9), (1, 2, 0)).is_good();
    story().violates(CREATED);
}

#[test]
fn a_removal_of_unknown_outcome_explains_a_missing_order() {
    Story::new()
        .fault(long_kill())
        .placed((1, 2), "a", 0)
        .ask((3, 4), Request::Remove(order_id("a")), lost)
        .is_good();
}

#[test]
fn a_placement_whose_answer_was_lost_may_be_there() {
    let unnamed = Request::Place { id: None, calendar: CalendarId::default(), datetime: hour(0) };
    let story = || Story::new().fault(long_kill()).ask((1, 2), unnamed.clone(), lost);
    story().is_good();
    story().left(("made-by-the-service", 0), (0, 1, 0)).is_good();
}

#[test]
fn a_double_booking_is_found_in_the_rows() {
    let story = Story::new()
        .placed((1, 2), "a", 0)
        .placed((3, 4), "b", 2)
        .left(("a", 0), (0, 1, 0))
        .left(("b", 2), (1, 1, 1));
    story.violates("no two orders of a calendar are closer than its gap");
    story.violates("certainly stood at one time");
}

#[test]
fn a_double_booking_is_found_although_it_is_over() {
    Story::new()
        .placed((1, 2), "a", 0)
        .placed((3, 4), "b", 2)
        .removed((5, 6), "a")
        .left(("b", 2), (1, 1, 1))
        .violates("certainly stood at one time");
}

#[test]
fn orders_that_may_have_followed_each_other_are_no_double_booking() {
    Story::new()
        .placed((1, 2), "a", 0)
        .removed((3, 6), "a")
        .placed((4, 5), "b", 2)
        .left(("b", 2), (2, 1, 2))
        .is_good();
}

#[test]
fn orders_are_held_against_the_gap_of_their_time() {
    let story = |gap: &'static str| {
        let mut story = Story::new()
            .ask((1, 2), set_gap(gap), |mark| gap_is(gap, mark))
            .placed((3, 4), "a", 0)
            .placed((5, 6), "b", 1)
            .removed((7, 8), "b")
            .removed((9, 10), "a");
        story.gap_row(Mark(0).name().as_str(), gap.parse().unwrap());
        story
    };
    story("PT1H").is_good();
    story("PT2H").violates("certainly stood at one time");
}

#[test]
fn a_double_booking_is_found_in_a_list() {
    let story = |second_at| {
        let both =
            vec![order("a", 0, Mark(0), 1, Mark(0)), order("b", second_at, Mark(1), 1, Mark(1))];
        Story::new()
            .placed((1, 2), "a", 0)
            .ask((3, 9), place("b", second_at), replaced("b", second_at, 1, 1))
            .ask((4, 5), Request::List, |_| Answer::Orders(both))
            .left(("a", 0), (0, 1, 0))
            .left(("b", second_at), (1, 1, 1))
    };
    story(3).is_good();
    story(2).violates("no list shows");
}

#[test]
fn a_lost_write_is_found() {
    Story::new().placed((1, 2), "a", 0).violates(CREATED);
    Story::new()
        .placed((1, 2), "a", 0)
        .ask((3, 4), replace("a", 9), replaced("a", 9, 2, 0))
        .left(("a", 0), (0, 1, 0))
        .violates(CREATED);
}

#[test]
fn a_resurrected_order_is_found() {
    Story::new()
        .placed((1, 2), "a", 0)
        .removed((3, 4), "a")
        .left(("a", 0), (0, 1, 0))
        .violates(CREATED);
}

#[test]
fn versions_in_the_wrong_order_are_found() {
    let story = |first, second| {
        Story::new()
            .placed((1, 2), "a", 0)
            .ask((3, 4), replace("a", 3), replaced("a", 3, first, 0))
            .ask((5, 6), replace("a", 6), replaced("a", 6, second, 0))
            .left(("a", 6), (2, second, 0))
    };
    story(2, 3).is_good();
    for (first, second) in [(3, 2), (2, 2)] {
        story(first, second).violates(CREATED);
    }
    // A version that nobody wrote.
    story(2, 4).violates(CREATED);
}

#[test]
fn a_stale_read_is_found() {
    Story::new()
        .placed((1, 2), "a", 0)
        .ask((3, 4), replace("a", 9), replaced("a", 9, 2, 0))
        .read((5, 6), ("a", 0), (0, 1, 0))
        .left(("a", 9), (1, 2, 0))
        .violates(CREATED);
}

#[test]
fn two_creations_of_one_id_are_found() {
    Story::new()
        .placed((1, 2), "a", 0)
        .placed((3, 4), "a", 6)
        .left(("a", 6), (1, 1, 1))
        .violates(CREATED);
}

#[test]
fn a_created_at_that_is_not_the_orders_own_is_found() {
    let story = |created: u32| {
        Story::new()
            .placed((1, 2), "a", 0)
            .ask((3, 4), replace("a", 3), replaced("a", 3, 2, created))
            .left(("a", 3), (1, 2, created))
    };
    story(0).is_good();
    story(1).violates(CREATED);
}

#[test]
fn a_new_order_with_the_created_at_of_a_removed_one_is_found() {
    let story = |created: u32| {
        Story::new()
            .placed((1, 2), "a", 0)
            .removed((3, 4), "a")
            .ask((5, 6), place("a", 3), replaced("a", 3, 1, created))
            .left(("a", 3), (2, 1, created))
    };
    story(2).is_good();
    story(0).violates(CREATED);
    // Nor is an acknowledged version lost.
    let lost_version = |created: u32| {
        Story::new()
            .fault(long_kill())
            .placed((1, 2), "a", 0)
            .ask((3, 4), replace("a", 3), replaced("a", 3, 2, 0))
            .removed((5, 6), "a")
            .ask((7, 8), place("a", 3), lost)
            .left(("a", 3), (3, 1, created))
    };
    lost_version(3).is_good();
    lost_version(0).violates(CREATED);
}

#[test]
fn an_order_that_moved_calendars_by_accident_is_found() {
    let mut story = Story::new()
        .placed((1, 2), "a", 0)
        .ask((3, 4), replace("a", 9), |mark| {
            let calendar = CalendarId::new("north").unwrap();
            Answer::Order(orders_core::Order { calendar, ..order("a", 9, mark, 2, Mark(0)) })
        })
        .left(("a", 9), (1, 2, 0));
    story.keep.orders[0].calendar = CalendarId::new("north").unwrap();
    story.violates(CREATED);
}

#[test]
fn a_phantom_is_found() {
    let claim = "nothing is there that nobody sent";
    Story::new().left(("a", 0), (77, 1, 77)).violates(claim);
    // At another time than it was sent.
    Story::new().placed((1, 2), "a", 0).left(("a", 5), (0, 1, 0)).violates(claim);
    // Under another id.
    Story::new().placed((1, 2), "a", 0).left(("b", 0), (0, 1, 0)).violates(claim);
    // Although it was refused.
    Story::new()
        .ask((1, 2), place("a", 0), |_| Answer::IdTaken)
        .left(("a", 0), (0, 1, 0))
        .violates(claim);
    // Although it did not reach the service.
    Story::new()
        .fault(long_kill())
        .ask((1, 2), place("a", 0), |_| Answer::NotSent)
        .left(("a", 0), (0, 1, 0))
        .violates(claim);
}

#[test]
fn an_illegal_answer_is_found() {
    Story::new()
        .ask((1, 2), Request::List, |_| Answer::Illegal("status 500".to_owned()))
        .violates("every answer is one of the contract's");
}

#[test]
fn an_outage_needs_a_fault() {
    let claim = "except around a kill or a crash";
    let kill =
        |process| Fault { kind: FaultKind::Kill(process), from: second(1), until: second(3) };
    let crash = Fault { kind: FaultKind::Crash, from: second(1), until: second(3) };
    let story =
        |seconds, answer: fn(Mark) -> Answer| Story::new().ask(seconds, Request::List, answer);
    let unavailable = |_| Answer::Unavailable;

    story((2, 4), lost).fault(kill(0)).is_good();
    story((2, 4), lost).fault(kill(1)).violates(claim);
    story((2, 4), lost).fault(crash).violates(claim);
    story((5, 6), lost).fault(kill(0)).violates(claim);
    story((2, 4), unavailable).fault(crash).is_good();
    story((7, 8), unavailable).fault(crash).is_good();
    story((9, 10), unavailable).fault(crash).violates(claim);
    story((2, 4), unavailable).violates(claim);
}

#[test]
fn a_conflict_names_an_order_that_can_have_stood_there() {
    let gap = MinimumGap::default();
    let claim = "every order-conflict names";
    let story = |seconds, answer: Answer| {
        Story::new()
            .placed((3, 4), "a", 0)
            .ask(seconds, place("b", 1), |_| answer)
            .removed((7, 8), "a")
    };
    story((5, 6), conflict(gap, "a", 0)).is_good();
    story((7, 7), conflict(gap, "a", 0)).is_good();
    // Before it was sent, and after it was removed.
    story((1, 2), conflict(gap, "a", 0)).violates(claim);
    story((9, 10), conflict(gap, "a", 0)).violates(claim);
    // At a time where it never was, or under a name that nobody had.
    story((5, 6), conflict(gap, "a", 2)).violates(claim);
    story((5, 6), conflict(gap, "c", 0)).violates(claim);
    // With itself, or out of reach.
    story((5, 6), conflict(gap, "b", 0)).violates(claim);
    story((5, 6), conflict(gap, "a", 4)).violates(claim);
    // For a gap that the calendar did not have.
    story((5, 6), conflict("PT2H".parse().unwrap(), "a", 0)).violates(claim);
}

#[test]
fn nearest_free_lies_on_its_own_side() {
    let story = |before: Option<i64>, after: Option<i64>| {
        let Answer::Conflict(mut refusal) = conflict(MinimumGap::default(), "a", 0) else {
            unreachable!("a conflict is one");
        };
        refusal.nearest_free.before = before.map(hour);
        refusal.nearest_free.after = after.map(hour);
        Story::new()
            .placed((1, 2), "a", 0)
            .ask((3, 4), place("b", 1), |_| Answer::Conflict(refusal))
            .left(("a", 0), (0, 1, 0))
    };
    story(Some(-3), Some(3)).is_good();
    story(Some(-3), Some(0)).violates("every order-conflict names");
    story(Some(2), Some(3)).violates("every order-conflict names");
}

#[test]
fn a_gap_too_wide_names_pairs_that_can_have_been_too_close() {
    let pair = |first: (&str, i64), second: (&str, i64)| {
        let booking = |(id, at)| orders_core::Booking { id: order_id(id), datetime: hour(at) };
        Answer::GapTooWide(vec![TooClose { first: booking(first), second: booking(second) }])
    };
    let story = |answer: Answer| {
        Story::new()
            .placed((1, 2), "a", 0)
            .placed((3, 4), "b", 3)
            .ask((5, 6), set_gap("PT4H"), |_| answer)
            .left(("a", 0), (0, 1, 0))
            .left(("b", 3), (1, 1, 1))
    };
    let claim = "every gap-too-wide names";
    story(pair(("a", 0), ("b", 3))).is_good();
    story(pair(("a", 0), ("b", 4))).violates(claim);
    story(pair(("a", 0), ("c", 3))).violates(claim);
    story(pair(("b", 3), ("a", 0))).violates(claim);
    story(Answer::GapTooWide(Vec::new())).violates(claim);
}

#[test]
fn a_lost_gap_is_found() {
    let story =
        |last: &str, name: Mark| {
            let mut story = Story::new()
                .ask((1, 2), set_gap("PT1H"), |mark| gap_is("PT1H", mark))
                .ask((3, 4), set_gap("PT2H"), |mark| gap_is("PT2H", mark));
            story.gap_row(name.name().as_str(), last.parse().unwrap());
            story
        };
    story("PT2H", Mark(1)).is_good();
    story("PT1H", Mark(0)).violates("every calendar's gap");
}

#[test]
fn a_slot_that_does_not_follow_is_found() {
    let mut story = Story::new().placed((1, 2), "a", 0).left(("a", 0), (0, 1, 0));
    story.is_good();
    story.keep.orders[0].slot = None;
    story.violates("every order's slot");
}

#[test]
fn a_service_list_that_does_not_follow_is_found() {
    let mut story = Story::new();
    story.keep.mirror_faults.push("a repair is missing".to_owned());
    story.violates("order_services");
}

#[test]
fn an_incident_is_found() {
    let mut story = Story::new();
    story.history.incidents.push("deadlock detected".to_owned());
    story.violates("no deadlock");
}
