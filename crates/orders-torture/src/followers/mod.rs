//! Follows the feed of changes during a run: [`Followers`].

mod event_stream;
mod exports;
mod order_copy;
mod pages;

use std::collections::HashMap;
use std::panic;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use fastrand::Rng;

use crate::cluster::Endpoint;
use crate::history::{
    Clock, FeedChange, FeedRead, Follower, Following, Moment, OrderHistory, ReadOutcome,
    ReceivedChange,
};
use crate::http::{ChangesRead, Connections, Failure};

/// How long the followers may take to receive the last changes.
const TIME_TO_FINISH: Duration = Duration::from_secs(30);

/// The pause after a request that failed.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(20);

/// Followers of the feed of changes, which are as reliable as a consumer who keeps the cursor together with the copy:
/// one with an event stream, one with pages, and one that begins again and again with an export.
pub struct Followers {
    seed: u64,
    clock: Clock,
    endpoints: Vec<Arc<Endpoint>>,
    key: String,
    /// Every change that was received, by its bytes.
    received: Mutex<HashMap<Arc<str>, Arc<FeedChange>>>,
    goal: OnceLock<Goal>,
}

/// Where the followers stop.
#[derive(Debug, Clone, Copy)]
struct Goal {
    /// The position of the last change.
    position: u64,
    /// They give up at this moment.
    deadline: Moment,
}

/// What followers received, and their requests.
#[derive(Debug, Default)]
pub struct Followed {
    /// What each follower received.
    pub followings: Vec<Following>,
    /// The histories that one of them read.
    pub order_histories: Vec<OrderHistory>,
    /// The requests, sorted by their invocation.
    pub reads: Vec<FeedRead>,
}

impl Followers {
    /// Followers that use this API key at any of these endpoints.
    #[must_use]
    pub fn new(seed: u64, clock: Clock, endpoints: Vec<Arc<Endpoint>>, key: &str) -> Self {
        let (received, goal) = (Mutex::default(), OnceLock::new());
        Self { seed, clock, endpoints, key: key.to_owned(), received, goal }
    }

    /// Follows until [`Followers::finish`] is called and all have received the last change.
    #[must_use]
    pub fn run(&self) -> Followed {
        let follow: [fn(&Self) -> Followed; 3] =
            [event_stream::follow, pages::follow, exports::follow];
        let mut all = Followed::default();
        thread::scope(|scope| {
            let threads = follow.map(|follow| scope.spawn(move || follow(self)));
            for thread in threads {
                // A panic of a follower is a bug of this program.
                let followed = thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic));
                all.followings.extend(followed.followings);
                all.order_histories.extend(followed.order_histories);
                all.reads.extend(followed.reads);
            }
        });
        all.reads.sort_by_key(|read| read.invoked);
        all
    }

    /// Lets the followers stop after the present end of the feed. Call it when no writer works any more and all service
    /// processes are ready. Returns the request that read the end.
    pub fn finish(&self) -> FeedRead {
        let path = "/changes?after=now&limit=1".to_owned();
        let mut connections = self.connections();
        let invoked = self.clock.now();
        let give_up = invoked.plus(TIME_TO_FINISH);
        let read = connections.wait(0, || self.clock.now() >= give_up);
        let (process, page) = read.map_or((0, Err(Failure::NotSent)), |(process, connection)| {
            (process, ChangesRead::page(connection, &path))
        });
        let (position, outcome) = match page {
            Ok(page) => {
                let cursor = page.next.cursor;
                (cursor.position, ReadOutcome::UpTo { cursor, complete: true })
            }
            Err(failure) => (0, ReadOutcome::Failed(failure)),
        };
        let completed = self.clock.now();
        let goal = Goal { position, deadline: completed.plus(TIME_TO_FINISH) };
        // OK to ignore an earlier goal, which is not changed.
        let _ = self.goal.set(goal);
        FeedRead { follower: Follower::Pages, process, invoked, completed, path, outcome }
    }

    /// Whether the followers are to stop as soon as they have received everything.
    fn is_ending(&self) -> bool {
        self.goal.get().is_some()
    }

    /// Whether the followers are to stop although they have not received everything.
    fn is_over(&self) -> bool {
        self.goal.get().is_some_and(|goal| self.clock.now() >= goal.deadline)
    }

    fn rng(&self, stream: u64) -> Rng {
        Rng::with_seed(self.seed ^ stream.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn connections(&self) -> Connections<'_> {
        Connections::new(&self.endpoints, &self.key)
    }

    /// Sleeps up to this long.
    fn pause(&self, rng: &mut Rng, most: Duration) {
        thread::sleep(most.mul_f64(rng.f64()));
    }

    /// A change that was received now.
    ///
    /// # Errors
    /// If it is malformed.
    fn receive(&self, json: &str) -> Result<ReceivedChange, String> {
        let at = self.clock.now();
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(change) = received.get(json) {
            return Ok(ReceivedChange { at, change: Arc::clone(change) });
        }
        let change = serde_json::from_str(json)
            .map_err(|error| format!("a malformed change, {error}: {json}"))?;
        let json: Arc<str> = json.into();
        let change = Arc::new(FeedChange { change, json: Arc::clone(&json) });
        received.insert(json, Arc::clone(&change));
        Ok(ReceivedChange { at, change })
    }
}
