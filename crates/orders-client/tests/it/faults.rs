//! Faults between client and service: no order twice, no wrong "failed", no wrong "done".
//!
//! Each case is a request whose attempts go through a proxy that fails as a random plan says. Afterwards the orders and
//! their histories are read without faults, and compared with the result that the client got.

use std::time::Duration;

use fastrand::Rng;
use futures_util::{StreamExt as _, stream};
use orders_client::{
    Change, Client, Direction, Error, IdempotencyKey, Order, OrderDraft, OrderFilter, OrderId,
    OrderPatch, Timestamp,
};

use crate::proxy::{Fault, Proxy};
use crate::samples::{day, draft, id};
use crate::service::{impatient, shared};

const CASES: u64 = 1000;

/// How many cases run at a time.
const AT_ONCE: usize = 16;

/// How many times a request is repeated.
const RETRIES: usize = 2;

/// What is requested of the service.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Create,
    CreateWithId,
    CreateWithKey,
    Replace,
    Patch,
    Delete,
}

#[derive(Debug)]
struct Case {
    kind: Kind,
    /// The version that is required, if any: of the order, or an older one.
    version: Option<u64>,
    /// Whether there is the order that is changed, or an order with the id of the new one.
    exists: bool,
    /// Whether another order is too close to the requested time.
    is_blocked: bool,
    plan: Vec<Fault>,
}

/// What the plan allows the client to know.
#[derive(Debug, PartialEq)]
enum Knowledge {
    /// The answer of the service. It may be the second one to the same request.
    Answer { after_doubt: bool },
    /// That it may have happened.
    Doubt,
    /// That nothing happened.
    Nothing,
}

/// The result of a request, without what it contains.
#[derive(Debug, PartialEq)]
enum Outcome {
    Done,
    Rejected(&'static str),
    NotDone,
    Unknown,
}

impl Case {
    fn new(random: &mut Rng) -> Self {
        let kinds = [
            Kind::Create,
            Kind::CreateWithId,
            Kind::CreateWithKey,
            Kind::Replace,
            Kind::Patch,
            Kind::Delete,
        ];
        let kind = kinds[random.usize(..kinds.len())];
        let is_create = matches!(kind, Kind::Create | Kind::CreateWithId | Kind::CreateWithKey);
        let exists = match kind {
            Kind::CreateWithId => random.u8(..4) == 0,
            _ if is_create => false,
            _ => random.u8(..8) > 0,
        };
        let version = (!is_create && random.bool()).then(|| if random.bool() { 2 } else { 1 });
        let faults = random.usize(..=RETRIES + 1);
        let plan = (0..faults).map(|_| fault(random)).collect();
        Self { kind, version, exists, is_blocked: random.u8(..4) == 0, plan }
    }

    /// Whether the client may repeat the request after a lost response.
    fn is_repeatable(&self) -> bool {
        self.version.is_none()
    }

    fn knowledge(&self) -> Knowledge {
        let mut doubt = false;
        for attempt in 0..=RETRIES {
            match self.plan.get(attempt) {
                None => return Knowledge::Answer { after_doubt: doubt },
                Some(Fault::TooManyRequests) => {}
                Some(_) if !self.is_repeatable() => return Knowledge::Doubt,
                Some(_) => doubt = true,
            }
        }
        if doubt { Knowledge::Doubt } else { Knowledge::Nothing }
    }

    /// What the service answers if it gets the request for the first time.
    fn answer(&self) -> Outcome {
        if self.is_create() && self.exists {
            return Outcome::Rejected("id-taken");
        }
        if !self.is_create() && !self.exists {
            return Outcome::Rejected("not-found");
        }
        if self.version == Some(1) {
            return Outcome::Rejected("version-mismatch");
        }
        match self.is_blocked && !matches!(self.kind, Kind::Delete | Kind::Patch) {
            true => Outcome::Rejected("conflict"),
            false => Outcome::Done,
        }
    }

    /// Whether an attempt may find that the service still works on an earlier one with the same key.
    fn may_overlap(&self) -> bool {
        self.is_create() && self.plan.contains(&Fault::AfterRequest)
    }

    fn is_create(&self) -> bool {
        matches!(self.kind, Kind::Create | Kind::CreateWithId | Kind::CreateWithKey)
    }

    /// What the client must say.
    fn expected(&self) -> Outcome {
        match (self.knowledge(), self.answer()) {
            (Knowledge::Doubt, _) => Outcome::Unknown,
            (Knowledge::Nothing, _) => Outcome::NotDone,
            // The order is gone, and nobody knows since when.
            (Knowledge::Answer { after_doubt: true }, Outcome::Rejected("not-found"))
                if self.kind == Kind::Delete =>
            {
                Outcome::Done
            }
            (Knowledge::Answer { .. }, answer) => answer,
        }
    }
}

fn fault(random: &mut Rng) -> Fault {
    match random.u8(..60) {
        0..10 => Fault::BeforeRequest,
        10..20 => Fault::DuringRequest(random.f64()),
        20..28 => Fault::AfterRequest,
        28..36 => Fault::BeforeResponse,
        36..46 => Fault::DuringResponse(random.f64()),
        46 => Fault::Silence,
        47..50 => Fault::Unavailable,
        50..53 => Fault::UnavailableAfterwards,
        53..56 => Fault::BadGateway,
        _ => Fault::TooManyRequests,
    }
}

/// The orders of a case before and after it, without faults.
struct Orders {
    client: Client,
    start: Timestamp,
}

impl Orders {
    async fn all(&self) -> Vec<Order> {
        let filter = OrderFilter {
            from: Some(self.start),
            to: self.start.plus_micros(24 * 3_600_000_000),
            ..OrderFilter::default()
        };
        self.client.orders(&filter, Direction::Ascending).all().await.unwrap()
    }

    async fn history(&self, id: &OrderId) -> Vec<Change> {
        match self.client.history(id).all().await {
            Err(Error::NotFound(_)) => Vec::new(),
            changes => changes.unwrap(),
        }
    }
}

async fn check(client: Client, seed: u64) {
    let mut random = Rng::with_seed(seed);
    let case = Case::new(&mut random);
    let start = day(seed as i64);
    let orders = Orders { client, start };
    let subject = id(&format!("case-{seed}"));

    // The order that is changed has two versions, at 6:00. Another one may be at 19:00.
    if case.exists {
        let existing = OrderDraft { id: Some(subject.clone()), ..draft(start, 360) };
        orders.client.create(&existing).await.unwrap();
        orders.client.replace(&subject, &existing).await.unwrap();
    }
    if case.is_blocked {
        orders.client.create(&draft(start, 19 * 60)).await.unwrap();
    }
    let before = orders.all().await;
    let versions = orders.history(&subject).await.len();

    let proxy = Proxy::start(shared().address()).await;
    proxy.plan(case.plan.iter().copied());
    let timeout = Duration::from_secs(if case.plan.contains(&Fault::Silence) { 2 } else { 60 });
    let client = impatient(&proxy.url()).timeout(timeout).build().unwrap();
    let requested = OrderDraft { reference: reference(seed), ..draft(start, 18 * 60) };
    let result = send(&client, &case, &subject, &requested).await;
    proxy.settle().await;

    let outcome = outcome(&result);
    let context = format!("case {seed}: {case:?}: {result:?}");
    assert!(
        outcome == case.expected() || outcome == Outcome::Unknown && case.may_overlap(),
        "{context}"
    );

    // What happened.
    let after = orders.all().await;
    let new: Vec<_> = after.iter().filter(|order| !before.contains(order)).collect();
    let changes = orders.history(&subject).await.len() - versions;
    let happened = match case.kind {
        _ if case.is_create() => !new.is_empty(),
        Kind::Replace | Kind::Patch => changes > 0,
        _ => case.exists && !after.iter().any(|order| order.id == subject),
    };
    assert!(new.len() <= 1, "{context}: it was done twice: {new:?}");
    assert!(case.is_repeatable() || changes <= 1, "{context}: it was done twice");
    match outcome {
        Outcome::Done => {
            let already_gone = case.kind == Kind::Delete && !case.exists;
            assert!(happened || already_gone, "{context}: it was not done");
            // An earlier attempt may have been executed later.
            let version = new.first().map_or(0, |order| order.version);
            let at_last = |order: Order| Order { version, updated_at: start, ..order };
            let (done, found) = (result.unwrap().map(at_last), new.first().copied().cloned());
            assert_eq!(done, found.map(at_last), "{context}");
        }
        Outcome::Rejected(_) | Outcome::NotDone => {
            assert!(!happened && after == before, "{context}: it was done");
        }
        // Either, but nothing else.
        Outcome::Unknown if !happened => assert_eq!(after, before, "{context}"),
        Outcome::Unknown => assert_eq!(case.answer(), Outcome::Done, "{context}"),
    }
    if let Some(created) = new.first() {
        assert_eq!(created.reference, requested.reference, "{context}");
    }
}

fn reference(seed: u64) -> Option<orders_client::Reference> {
    orders_client::Reference::new(format!("PO-{seed}")).ok()
}

async fn send(
    client: &Client,
    case: &Case,
    subject: &OrderId,
    requested: &OrderDraft,
) -> Result<Option<Order>, Error> {
    let own_id = OrderDraft { id: Some(subject.clone()), ..requested.clone() };
    match (case.kind, case.version) {
        (Kind::Create, _) => client.create(requested).await.map(Some),
        (Kind::CreateWithId, _) => client.create(&own_id).await.map(Some),
        (Kind::CreateWithKey, _) => {
            let key = IdempotencyKey::new(subject.as_str()).unwrap();
            client.create(requested).idempotency_key(key).await.map(Some)
        }
        (Kind::Replace, None) => client.replace(subject, requested).await.map(Some),
        (Kind::Replace, Some(version)) => {
            client.replace(subject, requested).if_version(version).await.map(Some)
        }
        (Kind::Patch, version) => {
            let reference = Some(requested.reference.clone());
            let patch = OrderPatch { reference, ..OrderPatch::default() };
            let patch = client.patch(subject, &patch);
            match version {
                None => patch.await.map(Some),
                Some(version) => patch.if_version(version).await.map(Some),
            }
        }
        (Kind::Delete, None) => client.delete(subject).await.map(|()| None),
        (Kind::Delete, Some(version)) => {
            client.delete(subject).if_version(version).await.map(|()| None)
        }
    }
}

fn outcome(result: &Result<Option<Order>, Error>) -> Outcome {
    match result {
        Ok(_) => Outcome::Done,
        Err(Error::Conflict(_)) => Outcome::Rejected("conflict"),
        Err(Error::NotFound(_)) => Outcome::Rejected("not-found"),
        Err(Error::IdTaken(_)) => Outcome::Rejected("id-taken"),
        Err(Error::VersionMismatch(_)) => Outcome::Rejected("version-mismatch"),
        Err(Error::Unavailable(_) | Error::RateLimited(_)) => Outcome::NotDone,
        Err(Error::Unknown(_)) => Outcome::Unknown,
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn no_fault_leads_to_a_second_order_or_a_wrong_result() {
    let client = shared().client();
    let cases = stream::iter(0..CASES).map(|seed| check(client.clone(), seed));
    cases.buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}
