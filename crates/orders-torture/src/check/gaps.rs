//! Which gap a calendar had when: [`Gaps`].

use std::collections::HashMap;

use orders_core::{CalendarId, MinimumGap};

use crate::history::{History, Moment};
use crate::mark::Mark;
use crate::request::Request;

use super::linearizable::Event;
use super::spans::{Relation, Sightings, Span, span};
use super::steps::{CalendarStep, Steps};

/// The gaps of every calendar, as far as the clients can tell.
pub(super) struct Gaps(HashMap<CalendarId, Known>);

struct Known {
    /// By their earliest moment.
    spans: Vec<Span<MinimumGap>>,
    /// When a gap certainly held, by time.
    certain: Vec<(Moment, Moment, MinimumGap)>,
    narrowest: MinimumGap,
}

impl Gaps {
    pub(super) fn of(history: &History, steps: &Steps) -> Self {
        let known = history.calendars.iter().map(|calendar| {
            let id = &calendar.id;
            let events = steps.calendars.get(id).map(Vec::as_slice).unwrap_or_default();
            (id.clone(), Known::of(calendar.minimum_gap, history, steps, events))
        });
        Self(known.collect())
    }

    /// Whether the calendar can have had this gap at some instant from `start` to `end`.
    pub(super) fn may_be(
        &self,
        calendar: &CalendarId,
        gap: MinimumGap,
        start: Moment,
        end: Moment,
    ) -> bool {
        self.0.get(calendar).is_some_and(|known| {
            let begun = known.spans.partition_point(|span| span.earliest <= end);
            // The latest are the likeliest.
            known.spans[..begun]
                .iter()
                .rev()
                .any(|span| span.state == gap && span.may_touch(start, end))
        })
    }

    /// The widest gap that the calendar certainly had at some instant from `start` to `end`.
    pub(super) fn widest_certain(
        &self,
        calendar: &CalendarId,
        start: Moment,
        end: Moment,
    ) -> Option<MinimumGap> {
        let certain = &self.0.get(calendar)?.certain;
        let first = certain.partition_point(|(_, until, _)| *until < start);
        let touching = certain[first..].iter().take_while(|(from, ..)| *from <= end);
        touching.map(|(_, _, gap)| *gap).max()
    }

    /// A gap that the calendar's was certainly never below from `start` to `end`.
    pub(super) fn at_least(
        &self,
        calendar: &CalendarId,
        start: Moment,
        end: Moment,
    ) -> Option<MinimumGap> {
        let known = self.0.get(calendar)?;
        let first = known.certain.partition_point(|(_, until, _)| *until < end);
        match known.certain.get(first) {
            Some((from, until, gap)) if *from <= start && end <= *until => Some(*gap),
            _ => Some(known.narrowest),
        }
    }
}

impl Known {
    fn of(
        first: MinimumGap,
        history: &History,
        steps: &Steps,
        events: &[Event<CalendarStep>],
    ) -> Self {
        let mut seen: HashMap<Option<Mark>, Sightings> = HashMap::new();
        seen.entry(None).or_default().at(Moment(0), Moment(0));
        for event in events {
            match event.step {
                CalendarStep::Seen(mark) => {
                    seen.entry(mark).or_default().at(event.start, event.end);
                }
                CalendarStep::Set(mark) if event.certain => {
                    let sightings = seen.entry(mark).or_default();
                    sightings.begun_by = sightings.begun_by.min(event.end);
                }
                CalendarStep::Set(_) => {}
            }
        }
        let writes = events.iter().filter_map(|event| match event.step {
            CalendarStep::Set(Some(mark)) => {
                let record = &history.records[*steps.by_mark.get(&mark)?];
                let Request::SetGap { gap, .. } = record.request else { return None };
                Some((Some(mark), gap, event.start))
            }
            _ => None,
        });
        let all = std::iter::once((None, first, Moment(0))).chain(writes);
        let mut spans: Vec<_> = all
            .map(|(mark, gap, earliest)| {
                let sightings = seen.get(&mark).copied().unwrap_or_default();
                span(mark, gap, earliest, sightings, events, |event| match event.step {
                    CalendarStep::Set(other) if other != mark => Relation::Other { may_end: true },
                    CalendarStep::Seen(other) if other != mark => {
                        Relation::Other { may_end: false }
                    }
                    CalendarStep::Set(_) | CalendarStep::Seen(_) => Relation::None,
                })
            })
            .collect();
        spans.sort_by_key(|span| span.earliest);
        let certain = spans.iter().filter_map(|span| {
            let (from, until) = span.certain?;
            Some((from, until, span.state))
        });
        let mut certain: Vec<_> = certain.collect();
        certain.sort_by_key(|(from, until, _)| (*from, *until));
        let narrowest = spans.iter().map(|span| span.state).min().unwrap_or(first);
        Self { spans, certain, narrowest }
    }
}
