//! Requests that are executed together, and those that are not delayed by others.

use std::sync::{Arc, Mutex};

use super::*;
use crate::db_threads::Batchable;

/// What was executed.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, entry: String) {
        self.0.lock().unwrap().push(entry);
    }

    fn start(&self, threads: usize) -> DbThreads<Self> {
        let limits = Limits { queue_wait: LONG, request_timeout: LONG, burst: 3, backlog: 3 };
        DbThreads::start(self.clone(), threads, limits).unwrap()
    }

    fn entries(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// A number that is doubled. Together with others, odd numbers are left to be doubled alone, and 0 panics.
struct Double(u32);

impl Batchable<Log> for Double {
    type Response = u32;
    const KIND: Kind = Kind::Get;

    fn execute(self, log: &Log) -> Result<u32, StoreError> {
        log.add(self.0.to_string());
        Ok(2 * self.0)
    }

    fn execute_together(log: &Log, requests: &[Self]) -> Vec<Option<Result<u32, StoreError>>> {
        let numbers: Vec<_> = requests.iter().map(|double| double.0.to_string()).collect();
        log.add(numbers.join("+"));
        assert!(requests.iter().all(|double| double.0 > 0), "on purpose");
        requests.iter().map(|it| (it.0 % 2 == 0).then_some(Ok(2 * it.0))).collect()
    }
}

/// A request that takes until its sender is dropped.
struct Slow(mpsc::Receiver<()>, oneshot::Sender<()>);

impl Batchable<Log> for Slow {
    type Response = ();
    const KIND: Kind = Kind::Create;

    fn execute(self, _: &Log) -> Result<(), StoreError> {
        let _ = self.1.send(());
        let _ = self.0.recv();
        Ok(())
    }

    fn execute_together(_: &Log, requests: &[Self]) -> Vec<Option<Result<(), StoreError>>> {
        requests.iter().map(|_| None).collect()
    }
}

/// Lets requests wait while the only thread is busy, and returns their results.
async fn double(log: &Log, numbers: &[u32]) -> Vec<Result<u32, Problem>> {
    let threads = log.start(1);
    let hold = occupy(&threads).await;
    let requests: Vec<_> = numbers
        .iter()
        .map(|number| {
            let (threads, request) = (threads.clone(), Double(*number));
            actix_web::rt::spawn(async move { threads.execute(shop(), request).await })
        })
        .collect();
    actix_web::rt::task::yield_now().await;
    drop(hold);
    let mut results = Vec::new();
    for request in requests {
        results.push(request.await.unwrap());
    }
    results
}

fn doubled(results: Vec<Result<u32, Problem>>) -> Vec<u32> {
    results.into_iter().map(Result::unwrap).collect()
}

#[test]
fn requests_that_wait_are_executed_together() {
    wait(async {
        let log = Log::default();
        assert_eq!(doubled(double(&log, &[2, 4, 6]).await), [4, 8, 12]);
        assert_eq!(log.entries(), ["2+4+6"]);
    });
}

#[test]
fn a_request_that_does_not_wait_is_executed_alone() {
    wait(async {
        let log = Log::default();
        let threads = log.start(1);
        assert_eq!(threads.execute(shop(), Double(2)).await.unwrap(), 4);
        assert_eq!(log.entries(), ["2"]);
    });
}

#[test]
fn a_request_on_which_nothing_was_done_is_executed_alone() {
    wait(async {
        let log = Log::default();
        assert_eq!(doubled(double(&log, &[1, 2, 3]).await), [2, 4, 6]);
        assert_eq!(log.entries()[0], "1+2+3");
        let mut alone = log.entries().split_off(1);
        alone.sort();
        assert_eq!(alone, ["1", "3"]);
    });
}

#[test]
fn after_a_panic_each_request_is_executed_alone() {
    wait(async {
        let log = Log::default();
        assert_eq!(doubled(double(&log, &[0, 2]).await), [0, 4]);
        assert_eq!(log.entries().len(), 3);
    });
}

#[test]
fn a_request_whose_client_has_gone_is_left_out() {
    wait(async {
        let log = Log::default();
        let threads = log.start(1);
        let hold = occupy(&threads).await;
        let abandoned = threads.execute(shop(), Double(2));
        assert!(timeout(SHORT, abandoned).await.is_err());
        drop(hold);
        assert_eq!(threads.execute(shop(), Double(4)).await.unwrap(), 8);
        assert_eq!(log.entries(), ["4"]);
    });
}

#[test]
fn one_thread_does_no_import_and_half_of_them_read_no_calendar_feed() {
    for (kind, most, threads) in
        [(Kind::Import, 1, 2), (Kind::CalendarFeed, 1, 2), (Kind::CalendarFeed, 2, 4)]
    {
        wait(async {
            let log = Log::default();
            let threads = log.start(threads);
            let mut holds = Vec::new();
            for _ in 0..most {
                holds.push(occupy_as(&threads, kind).await);
            }
            let others = threads.clone();
            let waiting = actix_web::rt::spawn(async move {
                others.run(client("another"), kind, |_| Ok(())).await
            });
            sleep(SHORT).await;
            assert_eq!(threads.execute(shop(), Double(2)).await.unwrap(), 4);
            assert!(!waiting.is_finished());
            holds.clear();
            waiting.await.unwrap().unwrap();
        });
    }
}

#[test]
fn a_single_thread_does_imports_and_reads_calendar_feeds_too() {
    wait(async {
        let threads = Log::default().start(1);
        for kind in [Kind::Import, Kind::CalendarFeed] {
            threads.run(shop(), kind, |_| Ok(())).await.unwrap();
        }
    });
}

#[test]
fn a_request_that_takes_long_does_not_delay_others_of_its_kind() {
    wait(async {
        let threads = Log::default().start(4);
        let mut slow = Vec::new();
        // More than begin at once.
        for _ in 0..Kind::Create.most_running(4) + 1 {
            let (hold, held) = mpsc::channel();
            let (began, begun) = oneshot::channel();
            let threads = threads.clone();
            let request =
                actix_web::rt::spawn(
                    async move { threads.execute(shop(), Slow(held, began)).await },
                );
            begun.await.unwrap();
            slow.push((hold, request));
        }
        for (hold, request) in slow {
            drop(hold);
            request.await.unwrap().unwrap();
        }
    });
}

#[test]
fn a_full_queue_has_space_for_another_client() {
    wait(async {
        let threads = start(1, LONG, LONG);
        let hold = occupy(&threads).await;
        let mut jobs = enqueue(&threads, 3).await;
        let others = threads.clone();
        let other = actix_web::rt::spawn(async move {
            others.run(client("another"), Kind::Single, |seven| Ok(*seven)).await
        });
        let newest = jobs.pop().unwrap().await.unwrap();
        assert_eq!(problem_type(newest), Some(ProblemType::Unavailable));
        drop(hold);
        assert_eq!(other.await.unwrap().unwrap(), 7);
        for job in jobs {
            job.await.unwrap().unwrap();
        }
    });
}
