//! Where requests meet the database: [`DbThreads`].

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{io, thread};

use actix_web::rt::time::timeout;
use orders_core::StoreError;
use tokio::sync::oneshot;

use crate::problem::Problem;

/// As many threads as the database has connections for us, and one bounded queue before them.
///
/// Waiting happens in this queue and nowhere else, first come, first served, and never longer than
/// the bounds. Clones share the threads.
pub struct DbThreads<S> {
    store: Arc<S>,
    queue: Arc<Queue<S>>,
    bounds: Bounds,
}

/// How long a request waits for the database, and how many may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The longest wait for a thread.
    pub queue_wait: Duration,
    /// The longest wait for a thread and its answer together.
    pub request_timeout: Duration,
    /// The most jobs that wait for a thread at one time.
    pub burst: usize,
    /// The most that do so after the queue was not empty for a quarter of a second: a burst is worked off by then,
    /// and what still waits is more than can be carried.
    pub standing: usize,
}

/// How long a queue of any length may stand.
const BURST: Duration = Duration::from_millis(250);

type Job<S> = Box<dyn FnOnce(&S) + Send>;

struct Queue<S> {
    state: Mutex<State<S>>,
    /// A job came, or the queue was closed.
    changed: Condvar,
    /// A thread has left.
    left: Condvar,
}

struct State<S> {
    waiting: VecDeque<Job<S>>,
    /// When a job last came and nobody waited.
    stands_since: Instant,
    /// How many threads wait for a job.
    idle: usize,
    closed: bool,
    threads: usize,
}

impl<S> Clone for DbThreads<S> {
    fn clone(&self) -> Self {
        Self { store: Arc::clone(&self.store), queue: Arc::clone(&self.queue), bounds: self.bounds }
    }
}

impl<S: Send + Sync + 'static> DbThreads<S> {
    /// Starts `threads` threads that share `store`.
    ///
    /// # Errors
    /// When the system gives us no thread.
    pub fn start(store: S, threads: usize, bounds: Bounds) -> io::Result<Self> {
        let store = Arc::new(store);
        let state = State {
            waiting: VecDeque::new(),
            stands_since: Instant::now(),
            idle: 0,
            closed: false,
            threads: 0,
        };
        let queue = Arc::new(Queue {
            state: Mutex::new(state),
            changed: Condvar::new(),
            left: Condvar::new(),
        });
        let started = Self { store: Arc::clone(&store), queue, bounds };
        for number in 1..=threads {
            let (queue, store) = (Arc::clone(&started.queue), Arc::clone(&store));
            started.queue.lock().threads += 1;
            let thread = thread::Builder::new().name(format!("db-{number}"));
            if let Err(error) = thread.spawn(move || queue.serve(&store)) {
                started.queue.lock().threads -= 1;
                started.close(Duration::ZERO);
                return Err(error);
            }
        }
        Ok(started)
    }

    /// Does `job` on one of the threads and waits for its answer, within the bounds.
    ///
    /// # Errors
    /// What the job answers; `unavailable` when no thread or no answer came in time, or when too
    /// many wait already; `internal-error` when the job panicked.
    pub async fn run<T, F>(&self, job: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&S) -> Result<T, StoreError> + Send + 'static,
    {
        let Bounds { queue_wait, request_timeout, .. } = self.bounds;
        let began = Instant::now();
        let (sender, mut receiver) = oneshot::channel();
        // Whoever sets it first owns the job: a thread to do it, or the request to give it up.
        let claimed = Arc::new(AtomicBool::new(false));
        let claim = Arc::clone(&claimed);
        let entry: Job<S> = Box::new(move |store| {
            if sender.is_closed() || claim.swap(true, Ordering::AcqRel) {
                return;
            }
            let answer = catch_unwind(AssertUnwindSafe(|| job(store)));
            // The client may have gone meanwhile, and then nobody wants the answer.
            let _ = sender.send(answer);
        });
        self.queue.push(entry, began, &self.bounds)?;

        let wait = queue_wait.min(request_timeout);
        let answer = match timeout(wait, &mut receiver).await {
            Ok(answer) => answer,
            Err(_) if !claimed.swap(true, Ordering::AcqRel) => {
                return Err(Problem::unavailable("the service is busy; nothing was done")
                    .with_source(format!("no database thread was free for {wait:?}")));
            }
            Err(_) => {
                match timeout(request_timeout.saturating_sub(began.elapsed()), receiver).await {
                    Ok(answer) => answer,
                    Err(_) => {
                        return Err(Problem::unavailable(
                            "the database did not answer in time; a write may have happened",
                        )
                        .with_source(format!("no answer within {request_timeout:?}")));
                    }
                }
            }
        };
        match answer {
            Ok(Ok(result)) => result.map_err(Problem::from),
            Ok(Err(panic)) => Err(Problem::internal(format!("panic: {}", message(&*panic)))),
            Err(_) => Err(closing()),
        }
    }

    /// The store itself, for work that is so long that it must not take one of the threads.
    #[must_use]
    pub fn store(&self) -> Arc<S> {
        Arc::clone(&self.store)
    }

    /// Takes no more jobs, lets those that run finish, and tells whether they did within `bound`.
    pub fn close(&self, bound: Duration) -> bool {
        let mut state = self.queue.lock();
        state.closed = true;
        state.waiting.clear();
        self.queue.changed.notify_all();
        let left = |state: &mut State<S>| state.threads > 0;
        let (state, _) = self
            .queue
            .left
            .wait_timeout_while(state, bound, left)
            .unwrap_or_else(PoisonError::into_inner);
        state.threads == 0
    }
}

impl<S> Queue<S> {
    fn push(&self, job: Job<S>, now: Instant, bounds: &Bounds) -> Result<(), Problem> {
        let mut state = self.lock();
        if state.closed {
            return Err(closing());
        }
        if state.waiting.is_empty() {
            state.stands_since = now;
        }
        let stands = now.saturating_duration_since(state.stands_since) > BURST;
        let most = if stands { bounds.standing } else { bounds.burst };
        if state.waiting.len() >= most {
            return Err(Problem::unavailable("the service is busy; nothing was done").with_source(
                format!("{} requests wait for a database thread", state.waiting.len()),
            ));
        }
        state.waiting.push_back(job);
        let idle = state.idle > 0;
        drop(state);
        // To wake nobody costs a system call all the same.
        if idle {
            self.changed.notify_one();
        }
        Ok(())
    }

    /// What one thread does all its life.
    fn serve(&self, store: &S) {
        while let Some(job) = self.next() {
            job(store);
        }
        self.lock().threads -= 1;
        self.left.notify_all();
    }

    /// Waits for a job; none when the queue is closed.
    fn next(&self) -> Option<Job<S>> {
        let mut state = self.lock();
        while state.waiting.is_empty() && !state.closed {
            state.idle += 1;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
        state.waiting.pop_front()
    }

    /// The state is whole at every instant, so a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closing() -> Problem {
    Problem::unavailable("the service is about to stop; nothing was done")
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use actix_web::rt::task::JoinHandle;
    use actix_web::rt::time::sleep;

    use super::*;
    use crate::problem::ProblemType;

    const LONG: Duration = Duration::from_secs(30);
    const SHORT: Duration = Duration::from_millis(50);

    fn start(threads: usize, queue_wait: Duration, request_timeout: Duration) -> DbThreads<u32> {
        let bounds = Bounds { queue_wait, request_timeout, burst: 3, standing: 1 };
        DbThreads::start(7, threads, bounds).unwrap()
    }

    /// Runs the future, and others that it spawns.
    fn wait<T>(future: impl Future<Output = T>) -> T {
        actix_web::rt::System::new().block_on(future)
    }

    /// Keeps the only thread busy until the returned sender is dropped.
    async fn occupy(threads: &DbThreads<u32>) -> mpsc::Sender<()> {
        let (hold, held) = mpsc::channel::<()>();
        let (began, begun) = oneshot::channel();
        let threads = threads.clone();
        actix_web::rt::spawn(async move {
            let job = move |_: &u32| {
                let _ = began.send(());
                let _ = held.recv();
                Ok(())
            };
            threads.run(job).await
        });
        begun.await.unwrap();
        hold
    }

    /// Lets so many jobs wait for a thread.
    async fn enqueue(
        threads: &DbThreads<u32>,
        count: usize,
    ) -> Vec<JoinHandle<Result<(), Problem>>> {
        let jobs = (0..count).map(|_| {
            let threads = threads.clone();
            actix_web::rt::spawn(async move { threads.run(|_| Ok(())).await })
        });
        let jobs = jobs.collect();
        actix_web::rt::task::yield_now().await;
        jobs
    }

    fn problem_type<T>(answer: Result<T, Problem>) -> Option<ProblemType> {
        answer.err().map(|problem| problem.problem_type())
    }

    #[test]
    fn a_job_gets_the_store_and_its_answer_comes_back() {
        wait(async {
            let threads = start(2, LONG, LONG);
            assert_eq!(threads.run(|seven| Ok(*seven)).await.unwrap(), 7);
        });
    }

    #[test]
    fn a_job_that_waits_too_long_is_given_up_and_never_done() {
        wait(async {
            let threads = start(1, SHORT, LONG);
            let hold = occupy(&threads).await;
            let (done, was_done) = mpsc::channel();
            let answer = threads.run(move |_| done.send(()).map_err(|e| StoreError::Bug(e.into())));
            assert_eq!(problem_type(answer.await), Some(ProblemType::Unavailable));
            drop(hold);
            assert_eq!(threads.run(|_| Ok(1)).await.unwrap(), 1, "the thread lives on");
            assert!(was_done.recv().is_err());
        });
    }

    #[test]
    fn a_full_queue_refuses_at_once() {
        wait(async {
            let threads = start(1, LONG, LONG);
            let hold = occupy(&threads).await;
            enqueue(&threads, 3).await;
            let began = Instant::now();
            assert_eq!(problem_type(threads.run(|_| Ok(())).await), Some(ProblemType::Unavailable));
            assert!(began.elapsed() < LONG / 2);
            drop(hold);
        });
    }

    #[test]
    fn a_queue_that_stands_is_full_earlier_until_it_was_empty() {
        wait(async {
            let threads = start(1, LONG, LONG);
            let hold = occupy(&threads).await;
            let burst = enqueue(&threads, 2).await;
            sleep(BURST + SHORT).await;
            assert_eq!(problem_type(threads.run(|_| Ok(())).await), Some(ProblemType::Unavailable));
            drop(hold);
            for job in burst {
                assert_eq!(problem_type(job.await.unwrap()), None, "who came in time is served");
            }
            let hold = occupy(&threads).await;
            let burst = enqueue(&threads, 3).await;
            drop(hold);
            for job in burst {
                assert_eq!(problem_type(job.await.unwrap()), None);
            }
        });
    }

    #[test]
    fn a_job_whose_client_has_gone_is_skipped() {
        wait(async {
            let threads = start(1, LONG, LONG);
            let hold = occupy(&threads).await;
            let (done, was_done) = mpsc::channel();
            let abandoned =
                threads.run(move |_| done.send(()).map_err(|e| StoreError::Bug(e.into())));
            assert!(timeout(SHORT, abandoned).await.is_err());
            drop(hold);
            threads.run(|_| Ok(())).await.unwrap();
            assert!(was_done.recv().is_err());
        });
    }

    #[test]
    fn a_job_that_runs_too_long_is_answered_all_the_same() {
        wait(async {
            let threads = start(1, SHORT, SHORT * 2);
            let (hold, held) = mpsc::channel::<()>();
            let answer = threads.run(move |_| {
                let _ = held.recv();
                Ok(())
            });
            assert_eq!(problem_type(answer.await), Some(ProblemType::Unavailable));
            drop(hold);
        });
    }

    #[test]
    fn a_panic_is_answered_and_the_thread_lives_on() {
        wait(async {
            let threads = start(1, LONG, LONG);
            let answer = threads.run(|_| -> Result<(), StoreError> { panic!("on purpose") }).await;
            let problem = answer.unwrap_err();
            assert_eq!(problem.problem_type(), ProblemType::InternalError);
            assert!(problem.cause().unwrap().to_string().contains("on purpose"));
            threads.run(|_| Ok(())).await.unwrap();
        });
    }

    #[test]
    fn closing_waits_for_what_runs_and_refuses_the_rest() {
        wait(async {
            let threads = start(1, LONG, LONG);
            let hold = occupy(&threads).await;
            assert!(!threads.close(SHORT));
            assert_eq!(problem_type(threads.run(|_| Ok(())).await), Some(ProblemType::Unavailable));
            drop(hold);
            assert!(threads.close(LONG));
        });
    }
}
