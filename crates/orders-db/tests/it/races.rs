//! The rule under races, from many threads with a connection each.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use orders_core::{
    CalendarDraft, Calendars, Order, OrderDraft, OrderPatch, Orders, Precondition, Services,
    StoreError,
};
use orders_db::PgStore;

use crate::database::Database;
use crate::samples::*;

/// Calls `act` with 0, 1, .. from so many threads at once.
fn at_once<T: Send>(threads: usize, act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(threads);
    let race = &|n| {
        barrier.wait();
        act(n)
    };
    thread::scope(|scope| {
        let racers: Vec<_> = (0..threads).map(|n| scope.spawn(move || race(n))).collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    })
}

/// Two services on one database, as two processes would be.
fn two_stores(database: &Database, connections: u32) -> [PgStore; 2] {
    [database.store_of(connections), database.store_of(connections)]
}

#[track_caller]
fn check_one_won<T: Debug>(answers: Vec<Result<T, StoreError>>) {
    let losers = answers.iter().filter(|answer| answer.is_err()).count();
    assert_eq!(losers, answers.len() - 1, "{answers:#?}");
    for loser in answers.into_iter().filter_map(Result::err) {
        assert!(matches!(loser, StoreError::Conflict(_)), "{loser:?}");
    }
}

#[test]
fn of_32_who_place_at_one_time_exactly_one_wins() {
    let database = Database::new();
    let stores = two_stores(&database, 16);
    add_services(&stores[0]);
    for round in 0..10 {
        let time = noon_plus(24 * round);
        check_one_won(at_once(32, |n| {
            stores[n % 2].place(draft(&format!("order-{round}-{n}"), time), Write)
        }));
    }
    // The same where all times differ but are too close.
    for round in 10..20 {
        check_one_won(at_once(32, |n| {
            let time = micros_after_noon(24 * HOUR * round + HOUR / 20 * n as i64);
            stores[n % 2].place(draft(&format!("order-{round}-{n}"), time), Write)
        }));
    }
    assert_eq!(stores[0].orders().unwrap().len(), 20);
    drop(stores);
    database.check_promises();
    database.check_no_deadlock();
}

#[test]
fn of_32_who_bring_one_id_exactly_one_wins() {
    let database = Database::new();
    let stores = two_stores(&database, 16);
    add_services(&stores[0]);
    for round in 0..10 {
        let answers = at_once(32, |n| {
            let time = noon_plus(1000 * round + 3 * n as i64);
            stores[n % 2].place(draft(&format!("order-{round}"), time), Write)
        });
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1, "{lost:#?}");
        for loser in lost {
            assert!(matches!(loser, Err(StoreError::IdTaken(_))), "{loser:?}");
        }
    }
    drop(stores);
    database.check_promises();
    database.check_no_deadlock();
}

#[test]
fn of_32_who_place_under_one_key_exactly_one_writes() {
    let database = Database::new();
    let stores = two_stores(&database, 16);
    add_services(&stores[0]);
    for round in 0..10 {
        let wish = OrderDraft { id: None, ..draft("-", noon_plus(24 * round)) };
        let key = key(&format!("key-{round}"));
        let answers = at_once(32, |n| stores[n % 2].place_idempotent(wish.clone(), &key));
        let first = stores[0].place_idempotent(wish.clone(), &key).unwrap();
        assert!(first.replayed);
        let mut written = 0;
        for answer in answers {
            match answer {
                Ok(placed) => {
                    written += usize::from(!placed.replayed);
                    assert_eq!(placed.order, first.order);
                }
                Err(StoreError::KeyInUse(_)) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        assert_eq!(written, 1);
        assert_eq!(stores[0].orders().unwrap().len(), round as usize + 1);
    }
    drop(stores);
    database.check_no_deadlock();
}

#[test]
fn of_32_who_move_to_one_time_exactly_one_wins() {
    let database = Database::new();
    let stores = two_stores(&database, 16);
    add_services(&stores[0]);
    let id = |n: usize| format!("order-{n}");
    for n in 0..32 {
        placed(&stores[0], draft(&id(n), noon_plus(-3 * n as i64)));
    }
    for round in 1..=10 {
        // Every other round the times differ but are too close.
        let apart = HOUR / 20 * (round % 2);
        check_one_won(at_once(32, |n| {
            let time = micros_after_noon(24 * HOUR * round + apart * n as i64);
            stores[n % 2].replace(&order_id(&id(n)), draft(&id(n), time), Write)
        }));
    }
    drop(stores);
    database.check_promises();
    database.check_no_deadlock();
}

#[test]
fn moves_in_a_ring_neither_deadlock_nor_fault() {
    let database = Database::new();
    let stores = two_stores(&database, 8);
    add_services(&stores[0]);
    stores[0].add_calendar(calendar_draft("crew", "PT1H")).unwrap();
    let id = |n: usize| format!("order-{n}");
    for n in 0..12 {
        placed(&stores[0], draft(&id(n), noon_plus(3 * n as i64)));
    }
    // One place is free, so that some of the ring can go on.
    at_once(12, |n| {
        for round in 1..25 {
            let place = (n + round) % 13;
            let calendar = if (n + round) % 5 == 0 { "crew" } else { "default" };
            let wish = draft_in(calendar, &id(n), noon_plus(3 * place as i64));
            match stores[n % 2].replace(&order_id(&id(n)), wish, Write) {
                Ok(_) | Err(StoreError::Conflict(_)) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    });
    drop(stores);
    database.check_promises();
    database.check_no_deadlock();
}

#[test]
fn of_two_who_swap_their_times_none_deadlocks() {
    let database = Database::new();
    let stores = two_stores(&database, 2);
    add_services(&stores[0]);
    place_all(&stores[0], &[("a", 0), ("b", 3)]);
    for _ in 0..100 {
        let times = ["a", "b"].map(|id| stores[0].order(&order_id(id)).unwrap().datetime);
        let answers = at_once(2, |n| {
            let id = ["a", "b"][n];
            stores[n].replace(&order_id(id), draft(id, times[1 - n]), Write)
        });
        for answer in answers {
            conflict(answer);
        }
    }
    drop(stores);
    database.check_no_deadlock();
}

#[test]
fn batches_of_the_same_orders_in_other_orders_do_not_deadlock() {
    let database = Database::new();
    let stores = two_stores(&database, 8);
    add_services(&stores[0]);
    stores[0].add_calendar(calendar_draft("crew", "PT1H")).unwrap();
    let answers = at_once(16, |thread| {
        let wish = |n: usize| {
            let n = if thread % 2 == 0 { n } else { 59 - n };
            let calendar = ["default", "crew"][n % 2];
            draft_in(calendar, &format!("order-{thread}-{n}"), noon_plus(3 * (n as i64 / 2)))
        };
        match thread {
            0..12 => stores[thread % 2].place_batch((0..60).map(wish).collect()).unwrap(),
            _ => (0..60).map(|n| stores[thread % 2].place(wish(n), Write)).collect(),
        }
    });
    let answers = answers.into_iter().flatten();
    let placed = answers.filter(|answer| match answer {
        Ok(_) => true,
        Err(StoreError::Conflict(_)) => false,
        Err(error) => panic!("{error:?}"),
    });
    // Each of the 60 times went to somebody.
    assert_eq!(placed.count(), 60);
    drop(stores);
    database.check_promises();
    database.check_no_deadlock();
}

#[test]
fn a_batch_survives_a_calendar_that_is_created_and_gets_a_new_gap_meanwhile() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    let (mut first, mut second, mut other) = (database.psql(), database.psql(), database.psql());

    // The batch waits for its turn in `default`, after it has looked for its calendars.
    first.run(
        "BEGIN; SELECT pg_advisory_xact_lock(1, hashint8(key)) FROM calendars WHERE id = 'default'",
    );
    // Its second order waits, after the first has been inserted.
    second.run(&format!("BEGIN; {}", sql_order("open", "default", noon_plus(0))));
    let answers = thread::scope(|scope| {
        let drafts = vec![
            draft_in("crew", "in-crew", noon_plus(0)),
            draft_in("default", "in-default", noon_plus(0)),
        ];
        let batch = scope.spawn(|| store.place_batch(drafts));
        other.wait_for_a_waiter();
        other.run("INSERT INTO calendars (id, name) VALUES ('crew', 'Crew')");
        first.run("COMMIT");
        other.wait_for_a_waiter_on("transactionid");
        other.run("UPDATE calendars SET minimum_gap = '01:00' WHERE id = 'crew'");
        second.run("ROLLBACK");
        batch.join().unwrap().unwrap()
    });
    let placed: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().id).collect();
    assert_eq!(placed, [order_id("in-crew"), order_id("in-default")]);
    drop(store);
    database.check_promises();
}

#[test]
fn of_many_amendments_none_is_lost() {
    let database = Database::new();
    let store = database.store_of(8);
    add_services(&store);
    place_all(&store, &[("223", 0)]);
    let id = order_id("223");
    at_once(8, |n| {
        for round in 0..20 {
            let patch = match n % 2 {
                0 => OrderPatch { datetime: Some(noon_plus(round)), ..OrderPatch::default() },
                _ => OrderPatch { totalfee: Some("7".parse().unwrap()), ..OrderPatch::default() },
            };
            store.patch_if(&id, &Precondition::None, &patch, Write).unwrap();
        }
    });
    let order = store.order(&id).unwrap();
    assert_eq!(order.version, 161);
    assert_eq!(order.totalfee.to_string(), "7");
    assert_eq!(order.datetime, noon_plus(19));
    drop(store);
    database.check_no_deadlock();
}

#[test]
fn of_many_who_write_if_the_version_is_theirs_one_wins() {
    let database = Database::new();
    let store = database.store_of(16);
    add_services(&store);
    place_all(&store, &[("223", 0)]);
    let id = order_id("223");
    for version in 1..=20 {
        let answers = at_once(16, |n| {
            let wish = draft("223", noon_plus(n as i64 % 4));
            store.replace_if(&id, &versions(&[version]), wish, Write)
        });
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1, "{lost:#?}");
        for loser in lost {
            let Err(StoreError::VersionMismatch { current, .. }) = loser else {
                panic!("{loser:?}");
            };
            assert_eq!(current, version + 1);
        }
    }
    drop(store);
    database.check_no_deadlock();
}

#[test]
fn an_order_placed_anew_under_its_id_is_not_taken_for_the_one_before() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    store.add_calendar(calendar_draft("crew", "PT1H")).unwrap();
    place_all(&store, &[("223", 0)]);
    let mut psql = database.psql();
    let mut holder = database.psql();
    holder.run("BEGIN; SELECT FROM calendars WHERE id = 'default' FOR UPDATE");
    thread::scope(|scope| {
        let wish = draft("223", noon_plus(1));
        let moved = scope.spawn(|| store.replace(&order_id("223"), wish, Write));
        psql.wait_for_a_waiter();
        psql.run("DELETE FROM orders");
        psql.run(&sql_order("223", "crew", noon_plus(50)));
        holder.run("COMMIT");
        // The draft names no calendar, so the order stays in the one that it is in now.
        let order = moved.join().unwrap().unwrap();
        assert_eq!((order.calendar, order.version), (calendar_id("crew"), 2));
    });
    database.check_promises();
}

#[test]
fn a_key_is_remembered_for_24_hours_and_no_longer() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    let mut psql = database.psql();
    let mut age = |hours: &str| {
        psql.run(&format!("UPDATE idempotency_keys SET created_at = now() - interval '{hours}'"));
    };
    store.place_idempotent(draft("a", noon_plus(0)), &key("k")).unwrap();
    age("23:59:00");
    assert!(store.place_idempotent(draft("a", noon_plus(0)), &key("k")).unwrap().replayed);
    check_refused(
        store.place_idempotent(draft("b", noon_plus(3)), &key("k")),
        &StoreError::KeyReused(key("k")),
    );
    age("24:01:00");
    assert!(!store.place_idempotent(draft("b", noon_plus(3)), &key("k")).unwrap().replayed);
    assert!(store.place_idempotent(draft("b", noon_plus(3)), &key("k")).unwrap().replayed);
}

#[test]
fn keys_whose_time_is_over_are_used_again_all_at_once() {
    let database = Database::new();
    let stores = two_stores(&database, 8);
    add_services(&stores[0]);
    let mut psql = database.psql();
    for round in 0..30 {
        psql.run("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'");
        let answers = at_once(16, |n| {
            let wish = draft(&format!("order-{round}-{n}"), noon_plus(3 * (16 * round + n as i64)));
            // The keys take turns in who is the oldest.
            stores[n % 2]
                .place_idempotent(wish, &key(&format!("key-{}", (n as i64 * 7 + round) % 16)))
        });
        for answer in answers {
            assert!(!answer.unwrap().replayed);
        }
    }
    drop((stores, psql));
    database.check_no_deadlock();
}

#[test]
fn no_order_ever_names_a_service_that_was_removed() {
    let database = Database::new();
    let stores = two_stores(&database, 8);
    add_services(&stores[0]);
    let rounds = 60;
    at_once(12, |n| {
        let store = &stores[n % 2];
        let wish = |round: i64| OrderDraft {
            services: services(&["456", "123"]),
            ..draft(&format!("order-{n}"), noon_plus(1000 * n as i64 + round % 3))
        };
        for round in 0..rounds {
            let answer = match n {
                0..4 => store.remove_service(&service_id("123")),
                4..6 => store.add_service(service_draft("123")).map(drop),
                6..9 => store.place(wish(round), Write).map(drop),
                9..11 => store.replace(&order_id("order-6"), wish(round), Write).map(drop),
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
        let wish = |round: i64| {
            draft_in("crew", &format!("order-{n}"), noon_plus(1000 * n as i64 + round % 3))
        };
        for round in 0..60 {
            let answer = match n {
                0..3 => store.remove_calendar(&crew),
                3..5 => store.add_calendar(calendar_draft("crew", "PT1H")).map(drop),
                5..8 => store.place(wish(round), Write).map(drop),
                8 => store.replace_calendar(&crew, calendar_draft("crew", "PT2H")).map(drop),
                9 => store.replace(&order_id("order-5"), wish(round), Write).map(drop),
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

/// A small generator of numbers, for what need not be repeatable.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn of<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.below(things.len() as u64) as usize]
    }
}

/// One random call; what it wrote, if that was an order.
fn anything(store: &PgStore, dice: &mut Dice) -> Result<Option<Order>, StoreError> {
    let id = format!("order-{}", dice.below(10));
    let calendar = dice.of(&["default", "default", "crew"]);
    let wish = OrderDraft {
        calendar: dice.of(&[None, Some(calendar)]).map(calendar_id),
        services: services(dice.of(&[&["123"], &["456", "123"], &["123", "789", "456"]])),
        ..draft(&id, noon_plus(dice.below(8) as i64))
    };
    let id = order_id(&id);
    match dice.below(20) {
        0..6 => store.place(wish, Write).map(Some),
        6..11 => store.replace(&id, wish, Write).map(Some),
        11 => {
            let patch = OrderPatch { datetime: Some(wish.datetime), ..OrderPatch::default() };
            store.patch_if(&id, &Precondition::None, &patch, Write).map(Some)
        }
        12..15 => store.remove(&id).map(|()| None),
        15 => {
            let draft = CalendarDraft {
                minimum_gap: Some(gap(dice.of(&["PT1H", "PT2H", "PT3H", "PT0S"]))),
                ..calendar_draft(calendar, "PT1H")
            };
            store.replace_calendar(&calendar_id(calendar), draft).map(|_| None)
        }
        16 => store.remove_service(&service_id(dice.of(&["456", "789"]))).map(|()| None),
        17 => store.add_service(service_draft(dice.of(&["456", "789"]))).map(|_| None),
        18 => match dice.below(2) {
            0 => store.remove_calendar(&calendar_id("crew")).map(|()| None),
            _ => store.add_calendar(calendar_draft("crew", "PT1H")).map(|_| None),
        },
        _ => {
            let mut drafts = vec![wish.clone(), wish];
            drafts[1].datetime = noon_plus(9);
            drafts[1].id = Some(order_id("order-10"));
            store.place_batch(drafts).map(|_| None)
        }
    }
}

#[test]
fn the_rule_holds_whatever_16_threads_do_at_few_times() {
    let database = Database::new();
    let stores = two_stores(&database, 8);
    add_services(&stores[0]);
    let time_is_up = AtomicBool::new(false);
    let seed = AtomicU32::new(1);
    let work = &|n: usize| {
        let mut dice = Dice(u64::from(seed.fetch_add(7, Ordering::Relaxed)));
        let mut written = Vec::new();
        while !time_is_up.load(Ordering::Relaxed) {
            match anything(&stores[n % 2], &mut dice) {
                Err(error @ (StoreError::Unavailable(_) | StoreError::Bug(_))) => {
                    panic!("{error:?}")
                }
                Err(_) | Ok(None) => {}
                Ok(Some(order)) => written.push(order),
            }
        }
        written
    };
    let written = thread::scope(|scope| {
        let workers: Vec<_> = (0..16).map(|n| scope.spawn(move || work(n))).collect();
        thread::sleep(Duration::from_secs(2));
        time_is_up.store(true, Ordering::Relaxed);
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect::<Vec<_>>()
    });

    // No two writes made the same version of an order, and what stands is the last of them.
    let mut latest = HashMap::new();
    for order in &written {
        let life = (&order.id, order.created_at);
        let versions: &mut Vec<_> = latest.entry(life).or_default();
        versions.push(order.version);
    }
    for (life, versions) in &mut latest {
        versions.sort_unstable();
        assert!(versions.is_sorted_by(|a, b| a < b), "{life:?}: {versions:?}");
    }
    for order in stores[0].orders().unwrap() {
        if let Some(versions) = latest.get(&(&order.id, order.created_at)) {
            assert_eq!(versions.last(), Some(&order.version), "{order:?}");
            assert_eq!(versions.len() as u64, order.version - versions[0] + 1, "{order:?}");
        }
    }
    drop(stores);
    database.check_promises();
    database.check_no_deadlock();
}
