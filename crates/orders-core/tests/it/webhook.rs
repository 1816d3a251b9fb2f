//! The delivery of changes to a webhook.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use orders_core::{
    Change, ChangeFilter, ChangeType, Cursor, Delivery, Failure, Health, MAX_PARKED, Message, Next,
    OrderId, Parked, Progress, RecordedChange, Saved, ServiceId, Subscription, Timestamp,
    WebhookUrl,
};
use proptest::prelude::*;

use super::{DAY, HOUR, SECOND, cases, micros};
use crate::change::order;

fn cursor(position: u64) -> Cursor {
    Cursor { position, assigned_at: micros(position as i64) }
}

/// The change at a position, of the order with this number. Every third one is not wanted by [`subscription`].
fn change(position: u64, number: u32) -> RecordedChange {
    let mut data = order("default", if position % 3 == 2 { "456" } else { "123" }, position);
    data.id = OrderId::new(format!("order-{number}")).unwrap();
    let change_type = ChangeType::Created;
    let (cursor, timestamp) = (cursor(position), micros(0));
    RecordedChange {
        change: Change { cursor, change_type, timestamp, client: None, data },
        previous: None,
    }
}

fn subscription() -> Subscription {
    let service = Some(ServiceId::new("123").unwrap());
    Subscription { filter: ChangeFilter { calendar: None, service }, types: None }
}

fn nothing_saved() -> Saved {
    let health = Health::default();
    Saved { cursor: cursor(0), done: BTreeSet::new(), health, parked: BTreeMap::new() }
}

fn apply(saved: &mut Saved, progress: Progress, now: Timestamp) {
    saved.cursor = progress.cursor;
    saved.done = progress.done;
    saved.health = progress.health;
    if progress.all_are_due {
        saved.parked.values_mut().for_each(|parked| parked.retry_at = now);
    }
    for (order, parked) in progress.parked {
        match parked {
            Some(parked) => drop(saved.parked.insert(order, parked)),
            None => drop(saved.parked.remove(&order)),
        }
    }
}

fn failure(error: &str) -> Failure {
    Failure { error: error.to_owned(), gone: false, retry_after: None }
}

/// A feed, an endpoint and a database.
struct World {
    feed: Vec<RecordedChange>,
    delivery: Delivery,
    saved: Saved,
    now: Timestamp,
    in_flight: Vec<Message>,
    /// What is being looked up.
    look_ups: Vec<(OrderId, u64, u64)>,
    saving: Option<Progress>,
    /// What has arrived, in its order.
    arrived: Vec<Message>,
    /// How many orders had messages that were in flight or not saved when the service was killed.
    at_risk: usize,
}

impl World {
    fn new(orders: &[u32]) -> Self {
        let feed = orders.iter().zip(1..).map(|(&number, position)| change(position, number));
        Self {
            feed: feed.collect(),
            delivery: Delivery::new(subscription(), nothing_saved()),
            saved: nothing_saved(),
            now: micros(0),
            in_flight: Vec::new(),
            look_ups: Vec::new(),
            saving: None,
            arrived: Vec::new(),
            at_risk: 0,
        }
    }

    /// Reads and sends all that can be read and sent. Returns when it goes on.
    fn advance(&mut self) -> Option<Timestamp> {
        loop {
            while let Some(after) = self.delivery.read_after() {
                let Some(next) = self.feed.get(after.position as usize) else { break };
                self.delivery.read(next);
            }
            match self.delivery.next(self.now) {
                Next::Send(message) => self.in_flight.push(*message),
                Next::LookUp(order, first, last) => self.look_ups.push((order, first, last)),
                Next::Wait(until) => return until,
            }
            let looked_up = self.look_ups.iter().map(|(order, ..)| order);
            let orders = self.in_flight.iter().map(|it| &it.change.data.id).chain(looked_up);
            let orders: BTreeSet<_> = orders.collect();
            let count = self.in_flight.len() + self.look_ups.len();
            assert_eq!(orders.len(), count, "one message per order");
            assert!(orders.len() <= 8 && orders.len() == self.delivery.in_flight());
        }
    }

    fn look_up(&mut self) {
        let Some((order, first, last)) = self.look_ups.pop() else { return };
        let kept = self.feed.iter().filter(|it| it.change.data.id == order);
        let mut wanted = kept
            .filter(|it| (first..=last).contains(&it.change.cursor.position))
            .filter_map(|it| subscription().change(it));
        self.in_flight.extend(self.delivery.looked_up(&order, last, wanted.next()));
    }

    fn begin_to_save(&mut self) {
        if self.saving.is_none() {
            self.saving = self.delivery.unsaved();
        }
    }

    fn save(&mut self) {
        if let Some(progress) = self.saving.take() {
            apply(&mut self.saved, progress, self.now);
            self.delivery.saved();
        }
    }

    fn respond(&mut self, index: usize, works: bool) {
        if self.in_flight.is_empty() {
            return;
        }
        let message = self.in_flight.swap_remove(index % self.in_flight.len());
        if works {
            self.delivery.succeeded(&message, self.now);
            self.arrived.push(message);
        } else {
            self.delivery.failed(&message, &failure("no"), self.now, 0.5);
        }
    }

    /// Kills the service, perhaps just after messages have arrived. Another instance takes over.
    fn kill(&mut self) {
        let arrived = std::mem::take(&mut self.in_flight);
        let unsaved = self.arrived.iter().filter(|it| {
            let position = it.change.cursor.position;
            let parked = self.saved.parked.get(&it.change.data.id);
            let is_parked =
                parked.is_some_and(|parked| (parked.first..=parked.last).contains(&position));
            is_parked
                || (position > self.saved.cursor.position && !self.saved.done.contains(&position))
        });
        let at_risk: BTreeSet<_> =
            unsaved.chain(&arrived).map(|it| it.change.data.id.clone()).collect();
        self.at_risk += at_risk.len();
        self.arrived.extend(arrived);
        self.saving = None;
        self.look_ups.clear();
        self.delivery = Delivery::new(subscription(), self.saved.clone());
    }
}

#[derive(Debug, Clone)]
enum Step {
    Respond(usize, bool),
    LookUp,
    BeginToSave,
    Save,
    Sleep(i64),
    Kill,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (any::<usize>(), prop::bool::weighted(0.7)).prop_map(|(n, works)| Step::Respond(n, works)),
        4 => Just(Step::LookUp),
        3 => Just(Step::BeginToSave),
        3 => Just(Step::Save),
        2 => (0..400 * SECOND).prop_map(Step::Sleep),
        1 => Just(Step::Kill),
    ]
}

proptest! {
    #![proptest_config(cases(200))]

    /// Whatever fails and whenever the service is killed.
    #[test]
    fn every_wanted_change_arrives_in_sequence_and_at_most_one_per_order_is_repeated_after_a_kill(
        orders in prop::collection::vec(0_u32..12, 1..150),
        steps in prop::collection::vec(any_step(), 0..300),
    ) {
        let mut world = World::new(&orders);
        for step in steps {
            let _ = world.advance();
            match step {
                Step::Respond(index, works) => world.respond(index, works),
                Step::LookUp => world.look_up(),
                Step::BeginToSave => world.begin_to_save(),
                Step::Save => world.save(),
                Step::Sleep(pause) => world.now = world.now.plus_micros(pause).unwrap(),
                Step::Kill => world.kill(),
            }
        }
        // Then everything works.
        for _ in 0..10_000 {
            let until = world.advance();
            world.look_up();
            if world.in_flight.is_empty() && world.saving.is_none() {
                world.begin_to_save();
                if world.saving.is_none() {
                    let Some(until) = until else { break };
                    world.now = world.now.max(until);
                }
            }
            world.respond(0, true);
            world.save();
        }
        prop_assert_eq!(world.saved.cursor, cursor(orders.len() as u64));
        prop_assert!(world.saved.parked.is_empty() && world.saved.done.is_empty());
        prop_assert_eq!(&world.saved.health, &Health { retry_at: world.saved.health.retry_at, ..Health::default() });

        let mut last = BTreeMap::new();
        let mut repeated = 0;
        let mut positions = BTreeSet::new();
        for message in &world.arrived {
            let position = message.change.cursor.position;
            let latest = last.entry(&message.change.data.id).or_insert(0);
            if position <= *latest {
                prop_assert_eq!(position, *latest, "an older change of an order came again");
                repeated += 1;
            }
            *latest = position;
            positions.insert(position);
        }
        let wanted = world.feed.iter().filter_map(|it| subscription().change(it));
        prop_assert_eq!(positions, wanted.map(|it| it.cursor.position).collect::<BTreeSet<_>>());
        prop_assert!(repeated <= world.at_risk, "{} of {} repeated", repeated, world.at_risk);
    }
}

/// All messages that can be sent at once.
fn sendable(delivery: &mut Delivery, now: Timestamp) -> Vec<Message> {
    std::iter::from_fn(|| match delivery.next(now) {
        Next::Send(message) => Some(*message),
        Next::LookUp(..) | Next::Wait(_) => None,
    })
    .collect()
}

/// The next message, also of a parked order.
fn message(delivery: &mut Delivery, now: Timestamp) -> Option<Message> {
    match delivery.next(now) {
        Next::Send(message) => Some(*message),
        Next::LookUp(order, first, last) => {
            let number = order.as_str().strip_prefix("order-").unwrap().parse().unwrap();
            delivery.looked_up(&order, last, Some(change(first, number).change))
        }
        Next::Wait(_) => None,
    }
}

/// A delivery that has read one change of each of so many orders, none of them unwanted.
fn delivery_of(orders: u32) -> Delivery {
    let mut delivery = Delivery::new(Subscription::default(), nothing_saved());
    for number in 1..=orders {
        delivery.read(&change(u64::from(number), number));
    }
    delivery
}

#[test]
fn an_order_that_fails_delays_no_other() {
    let (mut delivery, now) = (delivery_of(20), micros(0));
    let mut arrived = 0;
    loop {
        let messages = sendable(&mut delivery, now);
        if messages.is_empty() {
            break;
        }
        for message in messages {
            if message.change.data.id.as_str() == "order-3" {
                delivery.failed(&message, &failure("500"), now, 0.5);
            } else {
                delivery.succeeded(&message, now);
                arrived += 1;
            }
        }
    }
    assert_eq!(arrived, 19);
    assert_eq!(delivery.next(now), Next::Wait(Some(micros(5 * SECOND))), "{delivery:?}");
    let third = OrderId::new("order-3").unwrap();
    assert_eq!(delivery.next(micros(6 * SECOND)), Next::LookUp(third, 3, 3));
}

/// Lets the endpoint fail at the times at which it is tried, until the webhook is disabled. Returns these times.
fn fail_until_disabled() -> (Vec<i64>, Delivery) {
    let (mut delivery, mut now, mut tried) = (delivery_of(1), micros(0), Vec::new());
    let order = || change(1, 1).change;
    loop {
        let message = match delivery.next(now) {
            Next::Send(message) => *message,
            Next::LookUp(id, ..) => delivery.looked_up(&id, 1, Some(order())).unwrap(),
            Next::Wait(Some(until)) => {
                now = until;
                continue;
            }
            Next::Wait(None) => return (tried, delivery),
        };
        tried.push(now.as_micros());
        delivery.failed(&message, &failure("connection refused"), now, 0.5);
    }
}

#[test]
fn after_five_days_without_success_a_webhook_is_disabled() {
    let (tried, mut delivery) = fail_until_disabled();
    let hours: Vec<_> = tried.iter().map(|at| at / HOUR).collect();
    assert_eq!(hours, [0, 0, 0, 0, 2, 7, 17, 41, 65, 89, 113], "{tried:?}");
    let health = delivery.unsaved().unwrap().health;
    let reason = health.disabled.unwrap();
    assert!(reason.contains("5 days") && reason.ends_with("connection refused"), "{reason}");
    assert_eq!(health.failing_since, Some(micros(0)));
}

#[test]
fn an_endpoint_that_fails_is_probed_with_one_message_and_then_catches_up_slowly() {
    let (mut delivery, mut now) = (delivery_of(60), micros(0));
    for message in sendable(&mut delivery, now) {
        delivery.failed(&message, &failure("no response"), now, 0.5);
    }
    let mut pauses = Vec::new();
    let mut next_probe = |delivery: &mut Delivery| {
        let Next::Wait(Some(until)) = delivery.next(now) else { panic!("it is probed too early") };
        pauses.push((until.as_micros() - now.as_micros()) / SECOND);
        now = until;
        let probe = message(delivery, now).expect("a probe");
        assert_eq!(delivery.next(now), Next::Wait(None), "one at a time");
        (probe, now)
    };
    for _ in 0..20 {
        let (probe, now) = next_probe(&mut delivery);
        delivery.failed(&probe, &failure("no response"), now, 0.5);
    }
    let (probe, now) = next_probe(&mut delivery);
    assert_eq!(pauses[..7], [10, 20, 40, 80, 160, 300, 300]);
    delivery.succeeded(&probe, now);
    let progress = delivery.unsaved().unwrap();
    assert!(progress.all_are_due && progress.health.failing_since.is_none());
    delivery.saved();
    for limit in 2..=3 {
        let messages: Vec<_> = std::iter::from_fn(|| message(&mut delivery, now)).collect();
        assert!(messages.len() <= limit, "few at a time at first");
        messages.iter().for_each(|message| delivery.succeeded(message, now));
        delivery.unsaved().unwrap();
        delivery.saved();
    }
}

#[test]
fn orders_that_always_fail_do_not_keep_others_waiting() {
    let (mut delivery, mut now) = (delivery_of(5), micros(0));
    let bad = |message: &Message| message.change.cursor.position <= 5;
    let mut good = 0;
    for round in 1..=40 {
        delivery.read(&change(round + 5, round as u32 + 5));
        // Within a quarter of an hour each.
        for _ in 0..4 {
            while let Some(message) = message(&mut delivery, now) {
                if bad(&message) {
                    delivery.failed(&message, &failure("400"), now, 0.5);
                } else {
                    delivery.succeeded(&message, now);
                    good += 1;
                }
            }
            if delivery.unsaved().is_some() {
                delivery.saved();
            }
            now = now.plus_micros(4 * 60 * SECOND).unwrap();
        }
        assert_eq!(good, round);
    }
}

#[test]
fn a_pause_that_an_endpoint_asks_for_is_respected_up_to_a_day() {
    for (asked, waited) in [(60, 60), (100 * 24 * 3600, 24 * 3600)] {
        let (mut delivery, now) = (delivery_of(2), micros(0));
        let messages = sendable(&mut delivery, now);
        let retry_after = Some(Duration::from_secs(asked));
        delivery.failed(&messages[0], &Failure { retry_after, ..failure("503") }, now, 0.5);
        delivery.succeeded(&messages[1], now);
        assert_eq!(delivery.next(now), Next::Wait(Some(micros(waited * SECOND))));
    }
}

#[test]
fn an_endpoint_that_is_gone_is_disabled_at_once() {
    let (mut delivery, now) = (delivery_of(2), micros(0));
    let message = sendable(&mut delivery, now).remove(0);
    delivery.failed(&message, &Failure { gone: true, ..failure("410 Gone") }, now, 0.5);
    assert_eq!(delivery.next(micros(10 * DAY)), Next::Wait(None));
    assert!(delivery.unsaved().unwrap().health.disabled.unwrap().contains("410 Gone"));
}

/// A delivery with too many parked orders, whose retries are due in a day, and a change of another order.
fn full_delivery() -> Delivery {
    let parked = |number| {
        let id = OrderId::new(format!("order-{number}")).unwrap();
        (id, Parked { first: number, last: number, attempts: 7, retry_at: micros(DAY) })
    };
    let count = MAX_PARKED as u64;
    let saved = Saved {
        cursor: cursor(count),
        parked: (1..=count).map(parked).collect(),
        ..nothing_saved()
    };
    let mut delivery = Delivery::new(Subscription::default(), saved);
    delivery.read(&change(count + 1, 0));
    delivery
}

/// The pause between two probes.
const PROBE: i64 = 5 * 60 * SECOND;

#[test]
fn with_too_many_parked_orders_no_further_order_is_begun() {
    let mut delivery = full_delivery();
    assert_eq!(delivery.next(micros(0)), Next::Wait(Some(micros(PROBE))));
    let Next::LookUp(order, ..) = delivery.next(micros(PROBE)) else { panic!("one is tried") };
    assert_eq!(delivery.looked_up(&order, 1, None), None, "its changes are not kept any more");
    assert!(matches!(delivery.next(micros(0)), Next::Send(_)));
}

#[test]
fn with_too_many_parked_orders_one_is_tried_every_five_minutes_until_one_is_accepted() {
    let (mut delivery, mut now) = (full_delivery(), micros(0));
    let mut tried = BTreeSet::new();
    let mut next_probe = |delivery: &mut Delivery| {
        let next = now.plus_micros(PROBE).unwrap();
        assert_eq!(delivery.next(now), Next::Wait(Some(next)));
        now = next;
        let probe = message(delivery, now).expect("a probe");
        assert!(tried.insert(probe.change.data.id.clone()), "another order each time");
        assert!(matches!(delivery.next(now), Next::Wait(_)), "one at a time");
        (probe, now)
    };
    for _ in 0..3 {
        let (probe, now) = next_probe(&mut delivery);
        delivery.failed(&probe, &failure("400"), now, 0.5);
        delivery.unsaved().unwrap();
        delivery.saved();
    }
    let (probe, now) = next_probe(&mut delivery);
    delivery.succeeded(&probe, now);
    assert!(delivery.unsaved().unwrap().all_are_due);
    delivery.saved();
    for _ in 0..8 {
        assert!(message(&mut delivery, now).is_some(), "all are tried");
    }
}

#[test]
fn a_webhook_that_was_only_held_does_not_fail_any_more() {
    let hold = |delivery: &mut Delivery| {
        delivery.hold("no key".to_owned(), micros(DAY), micros(2 * DAY));
        delivery.unsaved().unwrap().health
    };
    let mut delivery = delivery_of(1);
    let health = hold(&mut delivery);
    let expected = Health {
        failing_since: Some(micros(DAY)),
        retry_at: Some(micros(2 * DAY)),
        last_error: Some("no key".to_owned()),
        ..Health::default()
    };
    assert_eq!(health, expected);
    delivery.resume();
    assert_eq!(delivery.unsaved().unwrap().health.failing_since, None);
    // However long it takes until there is something to send.
    assert!(matches!(delivery.next(micros(100 * DAY)), Next::Send(_)));

    // One whose endpoint failed before still fails.
    let mut delivery = delivery_of(1);
    let message = sendable(&mut delivery, micros(0)).remove(0);
    delivery.failed(&message, &failure("500"), micros(0), 0.5);
    assert_eq!(hold(&mut delivery).failing_since, Some(micros(0)));
    delivery.resume();
    assert!(!delivery.is_unsaved());
}

#[test]
fn a_change_that_only_a_wider_filter_wants_is_tried_again_with_the_parked_ones() {
    let id = OrderId::new("order-1").unwrap();
    let parked = Parked { first: 3, last: 3, attempts: 1, retry_at: micros(HOUR) };
    let saved = Saved { parked: [(id.clone(), parked)].into(), ..nothing_saved() };
    let mut delivery = Delivery::new(Subscription::default(), saved);
    delivery.read(&change(1, 1));
    let message = sendable(&mut delivery, micros(0)).remove(0);
    delivery.failed(&message, &failure("500"), micros(0), 0.5);
    delivery.unsaved().unwrap();
    delivery.saved();
    assert_eq!(delivery.next(micros(HOUR)), Next::LookUp(id, 1, 3));
}

#[test]
fn a_subscription_may_name_types() {
    let subscription =
        Subscription { types: Some([ChangeType::Deleted].into()), ..Subscription::default() };
    let created = change(1, 1);
    assert_eq!(subscription.change(&created), None);
    let mut deleted = created;
    deleted.change.change_type = ChangeType::Deleted;
    assert_eq!(subscription.change(&deleted), Some(deleted.change));
}

#[test]
fn the_url_of_an_endpoint_is_absolute() {
    let check =
        |text: &str, valid: bool| assert_eq!(WebhookUrl::new(text).is_ok(), valid, "{text:?}");
    check("https://crm.example/hooks?team=a", true);
    check("http://10.0.0.1:8080", true);
    check("https://", false);
    check("ftp://crm.example", false);
    check("crm.example/hooks", false);
    check("https://crm.example/a b", false);
    check("https://crm.example/\u{e4}", false);
    check(&format!("https://{}", "a".repeat(1992)), true);
    check(&format!("https://{}", "a".repeat(1993)), false);
}
