//! The queue in front of the database threads: [`Queue`].

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Limits;
use super::fair_queue::{Batch, ClientKey, FairQueue};
use super::job::Job;
use super::kind::Kind;
use crate::metrics::JobMetrics;

/// After this time, a queue that was never empty is a backlog and no longer a burst.
pub(super) const BURST: Duration = Duration::from_millis(250);

/// After this time without a new batch of a kind, another thread begins one, however many are running. So a batch that
/// has to wait, for a disk or a lock, does not delay the requests that follow it.
const PATIENCE: Duration = Duration::from_millis(5);

/// The jobs of all clients, and the threads that do them.
pub(super) struct Queue<S> {
    state: Mutex<State<S>>,
    /// Signals that a thread can do something, or that the queue was closed.
    changed: Condvar,
    /// Signals that a thread has ended.
    ended: Condvar,
    metrics: JobMetrics,
}

/// A job, and since when it waits.
struct Waiting<S> {
    job: Job<S>,
    since: Instant,
}

struct State<S> {
    jobs: FairQueue<Waiting<S>>,
    running: [Running; Kind::ALL.len()],
    /// When a job last came to an empty queue.
    filled_at: Instant,
    /// How many threads wait for a job.
    idle: usize,
    /// Whether one of them looks again after [`PATIENCE`].
    is_watched: bool,
    /// How many threads there are, and how many of them have not ended.
    threads: usize,
    running_threads: usize,
    closed: bool,
}

/// The batches of a kind that are executed.
#[derive(Clone, Copy)]
struct Running {
    count: usize,
    last_start: Instant,
}

/// Why a job was not added to the queue.
pub(super) enum NotAdded {
    /// The service is about to stop.
    Closed,
    /// So many jobs wait already.
    Full(usize),
}

impl<S: 'static> Queue<S> {
    /// An empty queue for so many threads.
    pub(super) fn new(threads: usize) -> Self {
        let now = Instant::now();
        let state = State {
            jobs: FairQueue::default(),
            running: [Running { count: 0, last_start: now }; Kind::ALL.len()],
            filled_at: now,
            idle: 0,
            is_watched: false,
            threads,
            running_threads: threads,
            closed: false,
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
            ended: Condvar::new(),
            metrics: JobMetrics::default(),
        }
    }

    /// Adds a job, if the limits allow it. If the queue is full, the newest job of the client with the most waiting jobs is
    /// dropped.
    pub(super) fn push(
        &self,
        client: ClientKey,
        kind: Kind,
        job: Job<S>,
        limits: &Limits,
    ) -> Result<(), NotAdded> {
        let job = Waiting { job, since: Instant::now() };
        let mut state = self.lock();
        if state.closed {
            return Err(NotAdded::Closed);
        }
        let waiting = state.jobs.len();
        if waiting == 0 {
            state.filled_at = job.since;
        }
        let most = match waiting >= limits.backlog && state.filled_at.elapsed() > BURST {
            true => limits.backlog,
            false => limits.burst,
        };
        let displaced = if waiting >= most { state.jobs.displace(&client) } else { None };
        if waiting >= most && displaced.is_none() {
            return Err(NotAdded::Full(waiting));
        }
        state.jobs.push(client, kind, job);
        let wakes = state.idle > 0 && (state.can_begin(kind) || !state.is_watched);
        drop(state);
        // A notification is a system call even if no thread waits for it.
        if wakes {
            self.changed.notify_one();
        }
        // Its request is woken, which needs no lock.
        drop(displaced);
        Ok(())
    }

    /// Does jobs until the queue is closed: the life of a thread.
    pub(super) fn serve(&self, store: &S) {
        let mut done = None;
        while let Some(Batch { kind, clients, jobs }) = self.next(done) {
            let start = Instant::now();
            self.metrics.count(kind, jobs.iter().map(|job| start.duration_since(job.since)));
            let jobs = jobs.into_iter().map(|waiting| waiting.job).collect();
            let left = Job::execute(store, jobs);
            done = Some(Done { kind, clients, left, time: start.elapsed() });
        }
        self.thread_ended();
    }

    /// Records what the thread has done, and waits for a batch. `None` if the queue is closed.
    fn next(&self, done: Option<Done<S>>) -> Option<Batch<Waiting<S>>> {
        let mut state = self.lock();
        if let Some(done) = done {
            state.record(done);
        }
        loop {
            if state.closed {
                return None;
            }
            if let Some(batch) = state.take() {
                let wakes = state.idle > 0 && state.needs_another_thread();
                drop(state);
                if wakes {
                    self.changed.notify_one();
                }
                return Some(batch);
            }
            let watches = !state.is_watched && state.jobs.len() > 0;
            state.is_watched |= watches;
            state.idle += 1;
            state = if watches {
                let waited = self.changed.wait_timeout(state, PATIENCE);
                waited.unwrap_or_else(PoisonError::into_inner).0
            } else {
                self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
            };
            state.idle -= 1;
            state.is_watched &= !watches;
        }
    }

    /// Counts a thread that has ended or could not be started.
    pub(super) fn thread_ended(&self) {
        self.lock().running_threads -= 1;
        self.ended.notify_all();
    }

    /// Drops the waiting jobs, lets the running ones finish, and tells whether they did so within `limit`.
    pub(super) fn close(&self, limit: Duration) -> bool {
        let mut state = self.lock();
        state.closed = true;
        state.jobs = FairQueue::default();
        self.changed.notify_all();
        let running = |state: &mut State<S>| state.running_threads > 0;
        let (state, _) = self
            .ended
            .wait_timeout_while(state, limit, running)
            .unwrap_or_else(PoisonError::into_inner);
        state.running_threads == 0
    }

    /// How many jobs wait.
    pub(super) fn waiting(&self) -> usize {
        self.lock().jobs.len()
    }

    pub(super) fn metrics(&self) -> &JobMetrics {
        &self.metrics
    }

    /// Whether no job is accepted any more.
    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// The state is consistent whenever it is unlocked, so a panic of another thread does not matter.
    fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A batch that a thread has executed.
struct Done<S> {
    kind: Kind,
    clients: Vec<ClientKey>,
    /// What is left to be done alone of the job of each client.
    left: Vec<Option<Job<S>>>,
    time: Duration,
}

impl<S: 'static> State<S> {
    /// Begins the next batch.
    fn take(&mut self) -> Option<Batch<Waiting<S>>> {
        let eligible = Kind::ALL.map(|kind| self.jobs.has(kind) && self.can_begin(kind));
        let batch = self.jobs.take(|kind| eligible[kind as usize])?;
        let running = &mut self.running[batch.kind as usize];
        *running = Running { count: running.count + 1, last_start: Instant::now() };
        Some(batch)
    }

    fn record(&mut self, Done { kind, clients, left, time }: Done<S>) {
        self.running[kind as usize].count -= 1;
        self.jobs.charge(&clients, time);
        if self.closed {
            return;
        }
        let since = Instant::now();
        for (client, job) in clients.into_iter().zip(left) {
            if let Some(job) = job {
                let job = Waiting { job, since };
                self.jobs.push_first(client, Kind::Single, job);
            }
        }
    }

    /// Whether another batch of this kind may begin.
    fn can_begin(&self, kind: Kind) -> bool {
        let Running { count, last_start } = self.running[kind as usize];
        count < kind.most_running(self.threads)
            || (!kind.is_always_limited() && last_start.elapsed() > PATIENCE)
    }

    /// Whether an idle thread can begin a batch, or is needed to look again later.
    fn needs_another_thread(&self) -> bool {
        let can_begin = |kind: Kind| self.jobs.has(kind) && self.can_begin(kind);
        Kind::ALL.into_iter().any(can_begin) || (!self.is_watched && self.jobs.len() > 0)
    }
}
