//! The queue of jobs for the database threads: [`Queue`].

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Limits;

/// After this time, a queue that was never empty is a backlog and no longer a burst.
pub(super) const BURST: Duration = Duration::from_millis(250);

/// Work for a database thread.
pub(super) type Job<S> = Box<dyn FnOnce(&S) + Send>;

/// Jobs in the order in which they came, and the threads that take them.
pub(super) struct Queue<S> {
    state: Mutex<State<S>>,
    /// Signals a new job, or that the queue was closed.
    changed: Condvar,
    /// Signals that a thread has ended.
    ended: Condvar,
}

struct State<S> {
    waiting: VecDeque<Job<S>>,
    /// When a job last came to an empty queue.
    filled_at: Instant,
    /// How many threads wait for a job.
    idle: usize,
    /// How many threads have not ended.
    threads: usize,
    closed: bool,
}

/// Why a job was not added to the queue.
pub(super) enum NotAdded {
    /// The service is about to stop.
    Closed,
    /// So many jobs wait already.
    Full(usize),
}

impl<S> Queue<S> {
    /// An empty queue for so many threads.
    pub(super) fn new(threads: usize) -> Self {
        let state = State {
            waiting: VecDeque::new(),
            filled_at: Instant::now(),
            idle: 0,
            threads,
            closed: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new(), ended: Condvar::new() }
    }

    /// Adds a job, if the limits allow it.
    pub(super) fn push(&self, job: Job<S>, limits: &Limits) -> Result<(), NotAdded> {
        let mut state = self.lock();
        if state.closed {
            return Err(NotAdded::Closed);
        }
        if state.waiting.is_empty() {
            state.filled_at = Instant::now();
        }
        let is_burst = state.filled_at.elapsed() <= BURST;
        let most = if is_burst { limits.burst } else { limits.backlog };
        if state.waiting.len() >= most {
            return Err(NotAdded::Full(state.waiting.len()));
        }
        state.waiting.push_back(job);
        let someone_waits = state.idle > 0;
        drop(state);
        // A notification is a system call even if no thread waits for it.
        if someone_waits {
            self.changed.notify_one();
        }
        Ok(())
    }

    /// Does jobs until the queue is closed: the life of a thread.
    pub(super) fn serve(&self, store: &S) {
        while let Some(job) = self.next() {
            job(store);
        }
        self.thread_ended();
    }

    /// Waits for a job. `None` if the queue is closed.
    fn next(&self) -> Option<Job<S>> {
        let mut state = self.lock();
        while state.waiting.is_empty() && !state.closed {
            state.idle += 1;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
        state.waiting.pop_front()
    }

    /// Counts a thread that has ended or could not be started.
    pub(super) fn thread_ended(&self) {
        self.lock().threads -= 1;
        self.ended.notify_all();
    }

    /// Drops the waiting jobs, lets the running ones finish, and tells whether they did so within `limit`.
    pub(super) fn close(&self, limit: Duration) -> bool {
        let mut state = self.lock();
        state.closed = true;
        state.waiting.clear();
        self.changed.notify_all();
        let running = |state: &mut State<S>| state.threads > 0;
        let (state, _) = self
            .ended
            .wait_timeout_while(state, limit, running)
            .unwrap_or_else(PoisonError::into_inner);
        state.threads == 0
    }

    /// The state is consistent whenever it is unlocked, so a panic of another thread does not matter.
    fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
