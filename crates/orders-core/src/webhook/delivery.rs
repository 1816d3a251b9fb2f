//! Which change is sent next: [`Delivery`].

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use super::health::{self, MAX_PARKED};
use super::{Failure, Health, Subscription};
use crate::{Change, Cursor, OrderId, RecordedChange, Timestamp};

/// The most changes that are read ahead of those that are delivered.
const WINDOW: usize = 64;

/// The most messages that are sent at the same time.
const MAX_IN_FLIGHT: usize = 8;

/// The delivery of changes to one webhook.
///
/// The changes of the feed are [read](Delivery::read) in their order. [`Delivery::next`] says what is sent next: at most
/// one message per order at a time, and none of an order whose last delivery is not [saved](Delivery::saved). So after a
/// crash, at most one message per order is repeated. An order whose delivery fails is parked with all its later changes
/// while other orders continue.
#[derive(Debug)]
pub struct Delivery {
    subscription: Subscription,
    health: Health,
    /// Up to here, changes have been read.
    read: Cursor,
    /// Positions after the saved cursor that are done, until they have been read again.
    done: BTreeSet<u64>,
    /// Wanted changes from the first that is not done.
    window: VecDeque<Pending>,
    /// The orders whose messages are in flight.
    in_flight: HashSet<OrderId>,
    /// The orders whose deliveries are not saved, and of these those that [`Delivery::unsaved`] has returned.
    unsaved: HashSet<OrderId>,
    saving: HashSet<OrderId>,
    parked: BTreeMap<OrderId, Parked>,
    /// The parked orders that are to be saved; some of them are not parked any more.
    changed: BTreeSet<OrderId>,
    /// Whether the retries of all parked orders are to be saved as due.
    all_are_due: bool,
    /// How many messages may be in flight. After an outage it begins with one.
    limit: usize,
    has_changed: bool,
}

/// What is stored of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// Up to here, all changes are done: delivered, not wanted, or with a parked order.
    pub cursor: Cursor,
    /// Positions after it that are done.
    pub done: BTreeSet<u64>,
    /// Whether the endpoint works.
    pub health: Health,
    /// The parked orders.
    pub parked: BTreeMap<OrderId, Parked>,
}

/// An order whose delivery failed. Its changes between these positions wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parked {
    /// The position of the change that is delivered next, or one before it.
    pub first: u64,
    /// The last position.
    pub last: u64,
    /// How many attempts to deliver the first change have failed.
    pub attempts: u32,
    /// When the next attempt is made.
    pub retry_at: Timestamp,
}

/// What has changed since it was last saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// As in [`Saved`].
    pub cursor: Cursor,
    /// As in [`Saved`].
    pub done: BTreeSet<u64>,
    /// As in [`Saved`].
    pub health: Health,
    /// Whether all parked orders are due now, before the next field applies.
    pub all_are_due: bool,
    /// The orders that have been parked, or differently, or that are not parked any more.
    pub parked: BTreeMap<OrderId, Option<Parked>>,
}

/// A change that is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The change.
    pub change: Change,
    is_retry: bool,
}

/// What a delivery does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Send this message.
    Send(Box<Message>),
    /// Look up the first wanted change of this order between these positions, for [`Delivery::looked_up`].
    LookUp(OrderId, u64, u64),
    /// Wait until this instant, or for something to happen.
    Wait(Option<Timestamp>),
}

#[derive(Debug)]
struct Pending {
    /// The cursor of the change before.
    before: Cursor,
    change: Change,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Sent,
    Done,
}

impl Delivery {
    /// Continues a delivery where it was saved.
    #[must_use]
    pub fn new(subscription: Subscription, saved: Saved) -> Self {
        let Saved { cursor, done, health, parked } = saved;
        Self {
            subscription,
            limit: if health.failures == 0 { MAX_IN_FLIGHT } else { 1 },
            health,
            read: cursor,
            done,
            window: VecDeque::new(),
            in_flight: HashSet::new(),
            unsaved: HashSet::new(),
            saving: HashSet::new(),
            parked,
            changed: BTreeSet::new(),
            all_are_due: false,
            has_changed: false,
        }
    }

    /// The cursor after which the next changes are to be read; `None` if none can be read now.
    #[must_use]
    pub fn read_after(&self) -> Option<Cursor> {
        (self.window.len() < WINDOW).then_some(self.read)
    }

    /// Reads the next change of the feed.
    pub fn read(&mut self, recorded: &RecordedChange) {
        let before = std::mem::replace(&mut self.read, recorded.change.cursor);
        let position = self.read.position;
        let was_done = self.done.remove(&position);
        self.has_changed = true;
        let Some(change) = self.subscription.change(recorded) else { return };
        let parked = self.parked.get_mut(&change.data.id).filter(|parked| position >= parked.first);
        let is_parked = parked.is_some();
        if let Some(parked) = parked.filter(|parked| position > parked.last) {
            parked.last = position;
            self.changed.insert(change.data.id.clone());
        }
        let state = if was_done || is_parked { State::Done } else { State::Waiting };
        self.window.push_back(Pending { before, change, state });
        self.pop_done();
    }

    /// What is to be done next.
    pub fn next(&mut self, now: Timestamp) -> Next {
        if self.health.disabled.is_some() {
            return Next::Wait(None);
        }
        if let Some(at) = self.health.retry_at.filter(|at| *at > now) {
            return Next::Wait(Some(at));
        }
        let limit = if self.health.is_probing() { 1 } else { self.limit };
        if self.in_flight.len() >= limit {
            return Next::Wait(None);
        }
        let parked = self.parked.iter().filter(|(order, _)| self.is_free(order));
        let first =
            parked.min_by_key(|(_, it)| it.retry_at).map(|(order, it)| (order.clone(), *it));
        if let Some((order, parked)) = &first
            && (parked.retry_at <= now || self.health.is_probing())
        {
            self.in_flight.insert(order.clone());
            return Next::LookUp(order.clone(), parked.first, parked.last);
        }
        // The first change of an order is the first that is found: later ones wait while it is in flight.
        let is_next = |it: &Pending| it.state == State::Waiting && self.is_free(&it.change.data.id);
        let next = self.window.iter().position(is_next).filter(|_| self.parked.len() < MAX_PARKED);
        if let Some(pending) = next.and_then(|index| self.window.get_mut(index)) {
            pending.state = State::Sent;
            self.in_flight.insert(pending.change.data.id.clone());
            return Next::Send(Box::new(Message {
                change: pending.change.clone(),
                is_retry: false,
            }));
        }
        Next::Wait(first.map(|(_, parked)| parked.retry_at))
    }

    /// Whether the next message of an order may be sent.
    fn is_free(&self, order: &OrderId) -> bool {
        !self.in_flight.contains(order) && !self.unsaved.contains(order)
    }

    /// Takes the change that was looked up for a parked order. Returns the message to send. Without a change, the order is
    /// not parked any more: all its changes have been delivered, or are not kept any more.
    pub fn looked_up(&mut self, order: &OrderId, change: Option<Change>) -> Option<Message> {
        match change {
            Some(change) => Some(Message { change, is_retry: true }),
            None => {
                self.in_flight.remove(order);
                self.unpark(order);
                None
            }
        }
    }

    /// Notes that nothing could be looked up now. It is attempted again at this instant.
    pub fn not_looked_up(&mut self, order: &OrderId, retry_at: Timestamp) {
        self.in_flight.remove(order);
        if let Some(parked) = self.parked.get_mut(order) {
            parked.retry_at = retry_at;
        }
    }

    /// Notes that a message was delivered.
    pub fn succeeded(&mut self, message: &Message, now: Timestamp) {
        let order = &message.change.data.id;
        let position = message.change.cursor.position;
        self.in_flight.remove(order);
        self.unsaved.insert(order.clone());
        self.has_changed = true;
        if self.health.is_probing() {
            self.limit = 1;
            self.all_are_due = true;
            self.parked.values_mut().for_each(|parked| parked.retry_at = now);
        } else {
            self.limit = MAX_IN_FLIGHT.min(self.limit + 1);
        }
        self.health.succeeded();
        if !message.is_retry {
            return self.finish(position);
        }
        let Some(parked) = self.parked.get_mut(order) else { return };
        *parked = Parked { first: position + 1, attempts: 0, retry_at: now, ..*parked };
        if parked.first > parked.last {
            self.unpark(order);
        } else {
            self.changed.insert(order.clone());
        }
    }

    /// Notes that a message was not delivered, or that this is not known. `random` is from 0 to 1.
    pub fn failed(&mut self, message: &Message, failure: &Failure, now: Timestamp, random: f64) {
        let order = &message.change.data.id;
        let position = message.change.cursor.position;
        self.in_flight.remove(order);
        self.has_changed = true;
        self.health.failed(failure, now, random);
        let parked = self.parked.entry(order.clone()).or_insert(Parked {
            first: position,
            last: position,
            attempts: 0,
            retry_at: now,
        });
        parked.attempts = parked.attempts.saturating_add(1);
        parked.retry_at = health::retry_at(parked.attempts, failure.retry_after, now, random);
        // The later changes of the order wait behind it.
        for pending in self.window.iter_mut().filter(|it| it.change.data.id == *order) {
            if pending.change.cursor.position >= parked.first {
                pending.state = State::Done;
                parked.last = parked.last.max(pending.change.cursor.position);
            }
        }
        self.changed.insert(order.clone());
        self.pop_done();
    }

    /// Gives up the webhook, for this reason.
    pub fn disable(&mut self, reason: String) {
        self.health.disabled = Some(reason);
        self.has_changed = true;
    }

    /// Holds the webhook until this instant, for this reason.
    pub fn hold(&mut self, reason: String, until: Timestamp) {
        self.health.retry_at = Some(until);
        self.health.last_error = Some(reason);
        self.has_changed = true;
    }

    /// Whether the endpoint has failed so often that only one message at a time is sent.
    #[must_use]
    pub fn is_probing(&self) -> bool {
        self.health.is_probing()
    }

    /// How many messages are in flight.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Whether deliveries are waiting to be saved, which delays the next messages of their orders.
    #[must_use]
    pub fn has_unsaved_deliveries(&self) -> bool {
        self.unsaved.len() > self.saving.len()
    }

    /// What is to be saved. [`Delivery::saved`] must follow before the next call.
    pub fn unsaved(&mut self) -> Option<Progress> {
        if !std::mem::take(&mut self.has_changed) {
            return None;
        }
        self.saving = self.unsaved.clone();
        let done = self.window.iter().filter(|it| it.state == State::Done);
        let done = done.map(|it| it.change.cursor.position);
        let changed = std::mem::take(&mut self.changed);
        Some(Progress {
            cursor: self.window.front().map_or(self.read, |first| first.before),
            done: done.chain(self.done.iter().copied()).collect(),
            health: self.health.clone(),
            all_are_due: std::mem::take(&mut self.all_are_due),
            parked: changed
                .into_iter()
                .map(|id| (id.clone(), self.parked.get(&id).copied()))
                .collect(),
        })
    }

    /// Notes that what [`Delivery::unsaved`] returned has been saved.
    pub fn saved(&mut self) {
        for order in self.saving.drain() {
            self.unsaved.remove(&order);
        }
    }

    /// Marks a change of the window as done.
    fn finish(&mut self, position: u64) {
        if let Some(pending) =
            self.window.iter_mut().find(|it| it.change.cursor.position == position)
        {
            pending.state = State::Done;
        }
        self.pop_done();
    }

    fn unpark(&mut self, order: &OrderId) {
        self.parked.remove(order);
        self.changed.insert(order.clone());
        self.has_changed = true;
    }

    fn pop_done(&mut self) {
        while self.window.front().is_some_and(|first| first.state == State::Done) {
            self.window.pop_front();
        }
    }
}
