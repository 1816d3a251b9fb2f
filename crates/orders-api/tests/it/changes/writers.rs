//! Followers while several clients write through two instances.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::{Value, json};

use super::{by_id, replay};
use crate::app::{Answer, App};
use crate::samples::order_in;

/// What the writers got acknowledged: for each of them, the ids and versions in the order in which they were answered.
pub(super) type Acknowledged = Vec<Vec<(String, u64)>>;

/// Writes through two instances with four clients, and calls `follow` meanwhile.
pub(super) fn write_while<T>(
    apps: [&App; 2],
    writes: usize,
    follow: impl FnOnce(&AtomicBool) -> T + Send,
) -> (Acknowledged, T)
where
    T: Send,
{
    let stopped = AtomicBool::new(false);
    let acknowledged = Mutex::new(vec![Vec::new(); 4]);
    let followed = thread::scope(|scope| {
        let follower = scope.spawn(|| follow(&stopped));
        thread::scope(|scope| {
            for writer in 0..4 {
                let acknowledged = &acknowledged;
                scope.spawn(move || {
                    for n in 0..writes {
                        let done = write(apps[(writer + n) % 2], writer, n);
                        acknowledged.lock().unwrap()[writer].extend(done);
                    }
                });
            }
        });
        stopped.store(true, Ordering::Release);
        follower.join().unwrap()
    });
    (acknowledged.into_inner().unwrap(), followed)
}

/// One write of a writer: of its own orders, or of one that all of them want.
fn write(app: &App, writer: usize, n: usize) -> Option<(String, u64)> {
    let id = if n.is_multiple_of(5) { "all".to_owned() } else { format!("{writer}-{}", n % 7) };
    let calendar = format!("c{writer}");
    let path = format!("/orders/{id}");
    let answer: Answer = match n % 3 {
        0 => app.post("/orders", order_in(&calendar, &id, n * 3)),
        1 => app.patch(&path, json!({ "totalfee": n })),
        _ => app.delete(&path),
    };
    match answer.status {
        200 | 201 => Some((id, answer.json()["version"].as_u64().unwrap())),
        // A deletion does not say which version it is.
        204 | 404 | 409 => None,
        other => panic!("{other}"),
    }
}

/// Checks that these changes are all changes, each once and in sequence.
#[track_caller]
pub(super) fn check(app: &App, changes: &[Value], acknowledged: &Acknowledged) {
    let mut places = BTreeMap::new();
    let mut versions = BTreeMap::new();
    for (place, (position, _, id, version)) in super::summary(changes).into_iter().enumerate() {
        assert_eq!(position, place as u64 + 1, "a change is missing or repeated");
        let last = versions.insert(id, version).unwrap_or(0);
        assert_eq!(version, last + 1, "the versions of {id} are not in sequence");
        places.insert((id, version), place);
    }
    for of_writer in acknowledged {
        let placed = of_writer.iter().map(|(id, version)| places[&(id.as_str(), *version)]);
        assert!(placed.is_sorted(), "changes are not in the order of their acknowledgement");
    }
    let table = by_id(app.walk("/orders?limit=1000"));
    assert_eq!(replay(BTreeMap::new(), changes), table);
}

#[test]
fn the_links_lead_to_every_change_once_and_in_sequence() {
    let app = App::start().with_calendars(["c0", "c1", "c2", "c3"]);
    let another = app.start_another(&[]);
    let (acknowledged, changes) = write_while([&app, &another], 60, |stopped| {
        let (mut changes, mut next) = (Vec::new(), "/changes?limit=7".to_owned());
        loop {
            // All writes that were acknowledged before the walk begins are in it.
            let is_last = stopped.load(Ordering::Acquire);
            let (more, after) = [&app, &another][changes.len() % 2].follow(&next);
            changes.extend(more);
            next = after;
            if is_last {
                return changes;
            }
        }
    });
    check(&app, &changes, &acknowledged);
}

#[test]
fn a_change_is_visible_through_the_other_instance_as_soon_as_it_was_acknowledged() {
    let app = App::start().with_calendars(["c0"]);
    let another = app.start_another(&[]);
    let mut next = super::link(&another.get("/changes?after=now"), "next").to_owned();
    for n in 0..50 {
        app.post("/orders", order_in("c0", n, n * 3)).is(201);
        let answer = another.get(&next);
        assert_eq!(answer.is(200)[0]["data"]["id"], n.to_string());
        next = super::link(&answer, "next").to_owned();
    }
}
