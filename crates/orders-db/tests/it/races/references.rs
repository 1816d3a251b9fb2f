//! Services and calendars that are deleted while orders name them.

use super::*;

#[test]
fn no_order_ever_names_a_service_that_was_removed() {
    let database = Database::new();
    let stores = two_stores(&database, 8);
    add_services(&stores[0]);
    let rounds = 60;
    at_once(12, |n| {
        let store = &stores[n % 2];
        let requested = |round: i64| OrderDraft {
            services: services(&["456", "123"]),
            ..draft(&format!("order-{n}"), noon_plus(1000 * n as i64 + round % 3))
        };
        for round in 0..rounds {
            let answer = match n {
                0..4 => store.remove_service(&service_id("123")),
                4..6 => store.add_service(service_draft("123")).map(drop),
                6..9 => store.place(requested(round), Write).map(drop),
                9..11 => store.replace(&order_id("order-6"), requested(round), Write).map(drop),
                _ => store.remove(&order_id(&format!("order-{}", 6 + round % 3))),
            };
            if let Err(error @ (StoreError::Unavailable(_) | StoreError::Bug(_))) = answer {
                panic!("{error:?}")
            }
        }
    });
    drop(stores);
    database.check_promises();
    database.check_no_deadlock();
}

#[test]
fn no_order_is_ever_in_a_calendar_that_was_removed() {
    let database = Database::new();
    let stores = two_stores(&database, 8);
    add_services(&stores[0]);
    let crew = calendar_id("crew");
    at_once(12, |n| {
        let store = &stores[n % 2];
        let requested = |round: i64| {
            draft_in("crew", &format!("order-{n}"), noon_plus(1000 * n as i64 + round % 3))
        };
        for round in 0..60 {
            let answer = match n {
                0..3 => store.remove_calendar(&crew),
                3..5 => store.add_calendar(calendar_draft("crew", "PT1H")).map(drop),
                5..8 => store.place(requested(round), Write).map(drop),
                8 => store.replace_calendar(&crew, calendar_draft("crew", "PT2H")).map(drop),
                9 => store.replace(&order_id("order-5"), requested(round), Write).map(drop),
                _ => store.remove(&order_id(&format!("order-{}", 5 + round % 3))),
            };
            if let Err(error @ (StoreError::Unavailable(_) | StoreError::Bug(_))) = answer {
                panic!("{error:?}")
            }
        }
    });
    drop(stores);
    database.check_promises();
    database.check_no_deadlock();
}
