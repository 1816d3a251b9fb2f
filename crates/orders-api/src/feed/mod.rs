//! Live delivery of changes: [`Feed`].
//!
//! One thread for the whole service reads each change once, while there are followers, and keeps the latest in memory
//! (`reader`, `ring`). A follower is only a position: it takes from there what comes next (`follower`), and reads pages
//! from the database if it has fallen behind. So a stream holds neither a thread nor a connection.

mod follower;
mod reader;
mod ring;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;
use std::{io, thread};

use orders_core::{ClientId, Cursor};
use orders_db::PgStore;
use tokio::sync::watch;

use self::follower::Place;
pub(crate) use self::follower::{Follower, View};
use self::reader::Reader;
pub(crate) use self::ring::Found;
use self::ring::Ring;
use crate::db_threads::ClientKey;
use crate::places::{Full, Limits, Taken};
use crate::problem::Problem;

/// Why there is no place for a follower.
pub(crate) enum NoPlace {
    /// The service stops.
    Stopping,
    /// There are as many as there may be.
    Full(Full),
}

/// The latest changes, for those who follow them. Clones are the same feed.
#[derive(Clone)]
pub(crate) struct Feed(Arc<Shared>);

/// What the reader and the followers share.
struct Shared {
    state: Mutex<State>,
    /// Signals the reader that the state has changed.
    changed: Condvar,
    /// None while there are no followers.
    ring: RwLock<Option<Ring>>,
    /// Signals the followers that the ring has changed.
    news: watch::Sender<()>,
    life: watch::Sender<Life>,
}

struct State {
    followers: Taken,
    /// How many webhooks follow that are not behind. They have limits of their own.
    webhooks: usize,
    /// Whether this service has written since the reader last began to read.
    written: bool,
    stopped: bool,
}

/// What ends followers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Life {
    /// Counts the histories that the database discarded, for example in a failover.
    history: u64,
    stopped: bool,
}

impl State {
    fn followers(&self) -> usize {
        self.followers.count() + self.webhooks
    }

    fn has_no_followers(&self) -> bool {
        self.followers() == 0
    }
}

impl From<NoPlace> for Problem {
    fn from(reason: NoPlace) -> Self {
        match reason {
            NoPlace::Stopping => {
                Self::unavailable("the service is about to stop; nothing was done")
            }
            NoPlace::Full(full) => full.problem("event streams and waiting requests open"),
        }
    }
}

impl Feed {
    /// Starts the thread, which waits for followers: event streams, and requests that wait for changes.
    ///
    /// # Errors
    /// If the system starts no thread.
    pub(crate) fn start(store: PgStore, limits: Limits) -> io::Result<Self> {
        let followers = Taken::new(limits);
        let state = State { followers, webhooks: 0, written: false, stopped: false };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
            ring: RwLock::default(),
            news: watch::Sender::default(),
            life: watch::Sender::default(),
        });
        let reader = Reader::new(store, Arc::clone(&shared));
        thread::Builder::new().name("feed".to_owned()).spawn(move || reader.run())?;
        Ok(Self(shared))
    }

    /// Notes that this service has written, so that its followers see it at once.
    pub(crate) fn written(&self) {
        let mut state = self.0.lock();
        if !state.has_no_followers() && !state.written {
            state.written = true;
            drop(state);
            self.0.changed.notify_one();
        }
    }

    /// A new follower on behalf of this client. Those without credentials are limited only together with all others.
    ///
    /// # Errors
    /// If there is no place for it.
    pub(crate) fn follow(&self, client: Option<&ClientId>) -> Result<Follower, NoPlace> {
        let mut state = self.0.lock();
        if state.stopped {
            return Err(NoPlace::Stopping);
        }
        let client = client.cloned().map(ClientKey::Client);
        state.followers.add(client.as_ref()).map_err(NoPlace::Full)?;
        drop(state);
        self.0.changed.notify_one();
        Ok(Follower::new(Arc::clone(&self.0), Place::Client(client)))
    }

    /// A new follower for a webhook.
    pub(crate) fn follow_for_webhook(&self) -> Follower {
        self.0.lock().webhooks += 1;
        self.0.changed.notify_one();
        Follower::new(Arc::clone(&self.0), Place::Webhook { is_behind: false })
    }

    /// Ends all followers and the thread.
    pub(crate) fn stop(&self) {
        self.0.lock().stopped = true;
        self.0.changed.notify_one();
        self.0.life.send_modify(|life| life.stopped = true);
    }
}

impl Shared {
    /// The state is consistent whenever it is unlocked, so a panic of another thread does not matter.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while there are no followers. Then waits at least for `least`, and at most for `most` if this service does
    /// not write. Returns how many followers there are, or none if the service stops.
    fn wait(&self, least: Duration, most: Duration) -> Option<usize> {
        let mut state = self.lock();
        if state.has_no_followers() && !state.stopped {
            // The next follower begins with what is then the latest change.
            self.replace_ring(None);
            let idle = |state: &mut State| state.has_no_followers() && !state.stopped;
            state = self.changed.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner);
        } else {
            let resting = |state: &mut State| !state.stopped;
            let quiet = |state: &mut State| !state.stopped && !state.written;
            let rest = self.changed.wait_timeout_while(state, least, resting);
            state = rest.unwrap_or_else(PoisonError::into_inner).0;
            let left = most.saturating_sub(least);
            let waited = self.changed.wait_timeout_while(state, left, quiet);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.written = false;
        (!state.stopped).then(|| state.followers())
    }

    /// The cursor of the latest change in memory.
    fn head(&self) -> Option<Cursor> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(Ring::head)
    }

    fn replace_ring(&self, ring: Option<Ring>) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
    }
}
