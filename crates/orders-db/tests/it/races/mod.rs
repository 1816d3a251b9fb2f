//! The rule under races, from many threads with a connection each.

mod everything;
mod idempotency;
mod moving;
mod placing;
mod references;
mod versions;

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use orders_core::{
    CalendarDraft, Calendars, Order, OrderDraft, OrderPatch, Orders, Precondition, Services,
    StoreError,
};
use orders_db::PgStore;

use crate::database::Database;
use crate::samples::*;

/// Calls `act` with 0, 1, .. from so many threads at once.
pub(crate) fn at_once<T: Send>(threads: usize, act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(threads);
    let race = &|n| {
        barrier.wait();
        act(n)
    };
    thread::scope(|scope| {
        let racers: Vec<_> = (0..threads).map(|n| scope.spawn(move || race(n))).collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    })
}

/// Two services on one database, as two processes would be.
pub(crate) fn two_stores(database: &Database, connections: u32) -> [PgStore; 2] {
    [database.store_of(connections), database.store_of(connections)]
}

#[track_caller]
fn check_one_won<T: Debug>(answers: Vec<Result<T, StoreError>>) {
    let losers = answers.iter().filter(|answer| answer.is_err()).count();
    assert_eq!(losers, answers.len() - 1, "{answers:#?}");
    for loser in answers.into_iter().filter_map(Result::err) {
        assert!(matches!(loser, StoreError::Conflict(_)), "{loser:?}");
    }
}
