//! Whether acknowledged writes and removals lasted, and versions count them.

use std::collections::BTreeMap;

use orders_core::{Order, OrderId, Timestamp};

use crate::answer::Answer;
use crate::history::{History, Moment, Record};
use crate::keep::Keep;
use crate::request::Request;

use super::Finding;
use super::rule::show;
use super::spans::OrderSpans;
use super::steps::{OrderStep, Steps};

/// The acknowledged writes, with the order that each answered.
fn writes(history: &History) -> impl Iterator<Item = (&Record, &Order)> {
    history.records.iter().filter_map(|record| match (&record.request, &record.answer) {
        (Request::Place { .. } | Request::Replace { .. }, Answer::Order(order)) => {
            Some((record, order))
        }
        _ => None,
    })
}

/// Between its placement and its removal, an order's acknowledged versions are all different, and
/// rise with time.
pub(super) fn versions(history: &History) -> Finding {
    let claim = "acknowledged versions of an order's life are unique and rise with time";
    let mut finding = Finding::new(claim, "acknowledged writes");
    let mut lives: BTreeMap<(&OrderId, Timestamp), Vec<(&Record, u64)>> = BTreeMap::new();
    for (record, order) in writes(history) {
        finding.looked_at += 1;
        let life = (&order.id, order.created_at);
        lives.entry(life).or_default().push((record, order.version));
    }
    for ((id, life), mut writes) in lives {
        writes.sort_by_key(|(record, version)| (*version, record.start));
        for pair in writes.windows(2) {
            let ((first, version), (second, next)) = (pair[0], pair[1]);
            if version == next {
                let what = format!("order {id} of {life}: version {version} was given twice");
                finding.violated(what, [first, second]);
            }
        }
        let mut latest: Option<(&Record, u64)> = None;
        for (record, version) in writes {
            if let Some((before, lower)) = latest
                && lower < version
                && record.end < before.start
            {
                let what = format!(
                    "order {id} of {life}: version {version} was there before version {lower}"
                );
                finding.violated(what, [record, before]);
            }
            if latest.is_none_or(|(before, _)| before.start < record.start) {
                latest = Some((record, version));
            }
        }
    }
    finding
}

/// What the database keeps is no older than any acknowledged write.
pub(super) fn lost(history: &History, keep: &Keep, steps: &Steps) -> Finding {
    let claim = "every acknowledged write is there, or something later explains why not";
    let mut finding = Finding::new(claim, "acknowledged writes");
    for (record, order) in writes(history) {
        finding.looked_at += 1;
        let row = keep.orders.binary_search_by(|row| row.id.cmp(&order.id)).ok();
        match row.map(|place| &keep.orders[place]) {
            Some(row) if row.created_at == order.created_at && row.version < order.version => {
                let what = format!("order {}: version {} is lost", order.id, order.version);
                finding.violated(what, [record.to_string(), show(row)]);
            }
            Some(_) => {}
            None => {
                let events = steps.orders.get(&order.id).map(Vec::as_slice).unwrap_or_default();
                let removed = events
                    .iter()
                    .any(|event| event.step == OrderStep::Removed && event.end >= record.start);
                if !removed {
                    let what = format!("order {} is lost, and nobody removed it", order.id);
                    finding.violated(what, [record]);
                }
            }
        }
    }
    finding
}

/// A state that held before an acknowledged removal was sent never held after it.
pub(super) fn resurrected(history: &History, orders: &OrderSpans) -> Finding {
    let claim = "every acknowledged removal lasted";
    let mut finding = Finding::new(claim, "acknowledged removals");
    for record in &history.records {
        let (Request::Remove(id), Answer::Removed) = (&record.request, &record.answer) else {
            continue;
        };
        finding.looked_at += 1;
        for span in orders.get(id).map(Vec::as_slice).unwrap_or_default() {
            let (from, until) = span.certain.unwrap_or((Moment::NEVER, Moment(0)));
            if from < record.start && record.end < until {
                let written = span.mark.map_or(0, |mark| mark.0);
                let what = format!(
                    "order {id}: what operation {written} wrote stood before its removal, \
                     and still at {until} s"
                );
                finding.violated(what, [record]);
            }
        }
    }
    finding
}
