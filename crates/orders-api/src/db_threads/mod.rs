//! The threads that use the database: [`DbThreads`].
//!
//! Diesel blocks, so each connection has a thread of its own, and requests wait for one of them in a queue. It is
//! written by hand because no library serves clients by the time that they have used, executes waiting requests of a kind
//! together, limits both the wait and the length of the queue, and drops a job whose client has gone.

mod fair_queue;
mod job;
mod kind;
mod queue;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{io, thread};

use actix_web::rt::time::timeout;
use actix_web::web;
use orders_core::StoreError;

pub use self::fair_queue::ClientKey;
pub use self::job::Batchable;
use self::job::{Job, Reply};
pub use self::kind::Kind;
use self::queue::{NotAdded, Queue};
use crate::metrics::JobMetrics;
use crate::problem::Problem;

/// As many threads as there are database connections, and one limited queue in front of them.
///
/// Requests wait in this queue and nowhere else, and never longer than the limits. The next is one of the client that has
/// used the database least. A thread takes all waiting requests of a kind and executes them together; no request waits for
/// others to come. Clones share the threads.
pub struct DbThreads<S> {
    store: Arc<S>,
    queue: Arc<Queue<S>>,
    limits: Limits,
}

/// How long a request waits for the database, and how many requests may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest wait for a thread, except of an import.
    pub queue_wait: Duration,
    /// The longest wait for a thread and its result together.
    pub request_timeout: Duration,
    /// The most jobs that wait while the queue was empty within the last 250 ms.
    pub burst: usize,
    /// The most jobs that wait otherwise: more jobs come than the database can do, so most of them would wait in vain.
    pub backlog: usize,
}

impl<S> Clone for DbThreads<S> {
    fn clone(&self) -> Self {
        Self { store: Arc::clone(&self.store), queue: Arc::clone(&self.queue), limits: self.limits }
    }
}

impl<S: Send + Sync + 'static> DbThreads<S> {
    /// Starts `threads` threads that share `store`.
    ///
    /// # Errors
    /// If the system cannot start a thread.
    pub fn start(store: S, threads: usize, limits: Limits) -> io::Result<Self> {
        let started = Self { store: Arc::new(store), queue: Arc::new(Queue::new(threads)), limits };
        for number in 1..=threads {
            let DbThreads { store, queue, .. } = started.clone();
            let thread = thread::Builder::new().name(format!("db-{number}"));
            if let Err(error) = thread.spawn(move || queue.serve(&store)) {
                (number..=threads).for_each(|_| started.queue.thread_ended());
                started.close(Duration::ZERO);
                return Err(error);
            }
        }
        Ok(started)
    }

    /// Does `work` for a client on one of the threads and waits for its result, within the limits.
    ///
    /// # Errors
    /// The error of the work; `unavailable` if no thread or no result came in time, or if too many jobs wait already;
    /// `internal-error` if the work panicked.
    pub async fn run<T, F>(&self, client: ClientKey, kind: Kind, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&S) -> Result<T, StoreError> + Send + 'static,
    {
        self.submit(client, kind, |reply| Job::single(work, reply)).await
    }

    /// Executes a request of a client, together with others of its kind that wait, and waits for its response like
    /// [`DbThreads::run`].
    ///
    /// # Errors
    /// As there.
    pub async fn execute<R: Batchable<S>>(
        &self,
        client: ClientKey,
        request: R,
    ) -> Result<R::Response, Problem> {
        self.submit(client, R::KIND, |reply| Job::batchable(request, reply)).await
    }

    async fn submit<T>(
        &self,
        client: ClientKey,
        kind: Kind,
        job: impl FnOnce(Reply<T>) -> Job<S>,
    ) -> Result<T, Problem> {
        let Limits { queue_wait, request_timeout, .. } = self.limits;
        let start = Instant::now();
        let (reply, claim, mut response) = Reply::new();
        self.queue.push(client, kind, job(reply), &self.limits).map_err(|reason| match reason {
            NotAdded::Closed => stopping(),
            NotAdded::Full(waiting) => {
                busy(format!("{waiting} requests wait for a database thread"))
            }
        })?;

        // An import has time, and its client would have to begin again.
        let wait = match kind {
            Kind::Import => request_timeout,
            _ => queue_wait.min(request_timeout),
        };
        let result = match timeout(wait, &mut response).await {
            Ok(result) => result,
            Err(_) if claim.set() => {
                return Err(busy(format!("no database thread was free for {wait:?}")));
            }
            // A thread does the job.
            Err(_) => {
                let left = request_timeout.saturating_sub(start.elapsed());
                timeout(left, response).await.map_err(|_| {
                    Problem::unavailable(
                        "the database did not answer in time; a write may have happened",
                    )
                    .with_source(format!("no answer within {request_timeout:?}"))
                })?
            }
        };
        match result {
            Ok(Ok(result)) => result.map_err(Problem::from),
            Ok(Err(panic)) => Err(Problem::internal(format!("panic: {}", message(&*panic)))),
            Err(_) if self.queue.is_closed() => Err(stopping()),
            Err(_) => Err(busy("this client has the most waiting requests".to_owned())),
        }
    }

    /// Does a job that may take minutes on a thread of its own. Only the store limits how many run at once, and how
    /// long.
    ///
    /// # Errors
    /// The error of the job; `internal-error` if it panicked.
    pub async fn run_long<T, F>(&self, job: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&S) -> Result<T, StoreError> + Send + 'static,
    {
        let store = self.store();
        match web::block(move || job(&store)).await {
            Ok(result) => result.map_err(Problem::from),
            Err(error) => Err(Problem::internal(error.to_string())),
        }
    }

    /// The store itself, for a job that produces its result piece by piece.
    #[must_use]
    pub fn store(&self) -> Arc<S> {
        Arc::clone(&self.store)
    }

    /// How many jobs wait.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.waiting()
    }

    /// How long, and how many, jobs may wait.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What is counted of the jobs.
    pub(crate) fn metrics(&self) -> &JobMetrics {
        self.queue.metrics()
    }

    /// Accepts no more jobs, drops the waiting ones, lets the running ones finish, and tells whether they did so within
    /// `limit`.
    pub fn close(&self, limit: Duration) -> bool {
        self.queue.close(limit)
    }
}

fn busy(cause: String) -> Problem {
    Problem::unavailable("the service is busy; nothing was done").with_source(cause)
}

fn stopping() -> Problem {
    Problem::unavailable("the service is about to stop; nothing was done")
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
