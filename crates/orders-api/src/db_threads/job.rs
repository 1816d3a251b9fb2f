//! Jobs for the database threads: [`Job`], and what becomes of them.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use orders_core::StoreError;
use tokio::sync::oneshot;

use super::kind::Kind;

/// A request that a store executes, alone or together with others of its kind.
pub trait Batchable<S>: Send + Sized + 'static {
    /// Its result.
    type Response: Send + 'static;
    /// Its kind. There is one type for each kind.
    const KIND: Kind;

    /// Executes it alone.
    ///
    /// # Errors
    /// Those of the store.
    fn execute(self, store: &S) -> Result<Self::Response, StoreError>;

    /// Executes several requests together, and returns the result of each; `None` if nothing was done and it must be
    /// executed alone.
    fn execute_together(
        store: &S,
        requests: &[Self],
    ) -> Vec<Option<Result<Self::Response, StoreError>>>;
}

/// Work for a database thread.
pub(super) enum Job<S> {
    /// Work that is done alone.
    Single(Work<S>),
    /// A `Waiting<R>`, and the function that executes several of them.
    Batchable(Box<dyn Any + Send>, ExecuteTogether<S>),
}

type Work<S> = Box<dyn FnOnce(&S) + Send>;

/// Returns for each job what is left to be done alone.
type ExecuteTogether<S> = fn(&S, Vec<Box<dyn Any + Send>>) -> Vec<Option<Job<S>>>;

impl<S: 'static> Job<S> {
    /// A job that is done alone.
    pub(super) fn single<T: Send + 'static>(
        work: impl FnOnce(&S) -> Result<T, StoreError> + Send + 'static,
        reply: Reply<T>,
    ) -> Self {
        Self::Single(Box::new(move |store| {
            if reply.claim() {
                reply.send_result_of(|| work(store));
            }
        }))
    }

    /// A job that is done together with others.
    pub(super) fn batchable<R: Batchable<S>>(request: R, reply: Reply<R::Response>) -> Self {
        Self::Batchable(Box::new(Waiting { request, reply }), execute_together::<S, R>)
    }

    /// Does the jobs, which are of one kind, and returns for each what is left to be done alone.
    pub(super) fn execute(store: &S, jobs: Vec<Self>) -> Vec<Option<Self>> {
        let mut execute = None;
        let mut waiting = Vec::with_capacity(jobs.len());
        for job in jobs {
            match job {
                Self::Single(work) => work(store),
                Self::Batchable(job, function) => {
                    execute = Some(function);
                    waiting.push(job);
                }
            }
        }
        execute.map_or_else(Vec::new, |execute| execute(store, waiting))
    }
}

/// A request that waits to be executed together with others.
struct Waiting<R, T> {
    request: R,
    reply: Reply<T>,
}

fn execute_together<S: 'static, R: Batchable<S>>(
    store: &S,
    jobs: Vec<Box<dyn Any + Send>>,
) -> Vec<Option<Job<S>>> {
    let mut left: Vec<Option<Job<S>>> = jobs.iter().map(|_| None).collect();
    let (mut requests, mut replies) = (Vec::new(), Vec::new());
    for (index, job) in jobs.into_iter().enumerate() {
        // OK because there is one type for each kind.
        let job = job.downcast::<Waiting<R, R::Response>>().expect("jobs of one kind");
        let Waiting { request, reply } = *job;
        if reply.claim() {
            requests.push(request);
            replies.push((index, reply));
        }
    }
    if requests.len() < 2 {
        for (request, (_, reply)) in requests.into_iter().zip(replies) {
            reply.send_result_of(|| request.execute(store));
        }
        return left;
    }
    let together = catch_unwind(AssertUnwindSafe(|| R::execute_together(store, &requests)));
    // One request must not take the others with it.
    let outcomes = together.unwrap_or_else(|_| requests.iter().map(|_| None).collect());
    for ((request, (index, reply)), outcome) in requests.into_iter().zip(replies).zip(outcomes) {
        match outcome {
            Some(result) => reply.send(Ok(result)),
            None => {
                left[index] = Some(Job::Single(Box::new(move |store| {
                    reply.send_result_of(|| request.execute(store));
                })));
            }
        }
    }
    left
}

/// Where the result of a job is sent.
pub(super) struct Reply<T> {
    sender: oneshot::Sender<thread::Result<Result<T, StoreError>>>,
    claim: Claim,
}

/// Where the result of a job arrives; an error if the job was dropped.
pub(super) type Response<T> = oneshot::Receiver<thread::Result<Result<T, StoreError>>>;

/// The first to set it owns the job: a thread, to do it, or the request, to give it up.
#[derive(Clone)]
pub(super) struct Claim(Arc<AtomicBool>);

impl Claim {
    /// Claims the job, unless it is claimed.
    pub(super) fn set(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }
}

impl<T> Reply<T> {
    pub(super) fn new() -> (Self, Claim, Response<T>) {
        let (sender, response) = oneshot::channel();
        let claim = Claim(Arc::default());
        (Self { sender, claim: claim.clone() }, claim, response)
    }

    /// Whether the job is to be done: its client still waits.
    fn claim(&self) -> bool {
        !self.sender.is_closed() && self.claim.set()
    }

    fn send_result_of(self, work: impl FnOnce() -> Result<T, StoreError>) {
        self.send(catch_unwind(AssertUnwindSafe(work)));
    }

    fn send(self, result: thread::Result<Result<T, StoreError>>) {
        // If the client has gone meanwhile, the result is not needed.
        let _ = self.sender.send(result);
    }
}
