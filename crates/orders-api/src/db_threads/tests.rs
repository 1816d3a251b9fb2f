mod together;

use std::sync::mpsc;
use std::time::{Duration, Instant};

use actix_web::rt::task::JoinHandle;
use actix_web::rt::time::{sleep, timeout};
use orders_core::{ClientId, StoreError};
use tokio::sync::oneshot;

use super::queue::BURST;
use super::{ClientKey, DbThreads, Kind, Limits};
use crate::problem::{Problem, ProblemType};

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(50);

fn start(threads: usize, queue_wait: Duration, request_timeout: Duration) -> DbThreads<u32> {
    let limits = Limits { queue_wait, request_timeout, burst: 3, backlog: 1 };
    DbThreads::start(7, threads, limits).unwrap()
}

fn shop() -> ClientKey {
    client("shop")
}

fn client(name: &str) -> ClientKey {
    ClientKey::Client(ClientId::new(name).unwrap())
}

/// Runs the future, and others that it spawns.
fn wait<T>(future: impl Future<Output = T>) -> T {
    actix_web::rt::System::new().block_on(future)
}

/// Keeps the only thread busy until the returned sender is dropped.
async fn occupy<S: Send + Sync + 'static>(threads: &DbThreads<S>) -> mpsc::Sender<()> {
    occupy_as(threads, Kind::Single).await
}

/// Keeps a thread busy with a job of this kind until the returned sender is dropped.
async fn occupy_as<S: Send + Sync + 'static>(
    threads: &DbThreads<S>,
    kind: Kind,
) -> mpsc::Sender<()> {
    let (hold, held) = mpsc::channel::<()>();
    let (began, begun) = oneshot::channel();
    let threads = threads.clone();
    actix_web::rt::spawn(async move {
        let job = move |_: &S| {
            let _ = began.send(());
            let _ = held.recv();
            Ok(())
        };
        threads.run(shop(), kind, job).await
    });
    begun.await.unwrap();
    hold
}

/// Lets so many jobs wait for a thread.
async fn enqueue(threads: &DbThreads<u32>, count: usize) -> Vec<JoinHandle<Result<(), Problem>>> {
    let jobs = (0..count).map(|_| {
        let threads = threads.clone();
        actix_web::rt::spawn(async move { threads.run(shop(), Kind::Single, |_| Ok(())).await })
    });
    let jobs = jobs.collect();
    actix_web::rt::task::yield_now().await;
    jobs
}

fn problem_type<T>(answer: Result<T, Problem>) -> Option<ProblemType> {
    answer.err().map(|problem| problem.problem_type())
}

#[test]
fn a_job_gets_the_store_and_its_result_comes_back() {
    wait(async {
        let threads = start(2, LONG, LONG);
        assert_eq!(threads.run(shop(), Kind::Single, |seven| Ok(*seven)).await.unwrap(), 7);
    });
}

#[test]
fn a_job_that_waits_too_long_is_given_up_and_never_done() {
    wait(async {
        let threads = start(1, SHORT, LONG);
        let hold = occupy(&threads).await;
        let (done, was_done) = mpsc::channel();
        let answer = threads.run(shop(), Kind::Single, move |_| {
            done.send(()).map_err(|e| StoreError::Bug(e.into()))
        });
        assert_eq!(problem_type(answer.await), Some(ProblemType::Unavailable));
        drop(hold);
        assert_eq!(
            threads.run(shop(), Kind::Single, |_| Ok(1)).await.unwrap(),
            1,
            "the thread lives on"
        );
        assert!(was_done.recv().is_err());
    });
}

#[test]
fn a_full_queue_rejects_a_job_at_once() {
    wait(async {
        let threads = start(1, LONG, LONG);
        let hold = occupy(&threads).await;
        enqueue(&threads, 3).await;
        let began = Instant::now();
        assert_eq!(
            problem_type(threads.run(shop(), Kind::Single, |_| Ok(())).await),
            Some(ProblemType::Unavailable)
        );
        assert!(began.elapsed() < LONG / 2);
        drop(hold);
    });
}

#[test]
fn a_backlog_is_limited_more_than_a_burst_until_the_queue_was_empty() {
    wait(async {
        let threads = start(1, LONG, LONG);
        let hold = occupy(&threads).await;
        let burst = enqueue(&threads, 2).await;
        sleep(BURST + SHORT).await;
        assert_eq!(
            problem_type(threads.run(shop(), Kind::Single, |_| Ok(())).await),
            Some(ProblemType::Unavailable)
        );
        drop(hold);
        for job in burst {
            assert_eq!(problem_type(job.await.unwrap()), None, "a job that came in time is done");
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
        let abandoned = threads.run(shop(), Kind::Single, move |_| {
            done.send(()).map_err(|e| StoreError::Bug(e.into()))
        });
        assert!(timeout(SHORT, abandoned).await.is_err());
        drop(hold);
        threads.run(shop(), Kind::Single, |_| Ok(())).await.unwrap();
        assert!(was_done.recv().is_err());
    });
}

#[test]
fn a_request_does_not_wait_for_a_job_that_runs_too_long() {
    wait(async {
        let threads = start(1, SHORT, SHORT * 2);
        let (hold, held) = mpsc::channel::<()>();
        let answer = threads.run(shop(), Kind::Single, move |_| {
            let _ = held.recv();
            Ok(())
        });
        assert_eq!(problem_type(answer.await), Some(ProblemType::Unavailable));
        drop(hold);
    });
}

#[test]
fn a_panic_is_an_internal_error_and_the_thread_lives_on() {
    wait(async {
        let threads = start(1, LONG, LONG);
        let answer = threads
            .run(shop(), Kind::Single, |_| -> Result<(), StoreError> { panic!("on purpose") })
            .await;
        let problem = answer.unwrap_err();
        assert_eq!(problem.problem_type(), ProblemType::InternalError);
        assert!(problem.cause().unwrap().to_string().contains("on purpose"));
        threads.run(shop(), Kind::Single, |_| Ok(())).await.unwrap();
    });
}

#[test]
fn closing_waits_for_running_jobs_and_rejects_others() {
    wait(async {
        let threads = start(1, LONG, LONG);
        let hold = occupy(&threads).await;
        assert!(!threads.close(SHORT));
        assert_eq!(
            problem_type(threads.run(shop(), Kind::Single, |_| Ok(())).await),
            Some(ProblemType::Unavailable)
        );
        drop(hold);
        assert!(threads.close(LONG));
    });
}
