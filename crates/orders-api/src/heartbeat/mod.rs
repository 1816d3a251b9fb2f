//! The heartbeat of the database, on a thread and a session of its own: [`Pulse`].

mod upkeep;
mod vitals;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};
use std::{io, thread};

use actix_web::rt::time::timeout;
use orders_core::StoreError;
use orders_db::{Beat, Heartbeat, PgStore};
use tokio::sync::oneshot;

use self::upkeep::Upkeep;
pub(crate) use self::vitals::Vitals;
use crate::access::snapshot::{Current, Snapshot};
use crate::access::token::Tokens;
use crate::http::log_text::LogText;

/// The longest time between two beats.
const INTERVAL: Duration = Duration::from_secs(1);

/// The longest wait for a beat that was asked for.
const BEAT_WAIT: Duration = Duration::from_secs(2);

/// Why the database cannot be used, or nothing.
type Health = Result<(), String>;

/// A thread that asks the database once a second, and on request, whether it accepts writes and whether clients or keys
/// have changed. It also reads the keys of the identity provider again if they have changed, completes the feed, and deletes
/// what has been kept long enough. It ends when this is dropped.
pub(crate) struct Pulse {
    requests: Sender<oneshot::Sender<Health>>,
    vitals: Arc<Vitals>,
}

impl Pulse {
    /// Starts the thread.
    pub(crate) fn start(
        heartbeat: Heartbeat,
        store: PgStore,
        current: Arc<Current>,
        tokens: Option<Arc<Tokens>>,
        keep_changes: Duration,
    ) -> io::Result<Self> {
        let (requests, requested) = channel();
        let vitals = Arc::<Vitals>::default();
        let upkeep = Upkeep::new(Arc::clone(&current), Arc::clone(&vitals), keep_changes);
        let beating = Beating {
            heartbeat,
            store,
            current,
            tokens,
            upkeep,
            vitals: Arc::clone(&vitals),
            failed: false,
            upkeep_failed: false,
        };
        thread::Builder::new()
            .name("heartbeat".to_owned())
            .spawn(move || beating.run(requested))?;
        Ok(Self { requests, vitals })
    }

    /// When the database last was as it should be.
    pub(crate) fn vitals(&self) -> &Vitals {
        &self.vitals
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
    upkeep: Upkeep,
    vitals: Arc<Vitals>,
    /// Whether the last beat failed.
    failed: bool,
    /// Whether the last upkeep failed.
    upkeep_failed: bool,
}

impl Beating {
    fn run(mut self, requests: Receiver<oneshot::Sender<Health>>) {
        loop {
            let first = match requests.recv_timeout(INTERVAL) {
                Ok(request) => Some(request),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            self.answer(first.into_iter().chain(requests.try_iter()).collect());
            // The service works without it.
            self.keep_up(&requests);
        }
    }

    /// Beats, and answers the requests for a beat.
    fn answer(&mut self, waiting: Vec<oneshot::Sender<Health>>) {
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

    fn beat(&mut self) -> Result<(), StoreError> {
        let start = Instant::now();
        let Beat { access_version, read_only } = self.heartbeat.beat()?;
        if !self.current.is_at(access_version) {
            self.current.replace(Snapshot::new(self.heartbeat.access()?));
        }
        self.current.confirm(start);
        if read_only {
            // They are not kept meanwhile, because they could become many.
            drop(self.current.take_uses());
            // New sessions may find the server that accepts writes.
            self.store.reconnect();
            return Err(StoreError::Unavailable("the database is read-only".into()));
        }
        self.vitals.heartbeat.set(start);
        Ok(())
    }

    /// Does what is due while the database can be used, and logs the first of several failures. No request waits for more
    /// than one step.
    fn keep_up(&mut self, requests: &Receiver<oneshot::Sender<Health>>) {
        let mut failed = false;
        for (what, step) in Upkeep::STEPS {
            let waiting: Vec<_> = requests.try_iter().collect();
            if !waiting.is_empty() {
                self.answer(waiting);
            }
            if self.failed {
                return;
            }
            if let Err(error) = step(&mut self.upkeep, &mut self.heartbeat) {
                if !failed && !self.upkeep_failed {
                    log::warn!("cannot {what}: {}", LogText(&describe(&error)));
                }
                failed = true;
            }
        }
        self.upkeep_failed = failed;
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
