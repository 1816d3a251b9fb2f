//! Many orders for one time or with one id.

use super::*;

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
fn batches_of_the_same_orders_in_other_orders_do_not_deadlock() {
    let database = Database::new();
    let stores = two_stores(&database, 8);
    add_services(&stores[0]);
    stores[0].add_calendar(calendar_draft("crew", "PT1H")).unwrap();
    let answers = at_once(16, |thread| {
        let requested = |n: usize| {
            let n = if thread % 2 == 0 { n } else { 59 - n };
            let calendar = ["default", "crew"][n % 2];
            draft_in(calendar, &format!("order-{thread}-{n}"), noon_plus(3 * (n as i64 / 2)))
        };
        match thread {
            0..12 => stores[thread % 2].place_batch((0..60).map(requested).collect()).unwrap(),
            _ => (0..60).map(|n| stores[thread % 2].place(requested(n), Write)).collect(),
        }
    });
    let answers = answers.into_iter().flatten();
    let placed = answers.filter(|answer| match answer {
        Ok(_) => true,
        Err(StoreError::Conflict(_)) => false,
        Err(error) => panic!("{error:?}"),
    });
    // Each of the 60 times was booked.
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
