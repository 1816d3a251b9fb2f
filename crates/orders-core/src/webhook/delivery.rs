//! Which change is sent next: [`Delivery`].

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use super::health::{self, MAX_PARKED, MAX_PROBE};
use super::{Failure, Health, Subscription};
use crate::{Change, Cursor, OrderId, RecordedChange, Timestamp};

/// The most changes that are read and not done yet.
const MAX_OPEN: usize = 64;

/// The most changes from the first that is not done, with those that are done.
const WINDOW: usize = 1024;

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
    /// How many of them are not done.
    open: usize,
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
    /// When one of too many parked orders is tried early, because others wait for them.
    probe_at: Option<Timestamp>,
    /// Whether the last message that was begun is a retry. Then a new change comes next, if one waits.
    was_retry: bool,
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
    /// The last change that was read. All of this is about changes up to it, so it must not be saved where that change is
    /// not known: after a failover, the same positions may belong to other changes.
    pub read: Cursor,
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
    position: u64,
    order: OrderId,
    state: State,
}

#[derive(Debug)]
enum State {
    Waiting(Box<Change>),
    Sent,
    Done,
}

impl Pending {
    fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }
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
            open: 0,
            was_retry: false,
            in_flight: HashSet::new(),
            unsaved: HashSet::new(),
            saving: HashSet::new(),
            parked,
            changed: BTreeSet::new(),
            all_are_due: false,
            probe_at: None,
            has_changed: false,
        }
    }

    /// The cursor after which the next changes are to be read; `None` if none can be read now.
    #[must_use]
    pub fn read_after(&self) -> Option<Cursor> {
        (self.open < MAX_OPEN && self.window.len() < WINDOW).then_some(self.read)
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
        let order = change.data.id.clone();
        let state = match was_done || is_parked {
            true => State::Done,
            false => State::Waiting(Box::new(change)),
        };
        self.open += usize::from(!matches!(state, State::Done));
        self.window.push_back(Pending { before, position, order, state });
        self.pop_done();
    }

    /// What is to be done next.
    pub fn next(&mut self, now: Timestamp) -> Next {
        self.has_changed |= self.health.give_up(now);
        if self.health.disabled.is_some() {
            return Next::Wait(None);
        }
        let give_up_at = self.health.give_up_at();
        if let Some(at) = self.health.retry_at.filter(|at| *at > now) {
            return Next::Wait(give_up_at.map_or(Some(at), |give_up| Some(at.min(give_up))));
        }
        let is_probing = self.health.is_probing();
        if self.in_flight.len() >= if is_probing { 1 } else { self.limit } {
            return Next::Wait(None);
        }
        let parked = self.parked.iter().filter(|(order, _)| self.is_free(order));
        let first =
            parked.min_by_key(|(_, it)| it.retry_at).map(|(order, it)| (order.clone(), *it));
        let is_full = self.is_full();
        let probe_at =
            is_full.then(|| *self.probe_at.get_or_insert_with(|| now.saturating_add(MAX_PROBE)));
        let next_retry =
            first.as_ref().map(|(_, it)| it.retry_at.min(probe_at.unwrap_or(it.retry_at)));
        let due = first.filter(|_| is_probing || next_retry.is_some_and(|at| at <= now));
        // The first change of an order is the first that is found: later ones wait while it is in flight.
        let is_next =
            |it: &Pending| matches!(it.state, State::Waiting(_)) && self.is_free(&it.order);
        let waiting = self.window.iter().position(is_next);
        let waiting = waiting.filter(|_| !is_full);
        // They take turns, so that neither keeps the other waiting.
        match (due, waiting) {
            (Some((order, parked)), waiting) if waiting.is_none() || !self.was_retry => {
                self.was_retry = true;
                self.probe_at = None;
                self.in_flight.insert(order.clone());
                Next::LookUp(order, parked.first, parked.last)
            }
            (_, Some(index)) => {
                self.was_retry = false;
                let pending = &mut self.window[index];
                self.in_flight.insert(pending.order.clone());
                match std::mem::replace(&mut pending.state, State::Sent) {
                    State::Waiting(change) => {
                        Next::Send(Box::new(Message { change: *change, is_retry: false }))
                    }
                    // OK because of the search above.
                    State::Sent | State::Done => Next::Wait(None),
                }
            }
            _ => Next::Wait(next_retry.into_iter().chain(give_up_at).min()),
        }
    }

    /// Whether so many orders are parked that no further ones are begun.
    fn is_full(&self) -> bool {
        self.parked.len() >= MAX_PARKED
    }

    /// Whether the next message of an order may be sent.
    fn is_free(&self, order: &OrderId) -> bool {
        !self.in_flight.contains(order) && !self.unsaved.contains(order)
    }

    /// Takes what was looked up for a parked order, up to the position `last`. Returns the message to send. Without a
    /// change, all changes up to there have been delivered, are not wanted, or are not kept any more.
    pub fn looked_up(
        &mut self,
        order: &OrderId,
        last: u64,
        change: Option<Change>,
    ) -> Option<Message> {
        if let Some(change) = change {
            return Some(Message { change, is_retry: true });
        }
        self.in_flight.remove(order);
        self.advance(order, last);
        None
    }

    /// Notes that nothing could be looked up now. Nothing is sent before this instant.
    pub fn not_looked_up(&mut self, order: &OrderId, retry_at: Timestamp) {
        self.in_flight.remove(order);
        self.health.retry_at = self.health.retry_at.max(Some(retry_at));
    }

    /// Notes that a message was delivered.
    pub fn succeeded(&mut self, message: &Message, now: Timestamp) {
        let order = &message.change.data.id;
        let position = message.change.cursor.position;
        self.in_flight.remove(order);
        self.unsaved.insert(order.clone());
        self.has_changed = true;
        let is_probing = self.health.is_probing();
        // If one of too many parked orders is accepted, others may be too.
        if is_probing || message.is_retry && self.is_full() {
            self.all_are_due = true;
            self.parked.values_mut().for_each(|parked| parked.retry_at = now);
        }
        self.limit = if is_probing { 1 } else { MAX_IN_FLIGHT.min(self.limit + 1) };
        self.health.succeeded();
        if message.is_retry {
            self.advance(order, position);
        } else {
            self.finish(position);
        }
    }

    /// Notes that a message was not delivered, or that this is not known. `random` is from 0 to 1.
    pub fn failed(&mut self, message: &Message, failure: &Failure, now: Timestamp, random: f64) {
        let order = &message.change.data.id;
        let position = message.change.cursor.position;
        self.in_flight.remove(order);
        self.has_changed = true;
        // A retry says nothing of other orders, and a message that was sent before the others failed is no probe.
        let counts = match self.health.is_probing() {
            true => self.in_flight.is_empty(),
            false => !message.is_retry,
        };
        self.health.failed(failure, counts, now, random);
        let parked = self.parked.entry(order.clone()).or_insert(Parked {
            first: position,
            last: position,
            attempts: 0,
            retry_at: now,
        });
        // With a wider filter, an earlier change may be wanted than the one that the order was parked for.
        parked.first = parked.first.min(position);
        parked.attempts = parked.attempts.saturating_add(1);
        parked.retry_at = health::retry_at(parked.attempts, failure.retry_after, now, random);
        // The later changes of the order wait behind it.
        for pending in self.window.iter_mut().filter(|it| it.order == *order && !it.is_done()) {
            pending.state = State::Done;
            self.open -= 1;
            parked.last = parked.last.max(pending.position);
        }
        self.changed.insert(order.clone());
        self.pop_done();
    }

    /// Gives up the webhook, for this reason.
    pub fn disable(&mut self, reason: String) {
        self.health.disabled = Some(reason);
        self.has_changed = true;
    }

    /// Holds the webhook until this instant, for this reason: nothing can be sent.
    pub fn hold(&mut self, reason: String, now: Timestamp, until: Timestamp) {
        self.health.failing_since.get_or_insert(now);
        self.health.retry_at = Some(until);
        self.health.last_error = Some(reason);
        self.has_changed = true;
    }

    /// Notes that something can be sent. If nothing waits because it failed, the webhook was only held.
    pub fn resume(&mut self) {
        let was_held = self.health.failures == 0 && self.parked.is_empty();
        if was_held && self.health.failing_since.is_some() {
            self.health = Health { retry_at: self.health.retry_at, ..Health::default() };
            self.has_changed = true;
        }
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

    /// Whether [`Delivery::unsaved`] has something to return.
    #[must_use]
    pub fn is_unsaved(&self) -> bool {
        self.has_changed
    }

    /// Whether deliveries are waiting to be saved, which delays the next messages of their orders.
    #[must_use]
    pub fn has_unsaved_deliveries(&self) -> bool {
        self.unsaved.len() > self.saving.len()
    }

    /// Lets the next [`Delivery::unsaved`] return what it is, also if nothing has changed.
    pub fn save_anyway(&mut self) {
        self.has_changed = true;
    }

    /// What is to be saved. [`Delivery::saved`] must follow before the next call.
    pub fn unsaved(&mut self) -> Option<Progress> {
        if !std::mem::take(&mut self.has_changed) {
            return None;
        }
        self.saving = self.unsaved.clone();
        let done = self.window.iter().filter(|it| it.is_done()).map(|it| it.position);
        let changed = std::mem::take(&mut self.changed);
        Some(Progress {
            read: self.read,
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
        let is_it = |it: &&mut Pending| it.position == position && !it.is_done();
        if let Some(pending) = self.window.iter_mut().find(is_it) {
            pending.state = State::Done;
            self.open -= 1;
        }
        self.pop_done();
    }

    /// Notes that the changes of a parked order up to a position are done. If others were read meanwhile, it stays parked.
    fn advance(&mut self, order: &OrderId, position: u64) {
        let Some(parked) = self.parked.get_mut(order) else { return };
        *parked = Parked { first: position + 1, attempts: 0, ..*parked };
        if parked.first > parked.last {
            self.parked.remove(order);
        }
        self.changed.insert(order.clone());
        self.has_changed = true;
    }

    fn pop_done(&mut self) {
        while self.window.front().is_some_and(Pending::is_done) {
            self.window.pop_front();
        }
    }
}
