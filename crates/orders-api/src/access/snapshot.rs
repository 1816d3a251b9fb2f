//! What the database says about clients and keys: [`Snapshot`], and the [`Current`] one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use orders_core::{Client, ClientId, Timestamp};
use orders_db::{Access, KeyHash};

/// After so long without a heartbeat, keys may have been revoked, so no request is accepted.
pub(crate) const MAX_AGE: Duration = Duration::from_secs(5);

/// The last use of a key is stored to the minute.
const MINUTE: i64 = 60 * 1_000_000;

/// The clients and their keys at one version of the database.
pub(crate) struct Snapshot {
    version: i64,
    any_key_ever: bool,
    clients: HashMap<ClientId, Arc<Client>>,
    keys: HashMap<KeyHash, Key>,
    subjects: HashMap<String, Arc<Client>>,
}

/// A key that was not revoked.
struct Key {
    client: Arc<Client>,
    expires_at: Option<Timestamp>,
    /// The minute of its last use, in microseconds since 1970; it is stored once a minute.
    used_at: AtomicI64,
}

impl Snapshot {
    /// What was loaded from the database.
    pub(crate) fn new(access: Access) -> Self {
        let Access { version, any_key_ever, clients, keys } = access;
        let clients: HashMap<_, _> =
            clients.into_iter().map(|client| (client.id.clone(), Arc::new(client))).collect();
        let subjects = clients
            .values()
            .filter_map(|client| Some((client.subject.clone()?, Arc::clone(client))));
        let subjects = subjects.collect();
        let keys = keys.into_iter().filter_map(|(hash, id, expires_at)| {
            let client = Arc::clone(clients.get(&id)?);
            Some((hash, Key { client, expires_at, used_at: AtomicI64::new(i64::MIN) }))
        });
        let keys = keys.collect();
        Self { version, any_key_ever, clients, keys, subjects }
    }

    /// Whether there is a client with this id.
    pub(crate) fn has_client(&self, id: &ClientId) -> bool {
        self.clients.contains_key(id)
    }

    /// The client that an identity provider names by one of these subjects, the first that is known.
    pub(crate) fn client_named(&self, subjects: &[String]) -> Option<Arc<Client>> {
        subjects.iter().find_map(|subject| self.subjects.get(subject)).cloned()
    }

    /// Whether there is a valid key.
    pub(crate) fn any_key(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Whether any key was ever created, even if it was revoked since.
    pub(crate) fn any_key_ever(&self) -> bool {
        self.any_key_ever
    }
}

/// The newest snapshot, and when it was confirmed.
pub(crate) struct Current {
    snapshot: RwLock<Arc<Snapshot>>,
    start: Instant,
    /// When the database last said that the snapshot is right, in milliseconds since `start`.
    confirmed_at: AtomicU64,
    /// Uses of keys that are not stored yet.
    uses: Mutex<Vec<(KeyHash, Timestamp)>>,
}

impl Current {
    /// This snapshot, which was loaded just now.
    pub(crate) fn new(snapshot: Snapshot) -> Self {
        Self {
            snapshot: RwLock::new(Arc::new(snapshot)),
            start: Instant::now(),
            confirmed_at: AtomicU64::new(0),
            uses: Mutex::default(),
        }
    }

    /// The snapshot, unless it is older than [`MAX_AGE`].
    pub(crate) fn get(&self) -> Option<Arc<Snapshot>> {
        let confirmed_at = self.confirmed_at.load(Ordering::Acquire);
        // It may be confirmed again after the present time was taken.
        let age = self.since_start(Instant::now()).saturating_sub(confirmed_at);
        (age <= MAX_AGE.as_millis() as u64).then(|| self.snapshot())
    }

    /// The client with this key, unless the key has expired. Remembers the use of the key.
    pub(crate) fn client(
        &self,
        snapshot: &Snapshot,
        key: &KeyHash,
        now: Timestamp,
    ) -> Option<Arc<Client>> {
        let Key { client, expires_at, used_at } = snapshot.keys.get(key)?;
        if expires_at.is_some_and(|end| end <= now) {
            return None;
        }
        let minute = now.as_micros() - now.as_micros().rem_euclid(MINUTE);
        let is_stored = used_at.load(Ordering::Relaxed) == minute;
        if !is_stored && used_at.swap(minute, Ordering::Relaxed) != minute {
            self.lock_uses().extend(Timestamp::from_micros(minute).map(|minute| (*key, minute)));
        }
        Some(Arc::clone(client))
    }

    /// Whether the snapshot is of this version.
    pub(crate) fn is_at(&self, version: i64) -> bool {
        self.snapshot().version == version
    }

    pub(crate) fn replace(&self, snapshot: Snapshot) {
        let snapshot = Arc::new(snapshot);
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = snapshot;
    }

    /// Notes that the snapshot was right at this time.
    pub(crate) fn confirm(&self, at: Instant) {
        self.confirmed_at.store(self.since_start(at), Ordering::Release);
    }

    /// The uses of keys that are to be stored now.
    pub(crate) fn take_uses(&self) -> Vec<(KeyHash, Timestamp)> {
        std::mem::take(&mut *self.lock_uses())
    }

    /// The snapshot, however old it is.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn since_start(&self, at: Instant) -> u64 {
        at.saturating_duration_since(self.start).as_millis() as u64
    }

    fn lock_uses(&self) -> std::sync::MutexGuard<'_, Vec<(KeyHash, Timestamp)>> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
