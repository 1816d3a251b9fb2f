//! Every kind of call at a few times.

use orders_core::OrderId;
use orders_db::requests::{CreateOrder, DeleteOrder, ReplaceOrder};

use super::*;
use crate::requests::execute;

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

/// A random order.
fn requested(dice: &mut Dice) -> OrderDraft {
    let id = format!("order-{}", dice.below(10));
    OrderDraft {
        calendar: dice.of(&[None, Some("default"), Some("crew")]).map(calendar_id),
        services: services(dice.of(&[&["123"], &["456", "123"], &["123", "789", "456"]])),
        ..draft(&id, noon_plus(dice.below(8) as i64))
    }
}

/// One random call, or several requests together; the orders that they wrote.
fn anything(store: &PgStore, dice: &mut Dice) -> Vec<Result<Option<Order>, StoreError>> {
    let (client, condition) = (None, Precondition::None);
    let mut drafts = std::iter::repeat_with(|| requested(dice)).take(4).collect::<Vec<_>>();
    let ids = drafts.iter().filter_map(|draft| draft.id.clone()).collect::<Vec<_>>();
    match dice.below(8) {
        0 => {
            let create = |draft| CreateOrder { client: client.clone(), draft };
            let requests: Vec<_> = drafts.into_iter().map(create).collect();
            execute(store, &requests).into_iter().map(|it| it.map(Some)).collect()
        }
        1 => {
            // Some of them stay where they are.
            for (draft, id) in drafts.iter_mut().zip(&ids).step_by(2) {
                if let Ok(order) = store.order(id) {
                    draft.datetime = order.datetime;
                    draft.calendar = None;
                }
            }
            let replace = |(draft, id): (OrderDraft, OrderId)| ReplaceOrder {
                client: client.clone(),
                id,
                condition: condition.clone(),
                draft,
            };
            let requests: Vec<_> = drafts.into_iter().zip(ids).map(replace).collect();
            execute(store, &requests).into_iter().map(|it| it.map(Some)).collect()
        }
        2 => {
            let delete =
                |id| DeleteOrder { client: client.clone(), id, condition: condition.clone() };
            let requests: Vec<_> = ids.into_iter().map(delete).collect();
            execute(store, &requests).into_iter().map(|it| it.map(|()| None)).collect()
        }
        _ => vec![any_call(store, drafts.remove(0), dice)],
    }
}

/// One random call; what it wrote, if that was an order.
fn any_call(
    store: &PgStore,
    requested: OrderDraft,
    dice: &mut Dice,
) -> Result<Option<Order>, StoreError> {
    let calendar = dice.of(&["default", "default", "crew"]);
    let id = requested.id.clone().unwrap();
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
            for result in anything(&stores[n % 2], &mut dice) {
                match result {
                    Err(error @ (StoreError::Unavailable(_) | StoreError::Bug(_))) => {
                        panic!("{error:?}")
                    }
                    Err(_) | Ok(None) => {}
                    Ok(Some(order)) => written.push(order),
                }
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
