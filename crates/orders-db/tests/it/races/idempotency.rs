//! Idempotency keys.

use super::*;

#[test]
fn of_32_who_place_under_one_key_exactly_one_writes() {
    let database = Database::new();
    let stores = two_stores(&database, 16);
    add_services(&stores[0]);
    for round in 0..10 {
        let requested = OrderDraft { id: None, ..draft("-", noon_plus(24 * round)) };
        let key = key(&format!("key-{round}"));
        let answers = at_once(32, |n| stores[n % 2].place_idempotent(requested.clone(), &key));
        let first = stores[0].place_idempotent(requested.clone(), &key).unwrap();
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
            let requested =
                draft(&format!("order-{round}-{n}"), noon_plus(3 * (16 * round + n as i64)));
            // The keys take turns in who is the oldest.
            stores[n % 2]
                .place_idempotent(requested, &key(&format!("key-{}", (n as i64 * 7 + round) % 16)))
        });
        for answer in answers {
            assert!(!answer.unwrap().replayed);
        }
    }
    drop((stores, psql));
    database.check_no_deadlock();
}
