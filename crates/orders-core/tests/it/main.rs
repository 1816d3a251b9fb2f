//! What `orders-core` promises: examples a line each, and laws over thousands of values.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod change;
mod conflict;
mod cursor;
mod draft;
mod fee;
mod gap;
mod id;
mod idempotency;
mod metadata;
mod name;
mod precondition;
mod query;
mod reference;
mod replica;
mod schedule;
mod services;
mod slot;
mod timestamp;
mod webhook;
mod wire;

use orders_core::{MinimumGap, Timestamp};
use proptest::prelude::*;

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// How many cases a law is tried on.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig::with_cases(cases)
}

/// The timestamp that a text says.
#[track_caller]
fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

/// The timestamp so many microseconds after 1970.
#[track_caller]
fn micros(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

/// The gap of so many microseconds.
#[track_caller]
fn gap(micros: i64) -> MinimumGap {
    MinimumGap::from_micros(micros).unwrap()
}

/// Texts of this form; as a strategy, a bare pattern would be parsed again for every case.
fn text(pattern: &str) -> impl Strategy<Value = String> + use<> {
    prop::string::string_regex(pattern).unwrap()
}

fn any_timestamp() -> impl Strategy<Value = Timestamp> {
    let (min, max) = (Timestamp::MIN.as_micros(), Timestamp::MAX.as_micros());
    prop_oneof![
        4 => min..=max,
        2 => (min / SECOND..=max / SECOND).prop_map(|seconds| seconds * SECOND),
        2 => (min / 1000..=max / 1000).prop_map(|millis| millis * 1000),
        1 => min..=min + DAY,
        1 => max - DAY..=max,
        1 => -DAY..=DAY,
    ]
    .prop_map(micros)
}

fn any_gap() -> impl Strategy<Value = MinimumGap> {
    let max = MinimumGap::MAX.as_micros();
    prop_oneof![
        4 => 0..=max,
        2 => (0..=max / SECOND).prop_map(|seconds| seconds * SECOND),
        1 => (0..=max / DAY).prop_map(|days| days * DAY),
        1 => 0..=5_i64,
    ]
    .prop_map(gap)
}
