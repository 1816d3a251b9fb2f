//! Sends the changes of one webhook: [`DeliveryTask`].

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::rt::time::{sleep, sleep_until, timeout};
use actix_web::web::Bytes;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use orders_core::{
    After, Change, ChangePage, Cursor, Delivery, Failure, Message, Next, OrderId, RecordedChange,
    StoreError, Subscription, Timestamp, WebhookId,
};
use orders_db::{DeliveryAttempt, LeasedWebhook, WebhookProgress};
use tokio::sync::watch;

use super::Shared;
use super::leases::Validity;
use super::saver::Saved;
use crate::access::now;
use crate::feed::{Follower, Found};
use crate::http::log_text::LogText;
use crate::webhooks::{self, Attempt, Outcome, Secret, Target};

/// How many changes are read from the database at once.
const PAGE: usize = 64;

/// How long deliveries may be unsaved. Others that end meanwhile are saved together with them.
const SAVE_AFTER: Duration = Duration::from_millis(20);

/// How long it may be unsaved that changes were not wanted, and which attempts were made.
const SAVE_REST_AFTER: Duration = Duration::from_secs(1);

/// How often attempts are saved that succeeded. Clients can see only the last ones, so most are never stored.
const SAVE_ATTEMPTS_EVERY: Duration = Duration::from_secs(10);

/// The same for a webhook that is sent so much that all attempts that clients can see change meanwhile.
const SAVE_MANY_ATTEMPTS_EVERY: Duration = Duration::from_secs(60);

/// How many attempts are kept until they are saved: as many as clients can see.
const MAX_ATTEMPTS: usize = 100;

/// The pause after the database could not be read.
const RETRY: Duration = Duration::from_secs(1);

/// The pause before it is tried again to use a secret that cannot be decrypted, or to send what could not be saved.
const HOLD: Duration = Duration::from_secs(60);

/// The delivery of changes to one webhook.
pub(super) struct DeliveryTask {
    shared: Rc<Shared>,
    validity: Rc<Validity>,
    id: WebhookId,
    generation: i64,
    subscription: Subscription,
    endpoint: Rc<Endpoint>,
    delivery: Delivery,
    follower: Follower,
    /// The last attempts that are not saved, and since when there are any.
    attempts: VecDeque<DeliveryAttempt>,
    attempts_since: Option<Instant>,
    attempts_saved_at: Option<Instant>,
    /// What is going on.
    work: FuturesUnordered<LocalBoxFuture<'static, Done>>,
    is_reading: bool,
    is_saving: bool,
    /// The instant from which the next message may be sent.
    turn: Option<Instant>,
    /// When the first thing happened that is not saved.
    unsaved_since: Option<Instant>,
}

/// Where messages are sent.
struct Endpoint {
    target: Target,
    /// The present secret, and the one before with its end.
    secrets: (Secret, Option<(Secret, Timestamp)>),
}

/// What is done.
enum Done {
    Read(Result<ChangePage<RecordedChange>, StoreError>),
    LookedUp(OrderId, u64, Result<Option<Change>, StoreError>),
    Sent(Box<Message>, Timestamp, Attempt),
    /// What came of it, and why the webhook is disabled, if it is.
    Saved(Saved, Option<String>),
}

/// What follows from what is done.
enum Then {
    GoOn,
    End,
    /// The same, but nothing is sent for a while, because everything that is not saved is sent again.
    EndAfterHold,
}

impl Endpoint {
    fn of(shared: &Shared, webhook: &LeasedWebhook) -> Result<Self, String> {
        let target = webhook.url.as_str().parse::<Target>().map_err(|error| error.to_string())?;
        let open = |sealed: &[u8]| {
            webhooks::open(shared.key.as_ref(), sealed, webhook.id.as_str())
                .map_err(|error| error.to_string())
        };
        let current = open(&webhook.secrets.current)?;
        let previous = webhook.secrets.previous.as_ref().filter(|(_, end)| now() < *end);
        let previous = previous.and_then(|(sealed, end)| match open(sealed) {
            Ok(secret) => Some((secret, *end)),
            Err(error) => {
                let error = LogText(&error);
                log::warn!("the previous secret of webhook {} is not used: {error}", webhook.id);
                None
            }
        });
        Ok(Self { target, secrets: (current, previous) })
    }

    /// The secrets with which a message is signed now.
    fn secrets(&self, now: Timestamp) -> Vec<Secret> {
        let (current, previous) = &self.secrets;
        let previous = previous.iter().filter(|(_, end)| now < *end).map(|(secret, _)| secret);
        std::iter::once(current).chain(previous).cloned().collect()
    }
}

impl DeliveryTask {
    /// Continues where it was saved. `None` if the endpoint cannot be used; that is saved, so that no instance leases the
    /// webhook for a while.
    pub(super) async fn start(
        shared: Rc<Shared>,
        validity: Rc<Validity>,
        webhook: LeasedWebhook,
    ) -> Option<Self> {
        let mut delivery = Delivery::new(webhook.subscription.clone(), webhook.saved.clone());
        let endpoint = match Endpoint::of(&shared, &webhook) {
            Ok(endpoint) => Rc::new(endpoint),
            Err(error) => {
                log::error!("webhook {} is not delivered: {}", webhook.id, LogText(&error));
                let now = now();
                delivery.hold(error, now, now.saturating_add(HOLD));
                let progress = delivery.unsaved()?;
                let LeasedWebhook { id, generation, .. } = webhook;
                let attempts = Vec::new();
                shared.saver.save(WebhookProgress { id, generation, progress, attempts }).await;
                return None;
            }
        };
        delivery.resume();
        let follower = shared.feed.follow_for_webhook();
        let LeasedWebhook { id, generation, subscription, .. } = webhook;
        Some(Self {
            shared,
            validity,
            id,
            generation,
            subscription,
            endpoint,
            delivery,
            follower,
            attempts: VecDeque::new(),
            attempts_since: None,
            attempts_saved_at: None,
            work: FuturesUnordered::new(),
            is_reading: false,
            is_saving: false,
            turn: None,
            unsaved_since: None,
        })
    }

    /// Sends changes until it is stopped, or another instance has the webhook, or a client has changed it.
    pub(super) async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let discarded = self.follower.discarded();
        tokio::pin!(discarded);
        loop {
            let is_stopped = *stopped.borrow_and_update();
            if !is_stopped {
                self.read();
            }
            let until = if is_stopped { None } else { self.send() };
            if self.delivery.is_unsaved() {
                self.unsaved_since.get_or_insert_with(Instant::now);
            }
            let save_at = self.save(is_stopped);
            if is_stopped && self.work.is_empty() && save_at.is_none() {
                return;
            }
            let waits_for_news =
                !is_stopped && !self.is_reading && self.delivery.read_after().is_some();
            let wake_at = until.into_iter().chain(save_at).min();
            let timer = async {
                match wake_at {
                    Some(at) => sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Some(done) = self.work.next() => {
                    match self.finish(done, is_stopped) {
                        Then::GoOn => {}
                        Then::End => return,
                        Then::EndAfterHold => {
                            let _ = timeout(HOLD, stopped.wait_for(|is_stopped| *is_stopped)).await;
                            return;
                        }
                    }
                }
                () = self.follower.news(), if waits_for_news => {}
                () = timer => {}
                _ = stopped.changed() => {}
                // What this has seen is not what happened. The next lease continues with what is stored.
                () = &mut discarded => return,
            }
        }
    }

    /// Reads changes from memory, or begins to read them from the database.
    fn read(&mut self) {
        while !self.is_reading
            && let Some(after) = self.delivery.read_after()
        {
            match self.follower.after(after) {
                Found::Changes(entries) => {
                    entries.iter().for_each(|entry| self.delivery.read(&entry.recorded));
                }
                Found::Nothing => return,
                // The database decides whether the cursor is known.
                Found::Older | Found::Discarded => self.read_page(after),
            }
        }
    }

    fn read_page(&mut self, after: Cursor) {
        self.is_reading = true;
        let shared = Rc::clone(&self.shared);
        let read = async move {
            let read = shared.db.run(move |store| store.feed(After::Cursor(after), PAGE)).await;
            // Another server may lack what this instance has seen.
            if read.as_ref().map_or(true, |page| page.changes.is_empty()) {
                sleep(RETRY).await;
            }
            Done::Read(read)
        };
        self.work.push(read.boxed_local());
    }

    /// Begins to send all that can be sent. Returns when there is more.
    fn send(&mut self) -> Option<Instant> {
        loop {
            if !self.validity.suffices() {
                return Some(Instant::now() + RETRY);
            }
            let instant = Instant::now();
            let turn = *self.turn.get_or_insert_with(|| self.shared.pace.take_turn(instant));
            if turn > instant {
                return Some(turn);
            }
            let now = now();
            match self.delivery.next(now) {
                Next::Send(message) => self.send_message(message),
                Next::LookUp(order, first, last) => self.look_up(order, first, last),
                // The turn is kept for the next message.
                Next::Wait(until) => {
                    return until.map(|until| instant + between(now, until));
                }
            }
            self.turn = None;
        }
    }

    fn send_message(&mut self, message: Box<Message>) {
        let (shared, endpoint) = (Rc::clone(&self.shared), Rc::clone(&self.endpoint));
        let send = async move {
            let at = now();
            // OK because a change is JSON.
            let body = serde_json::to_vec(&message.change).expect("a change is JSON");
            let (id, secrets) = (message.change.cursor.to_string(), endpoint.secrets(at));
            let (target, body) = (&endpoint.target, Bytes::from(body));
            let sent = webhooks::Message { target, id: &id, body, secrets: &secrets };
            let attempt = shared.sender.send(&sent).await;
            Done::Sent(message, at, attempt)
        };
        self.work.push(send.boxed_local());
    }

    fn look_up(&mut self, order: OrderId, first: u64, last: u64) {
        let (shared, subscription) = (Rc::clone(&self.shared), self.subscription.clone());
        let look_up = async move {
            let id = order.clone();
            let found =
                shared.db.run(move |store| store.next_change_of(&id, first, last, &subscription));
            let found = found.await;
            Done::LookedUp(order, last, found)
        };
        self.work.push(look_up.boxed_local());
    }

    /// Saves what has happened, if it is time to do so. Returns when that is, if something is not saved.
    fn save(&mut self, at_once: bool) -> Option<Instant> {
        if self.is_saving {
            return None;
        }
        let has_deliveries = self.delivery.has_unsaved_deliveries();
        let pause = if has_deliveries { SAVE_AFTER } else { SAVE_REST_AFTER };
        let attempts_at = self.attempts_since.map(|since| {
            let pause = match self.attempts.len() {
                MAX_ATTEMPTS => SAVE_MANY_ATTEMPTS_EVERY,
                _ => SAVE_ATTEMPTS_EVERY,
            };
            let next = self.attempts_saved_at.map(|at| at + pause);
            let next = next.filter(|_| self.attempts.iter().all(|attempt| attempt.error.is_none()));
            next.unwrap_or(since).max(since + SAVE_REST_AFTER)
        });
        let save_at = self.unsaved_since.map(|since| since + pause);
        let save_at = save_at.into_iter().chain(attempts_at).min()?;
        let now = Instant::now();
        if !at_once && now < save_at {
            return Some(save_at);
        }
        self.unsaved_since = None;
        let mut attempts = Vec::new();
        if at_once || attempts_at.is_some_and(|at| at <= now) {
            self.attempts_since = None;
            self.attempts_saved_at = Some(now);
            attempts = self.attempts.drain(..).collect();
            self.delivery.save_anyway();
        }
        let progress = self.delivery.unsaved()?;
        let disabled = progress.health.disabled.clone();
        let (id, generation) = (self.id.clone(), self.generation);
        let progress = WebhookProgress { id, generation, progress, attempts };
        let shared = Rc::clone(&self.shared);
        self.is_saving = true;
        let save = async move { Done::Saved(shared.saver.save(progress).await, disabled) };
        self.work.push(save.boxed_local());
        None
    }

    /// Notes what is done.
    fn finish(&mut self, done: Done, is_stopped: bool) -> Then {
        match done {
            Done::Read(read) => self.finish_reading(read),
            Done::LookedUp(order, _, Ok(Some(_))) if is_stopped || !self.validity.suffices() => {
                self.delivery.not_looked_up(&order, now());
            }
            Done::LookedUp(order, last, Ok(change)) => {
                if let Some(message) = self.delivery.looked_up(&order, last, change) {
                    self.send_message(Box::new(message));
                }
            }
            Done::LookedUp(order, _, Err(error)) => {
                self.log_unreadable(&error);
                self.delivery.not_looked_up(&order, now().saturating_add(RETRY));
            }
            Done::Sent(message, at, attempt) => self.finish_sending(&message, at, attempt),
            Done::Saved(Saved::Yes, disabled) => {
                if let Some(reason) = disabled {
                    log::warn!("webhook {} is disabled: {}", self.id, LogText(&reason));
                }
                self.is_saving = false;
                self.delivery.saved();
            }
            Done::Saved(Saved::NotOurs, _) => return Then::End,
            Done::Saved(Saved::Impossible, _) => return Then::EndAfterHold,
        }
        Then::GoOn
    }

    fn finish_reading(&mut self, read: Result<ChangePage<RecordedChange>, StoreError>) {
        self.is_reading = false;
        match read {
            Ok(page) => {
                self.follower.set_behind(page.more);
                page.changes.iter().for_each(|change| self.delivery.read(change));
            }
            // If the database has lost what was read, this is not saved, and the next lease continues with what is stored.
            Err(StoreError::CursorGone(_)) => self.delivery.disable(
                "the changes after its cursor are no longer available: export the orders, then set after to the cursor \
                 of the export's monitor link and state to active"
                    .to_owned(),
            ),
            Err(error) => self.log_unreadable(&error),
        }
    }

    /// An outage is in the log already.
    fn log_unreadable(&self, error: &StoreError) {
        if !matches!(error, StoreError::Unavailable(_)) {
            let cause = error.to_string();
            log::error!("changes for webhook {} cannot be read: {}", self.id, LogText(&cause));
        }
    }

    fn finish_sending(&mut self, message: &Message, at: Timestamp, attempt: Attempt) {
        let Attempt { outcome, duration, retry_after } = attempt;
        let (status, error) = match &outcome {
            Outcome::Status(status) => {
                let error = (!outcome.is_success()).then(|| format!("status {status}"));
                (Some(*status), error)
            }
            Outcome::Failed(error) => (None, Some(error.to_string())),
        };
        self.shared.metrics.count(&self.id, &outcome);
        let change = &message.change;
        if self.attempts.len() == MAX_ATTEMPTS {
            self.attempts.pop_front();
        }
        self.attempts_since.get_or_insert_with(Instant::now);
        self.attempts.push_back(DeliveryAttempt {
            attempted_at: at,
            cursor: change.cursor,
            order: change.data.id.clone(),
            change_type: change.change_type,
            status,
            duration,
            error: error.clone(),
        });
        let was_probing = self.delivery.is_probing();
        match error {
            None => self.delivery.succeeded(message, now()),
            Some(error) => {
                let failure = Failure { error, gone: status == Some(410), retry_after };
                self.delivery.failed(message, &failure, now(), fastrand::f64());
                if !was_probing && self.delivery.is_probing() {
                    log::warn!("webhook {} fails: {}", self.id, LogText(&failure.error));
                }
            }
        }
        if was_probing && !self.delivery.is_probing() {
            log::info!("webhook {} works again", self.id);
        }
    }
}

/// The time from one instant to another, which may be over.
fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::from_micros(to.as_micros().saturating_sub(from.as_micros()).try_into().unwrap_or(0))
}
