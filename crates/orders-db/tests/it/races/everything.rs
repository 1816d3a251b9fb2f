//! Every kind of call at a few times.

use super::*;

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
    let requested = OrderDraft {
        calendar: dice.of(&[None, Some(calendar)]).map(calendar_id),
        services: services(dice.of(&[&["123"], &["456", "123"], &["123", "789", "456"]])),
        ..draft(&id, noon_plus(dice.below(8) as i64))
    };
    let id = order_id(&id);
    match dice.below(20) {
        0..6 => store.place(requested, Write).map(Some),
        6..11 => store.replace(&id, requested, Write).map(Some),
        11 => {
            let patch = OrderPatch { datetime: Some(requested.datetime), ..OrderPatch::default() };
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
            let mut drafts = vec![requested.clone(), requested];
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

    // No two writes made the same version of an order, and the stored one is the last of them.
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
