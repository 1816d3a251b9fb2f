//! When a calendar had which minimum gap: [`Gaps`].

use std::collections::HashMap;
use std::iter;

use orders_core::{CalendarId, MinimumGap};

use crate::history::{History, Moment, OperationId};
use crate::http::Request;

use super::super::events::{CalendarOp, Event, Events};
use super::{Observations, Relation, StateInterval, state_interval};

/// The gaps of every calendar, as far as the events say.
pub(in crate::checks) struct Gaps(HashMap<CalendarId, CalendarGaps>);

struct CalendarGaps {
    /// Sorted by their earliest moment.
    intervals: Vec<StateInterval<MinimumGap>>,
    /// When which gap certainly held, sorted by time.
    certain: Vec<(Moment, Moment, MinimumGap)>,
    narrowest: MinimumGap,
}

impl Gaps {
    pub(in crate::checks) fn new(history: &History, events: &Events) -> Self {
        let gaps = history.calendars.iter().map(|calendar| {
            let id = &calendar.id;
            let of_calendar = events.calendars.get(id).map(Vec::as_slice).unwrap_or_default();
            let intervals = intervals(calendar.minimum_gap, history, events, of_calendar);
            (id.clone(), CalendarGaps::new(intervals, calendar.minimum_gap))
        });
        Self(gaps.collect())
    }

    /// Whether the calendar may have had this gap at some instant from `start` to `end`.
    pub(in crate::checks) fn may_have_been(
        &self,
        calendar: &CalendarId,
        gap: MinimumGap,
        start: Moment,
        end: Moment,
    ) -> bool {
        self.0.get(calendar).is_some_and(|gaps| {
            let begun = gaps.intervals.partition_point(|interval| interval.earliest <= end);
            // The latest ones are the most likely to match.
            let mut begun = gaps.intervals[..begun].iter().rev();
            begun.any(|interval| interval.state == gap && interval.may_overlap(start, end))
        })
    }

    /// The widest gap that the calendar certainly had at some instant from `start` to `end`.
    pub(in crate::checks) fn widest_certain(
        &self,
        calendar: &CalendarId,
        start: Moment,
        end: Moment,
    ) -> Option<MinimumGap> {
        let certain = &self.0.get(calendar)?.certain;
        let first = certain.partition_point(|(_, until, _)| *until < start);
        let overlapping = certain[first..].iter().take_while(|(from, ..)| *from <= end);
        overlapping.map(|(_, _, gap)| *gap).max()
    }

    /// A lower bound of the gaps that the calendar had from `start` to `end`.
    pub(in crate::checks) fn lower_bound(
        &self,
        calendar: &CalendarId,
        start: Moment,
        end: Moment,
    ) -> Option<MinimumGap> {
        let gaps = self.0.get(calendar)?;
        let first = gaps.certain.partition_point(|(_, until, _)| *until < end);
        match gaps.certain.get(first) {
            Some((from, until, gap)) if *from <= start && end <= *until => Some(*gap),
            _ => Some(gaps.narrowest),
        }
    }
}

impl CalendarGaps {
    fn new(mut intervals: Vec<StateInterval<MinimumGap>>, initial: MinimumGap) -> Self {
        intervals.sort_by_key(|interval| interval.earliest);
        let mut certain: Vec<_> = intervals
            .iter()
            .filter_map(|interval| {
                let (from, until) = interval.certain?;
                Some((from, until, interval.state))
            })
            .collect();
        certain.sort_by_key(|(from, until, _)| (*from, *until));
        let narrowest = intervals.iter().map(|interval| interval.state).min().unwrap_or(initial);
        Self { intervals, certain, narrowest }
    }
}

/// When each gap of a calendar held: the initial one, and those that operations set.
fn intervals(
    initial: MinimumGap,
    history: &History,
    events: &Events,
    of_calendar: &[Event<CalendarOp>],
) -> Vec<StateInterval<MinimumGap>> {
    let mut observations: HashMap<Option<OperationId>, Observations> = HashMap::new();
    observations.entry(None).or_default().add_observation(Moment(0), Moment(0));
    for event in of_calendar {
        match event.op {
            CalendarOp::Observed(writer) => {
                let observations = observations.entry(writer).or_default();
                observations.add_observation(event.invoked, event.completed);
            }
            CalendarOp::Set(writer) if event.certain => {
                observations.entry(Some(writer)).or_default().add_begin(event.completed);
            }
            CalendarOp::Set(_) => {}
        }
    }
    let writes = of_calendar.iter().filter_map(|event| {
        let CalendarOp::Set(writer) = event.op else { return None };
        let operation = &history.operations[*events.indices.get(&writer)?];
        let Request::SetGap { gap, .. } = operation.request else { return None };
        Some((Some(writer), gap, event.invoked))
    });
    iter::once((None, initial, Moment(0)))
        .chain(writes)
        .map(|(writer, gap, earliest)| {
            let observations = observations.get(&writer).copied().unwrap_or_default();
            state_interval(writer, gap, earliest, observations, of_calendar, |event| {
                match event.op {
                    CalendarOp::Set(other) if Some(other) != writer => {
                        Relation::OtherState { may_end: true }
                    }
                    CalendarOp::Observed(other) if other != writer => {
                        Relation::OtherState { may_end: false }
                    }
                    CalendarOp::Set(_) | CalendarOp::Observed(_) => Relation::Unrelated,
                }
            })
        })
        .collect()
}
