//! Imports at the same time as other imports and moves.

use std::thread;

use serde_json::Value;

use crate::app::App;
use crate::samples::{ids, lines, order, order_in};

#[test]
fn imports_into_the_same_times_keep_the_rule_and_answer_every_line() {
    let app = App::start().with_calendars(["roof"]);
    let import = |name: &str, shift: usize| {
        let orders: Vec<_> = (0..600)
            .map(|n| {
                let hour = (n * 37 % 600) * 3 / 2 + shift;
                let calendar = ["default", "roof"][(n + shift) % 2];
                order_in(calendar, format!("{name}{n}"), hour)
            })
            .collect();
        (orders.clone(), app.import(lines(&orders)))
    };
    let (one, other) = thread::scope(|scope| {
        let one = scope.spawn(|| import("a", 0));
        let other = scope.spawn(|| import("b", 1));
        (one.join().unwrap(), other.join().unwrap())
    });
    let mut placed = Vec::new();
    for (orders, answers) in [&one, &other] {
        assert_eq!(answers.len(), orders.len());
        for (order, answer) in orders.iter().zip(answers) {
            match answer["id"].as_str() {
                Some(id) => {
                    assert_eq!(order["id"], id);
                    placed.push(id);
                }
                None => assert_eq!(answer["type"], "/problems/order-conflict", "{answer}"),
            }
        }
    }
    placed.sort_unstable();
    for calendar in ["default", "roof"] {
        let stored = app.walk(&format!("/orders?limit=1000&calendar={calendar}"));
        for pair in stored.windows(2) {
            let at = |order: &Value| -> orders_core::Timestamp {
                order["datetime"].as_str().unwrap().parse().unwrap()
            };
            let apart = at(&pair[1]).as_micros() - at(&pair[0]).as_micros();
            assert!(apart >= 3 * 3_600_000_000, "{pair:?}");
        }
    }
    let orders = app.walk("/orders?limit=1000");
    let mut stored = ids(&orders);
    stored.sort_unstable();
    assert_eq!(stored, placed);
}

#[test]
fn imports_and_moves_at_once_never_fail() {
    let app = App::start_with(&["--queue-wait", "9s"]);
    let movers: Vec<_> = (0..10).map(|n| order(format!("m{n}"), n * 40)).collect();
    app.place_all(&movers);
    thread::scope(|scope| {
        let imports: Vec<_> = (0..2)
            .map(|import| {
                let app = &app;
                scope.spawn(move || {
                    for round in 0..4 {
                        let orders: Vec<_> = (0..150)
                            .map(|n| order(format!("i{import}-{round}-{n}"), n * 53 % 400))
                            .collect();
                        for answer in app.import(lines(&orders)) {
                            let status = answer["status"].as_u64().unwrap_or(201);
                            assert!(matches!(status, 201 | 409), "{answer}");
                        }
                    }
                })
            })
            .collect();
        let app = &app;
        scope.spawn(move || {
            let mut round = 0;
            while imports.iter().any(|import| !import.is_finished()) {
                let id = format!("m{}", round % 10);
                let moved = app.put(&format!("/orders/{id}"), order(&id, round * 71 % 400));
                assert!(matches!(moved.status, 200 | 409), "{moved:?}");
                round += 1;
            }
        });
    });
}
