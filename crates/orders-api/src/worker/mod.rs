//! Sends changes to webhooks: [`Worker`].
//!
//! One thread with a low priority, so that requests come first. `leases` finds out which webhooks this instance delivers,
//! `delivery_task` sends the changes of one of them, and `saver` stores the progress of all together. Which change is sent next
//! is decided by [`orders_core::Delivery`].

mod delivery_task;
mod leases;
mod pace;
mod saver;

use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{io, thread};

use actix_web::rt::Runtime;
use actix_web::web;
use orders_core::StoreError;
use orders_db::PgStore;
use tokio::sync::{Notify, Semaphore, watch};

use self::leases::Leases;
use self::pace::Pace;
use self::saver::Saver;
use crate::feed::Feed;
use crate::metrics::WebhookMetrics;
use crate::webhooks::{SecretKey, Sender, Webhooks};

/// How many connections to the database the worker uses, besides one for the feed.
pub(crate) const CONNECTIONS: u32 = 2;

/// How much lower the priority of its thread is.
const NICE: i32 = 10;

/// The thread that sends changes to webhooks. It ends when this is dropped.
pub(crate) struct Worker {
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

/// What the parts of the worker share.
struct Shared {
    db: Db,
    feed: Feed,
    sender: Sender,
    key: Option<SecretKey>,
    saver: Saver,
    pace: Pace,
    metrics: Arc<WebhookMetrics>,
    /// Signals that webhooks may have been changed.
    changed: Arc<Notify>,
}

impl Worker {
    /// Starts the thread. The store is its own.
    ///
    /// # Errors
    /// If the system starts no thread.
    pub(crate) fn start(
        store: PgStore,
        feed: Feed,
        webhooks: &Webhooks,
        metrics: Arc<WebhookMetrics>,
    ) -> io::Result<Self> {
        let (sender, key, changed) = (webhooks.new_sender(), webhooks.key(), webhooks.changed());
        let rate = webhooks.rate();
        let (stop, stopped) = watch::channel(false);
        let run = move || {
            if let Err(error) = rustix::process::nice(NICE) {
                log::warn!("cannot lower the priority of the worker for webhooks: {error}");
            }
            let runtime = match Runtime::new() {
                Ok(runtime) => runtime,
                Err(error) => return log::error!("webhooks are not sent: {error}"),
            };
            runtime.block_on(async {
                let (saver, saving) = Saver::new();
                let db = Db::new(store);
                let lease = fastrand::i64(..);
                let save = actix_web::rt::spawn(saving.run(db.clone(), lease));
                let pace = Pace::new(rate);
                let shared = Shared { db, feed, sender, key, saver, pace, metrics, changed };
                Leases::new(Rc::new(shared), lease).run(stopped).await;
                save.abort();
            });
        };
        let thread = thread::Builder::new().name("webhooks".to_owned()).spawn(run)?;
        Ok(Self { stop, thread })
    }

    /// The sender of `true` when it is to send nothing more, for those who do not wait for it.
    pub(crate) fn stop_sender(&self) -> watch::Sender<bool> {
        self.stop.clone()
    }

    /// Sends nothing more, waits for the responses to what was sent, and returns whether they came within this time.
    pub(crate) fn stop(self, limit: Duration) -> bool {
        self.stop.send_replace(true);
        let deadline = Instant::now() + limit;
        while !self.thread.is_finished() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(10));
        }
        self.thread.is_finished()
    }
}

/// The database, which blocks. Only as many jobs run at a time as there are connections.
#[derive(Clone)]
struct Db {
    store: PgStore,
    places: Rc<Semaphore>,
}

impl Db {
    fn new(store: PgStore) -> Self {
        Self { store, places: Rc::new(Semaphore::new(CONNECTIONS as usize)) }
    }

    async fn run<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&PgStore) -> Result<T, StoreError> + Send + 'static,
    {
        // The semaphore is never closed.
        let _place = self.places.acquire().await.ok();
        let store = self.store.clone();
        let done = web::block(move || job(&store)).await;
        done.unwrap_or_else(|error| Err(StoreError::Bug(error.to_string().into())))
    }
}
