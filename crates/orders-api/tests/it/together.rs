//! Requests that wait for the database are executed together, and each is answered as if it had come alone.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::json;

use crate::app::{Answer, App};
use crate::samples::order;

/// How many requests are sent at once.
const CLIENTS: usize = 24;

/// How often they are sent until some have met in the queue.
const MOST_ROUNDS: usize = 50;

/// Sends requests at once.
fn at_once(app: &App, send: impl Fn(usize, &App) -> Answer + Sync) -> Vec<Answer> {
    let barrier = Barrier::new(CLIENTS);
    let (barrier, send) = (&barrier, &send);
    thread::scope(|scope| {
        let request = |n| {
            scope.spawn(move || {
                barrier.wait();
                send(n, app)
            })
        };
        let requests: Vec<_> = (0..CLIENTS).map(request).collect();
        requests.into_iter().map(|request| request.join().unwrap()).collect()
    })
}

/// The number of transactions that wrote versions of this type, and of the versions.
fn transactions(app: &App, change_type: &str) -> (i64, i64) {
    diesel::select((
        diesel::dsl::sql::<BigInt>(&format!(
            "(SELECT count(DISTINCT transaction) FROM order_versions WHERE type = '{change_type}')"
        )),
        diesel::dsl::sql::<BigInt>(&format!(
            "(SELECT count(*) FROM order_versions WHERE type = '{change_type}')"
        )),
    ))
    .first(&mut app.sql())
    .unwrap()
}

#[test]
fn each_request_is_answered_as_if_it_had_come_alone() {
    let app = App::start_with(&["--connections", "1"]);
    for round in 0..MOST_ROUNDS {
        let hours = |n: usize| 1000 * round + 3 * (n / 2);
        let id = |n: usize| format!("{round}-{n}");
        // Two want each time, the last four with something that does not exist.
        let created = at_once(&app, |n, app| {
            let mut order = order(id(n), hours(n));
            match n {
                20..22 => order["services"] = json!([{ "id": "none" }]),
                22.. => order["calendar"] = json!("none"),
                _ => {}
            }
            app.post("/orders", order)
        });
        let mut winners = BTreeSet::new();
        for pair in (0..20).step_by(2) {
            let (won, lost) = match created[pair].status {
                201 => (pair, pair + 1),
                _ => (pair + 1, pair),
            };
            let order = created[won].is(201);
            assert_eq!(order["id"], id(won));
            assert_eq!(created[won].header("Location"), format!("/orders/{}", id(won)));
            let conflict = created[lost].is_problem(409, "order-conflict");
            let holder = json!([{ "id": id(won), "datetime": order["datetime"] }]);
            assert_eq!(conflict["conflicts_with"], holder);
            winners.insert(won);
        }
        for (n, answer) in created.iter().enumerate().skip(20) {
            let pointer = if n < 22 { "/services/0/id" } else { "/calendar" };
            answer.is_problem(422, "invalid-request");
            assert_eq!(answer.pointers(), [pointer]);
        }

        let read = at_once(&app, |n, app| app.get(&format!("/orders/{}", id(n))));
        let replaced = at_once(&app, |n, app| {
            let mut order = order(id(n), hours(n));
            order["totalfee"] = json!(7);
            app.put(&format!("/orders/{}", id(n)), order)
        });
        let availability = "/availability?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z";
        let free = at_once(&app, |n, app| {
            let calendar = if n == 0 { "none" } else { "default" };
            app.get(&format!("{availability}&calendar={calendar}"))
        });
        let deleted = at_once(&app, |n, app| app.delete(&format!("/orders/{}", id(n))));
        for n in 0..CLIENTS {
            if winners.contains(&n) {
                assert_eq!(read[n].is(200), created[n].json());
                let order = replaced[n].is(200);
                assert_eq!((&order["id"], &order["totalfee"]), (&json!(id(n)), &json!(7)));
                assert_eq!(deleted[n].status, 204);
            } else {
                read[n].is_problem(404, "not-found");
                replaced[n].is_problem(404, "not-found");
                deleted[n].is_problem(404, "not-found");
            }
            match n {
                0 => drop(free[n].is_problem(404, "not-found")),
                _ => assert_eq!(free[n].is(200).as_array().unwrap().len(), 1),
            }
        }
        let together = |change_type| {
            let (transactions, versions) = transactions(&app, change_type);
            transactions < versions
        };
        if ["created", "updated", "deleted"].into_iter().all(together) {
            return;
        }
    }
    panic!("no requests were executed together in {MOST_ROUNDS} rounds");
}
