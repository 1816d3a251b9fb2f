//! The heartbeat of the database, on a thread and a session of its own: [`Pulse`].

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};
use std::{io, thread};

use actix_web::rt::time::timeout;
use orders_core::{StoreError, Timestamp};
use orders_db::{Beat, Heartbeat, KeyHash, PgStore};
use tokio::sync::oneshot;

use super::snapshot::{Current, Snapshot};
use super::token::Tokens;
use crate::http::log_text::LogText;

/// The longest time between two beats.
const INTERVAL: Duration = Duration::from_secs(1);

/// How often idempotency keys that have expired are deleted.
const CLEANUP: Duration = Duration::from_secs(60);

/// The longest wait for a beat that was asked for.
const BEAT_WAIT: Duration = Duration::from_secs(2);

/// Why the database cannot be used, or nothing.
type Health = Result<(), String>;

/// A thread that asks the database once a second, and on request, whether it accepts writes and whether clients or keys
/// have changed. It also reads the keys of the identity provider again if they have changed. It ends when this is dropped.
pub(crate) struct Pulse {
    requests: Sender<oneshot::Sender<Health>>,
}

impl Pulse {
    /// Starts the thread.
    pub(crate) fn start(
        heartbeat: Heartbeat,
        store: PgStore,
        current: Arc<Current>,
        tokens: Option<Arc<Tokens>>,
    ) -> io::Result<Self> {
        let (requests, requested) = channel();
        let next_cleanup = Instant::now() + CLEANUP;
        let beating = Beating { heartbeat, store, current, tokens, next_cleanup, failed: false };
        thread::Builder::new()
            .name("heartbeat".to_owned())
            .spawn(move || beating.run(requested))?;
        Ok(Self { requests })
    }

    /// The result of a beat that starts now.
    ///
    /// # Errors
    /// Why the database cannot be used.
    pub(crate) async fn beat(&self) -> Health {
        let (sender, result) = oneshot::channel();
        let _ = self.requests.send(sender);
        match timeout(BEAT_WAIT, result).await {
            Ok(Ok(health)) => health,
            Ok(Err(_)) => Err("the heartbeat has ended".to_owned()),
            Err(_) => Err(format!("no heartbeat within {BEAT_WAIT:?}")),
        }
    }
}

struct Beating {
    heartbeat: Heartbeat,
    store: PgStore,
    current: Arc<Current>,
    tokens: Option<Arc<Tokens>>,
    next_cleanup: Instant,
    /// Whether the last beat failed.
    failed: bool,
}

impl Beating {
    fn run(mut self, requests: Receiver<oneshot::Sender<Health>>) {
        loop {
            let first = match requests.recv_timeout(INTERVAL) {
                Ok(request) => Some(request),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let waiting: Vec<_> = first.into_iter().chain(requests.try_iter()).collect();
            if let Some(tokens) = &self.tokens {
                tokens.reload_keys();
            }
            let health = self.beat().map_err(|error| describe(&error));
            self.log(&health);
            for request in waiting {
                // If the request was given up meanwhile, nobody needs the result.
                let _ = request.send(health.clone());
            }
        }
    }

    fn beat(&mut self) -> Result<(), StoreError> {
        let start = Instant::now();
        let Beat { access_version, read_only } = self.heartbeat.beat()?;
        if !self.current.is_at(access_version) {
            self.current.replace(Snapshot::new(self.heartbeat.access()?));
        }
        self.current.confirm(start);
        // They are not kept while the server accepts no writes, because they could become many.
        let uses = self.current.take_uses();
        if read_only {
            // New sessions may find the server that accepts writes.
            self.store.reconnect();
            return Err(StoreError::Unavailable("the database is read-only".into()));
        }
        // The service works without what follows.
        if let Err(error) = self.clean_up(start, &uses) {
            log::warn!("cannot update the keys: {}", LogText(&describe(&error)));
        }
        Ok(())
    }

    /// Stores when keys were used, and deletes expired idempotency keys once a minute.
    fn clean_up(&mut self, now: Instant, uses: &[(KeyHash, Timestamp)]) -> Result<(), StoreError> {
        if !uses.is_empty() {
            self.heartbeat.mark_used(uses)?;
        }
        if now >= self.next_cleanup && !self.heartbeat.delete_expired_idempotency_keys()? {
            self.next_cleanup = now + CLEANUP;
        }
        Ok(())
    }

    /// Logs the first of several failures, and the end of them.
    fn log(&mut self, health: &Health) {
        match health {
            Err(cause) if !self.failed => {
                log::warn!("the heartbeat of the database fails: {}", LogText(cause));
            }
            Ok(()) if self.failed => log::info!("the heartbeat of the database is back"),
            Ok(()) | Err(_) => {}
        }
        self.failed = health.is_err();
    }
}

fn describe(error: &StoreError) -> String {
    match error {
        StoreError::Unavailable(cause) => cause.to_string(),
        other => other.to_string(),
    }
}
