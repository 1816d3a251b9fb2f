//! What is printed.
#![expect(clippy::print_stdout, reason = "the report is the purpose of the program")]

use std::collections::BTreeMap;

use orders_torture::checks::CheckResult;
use orders_torture::faults::FaultKind;
use orders_torture::history::{FeedRead, Follower, History, ReadOutcome};
use orders_torture::run::{RunResult, Settings};

/// How many violations of one check are shown.
const MAX_VIOLATIONS: usize = 5;

/// How many lines of evidence of one violation are shown.
const MAX_EVIDENCE: usize = 50;

/// Prints what is about to happen.
pub(crate) fn print_settings(settings: &Settings) {
    let Settings { seed, processes, clients, duration, kill_every, database_crashes, .. } =
        settings;
    let crashes = if settings.failover { "failovers" } else { "database crashes" };
    println!(
        "seed {seed}: {clients} clients on {processes} processes for {duration:?}; \
         SIGKILL every {kill_every:?}, {database_crashes} {crashes}"
    );
    if let Some(sabotage) = settings.sabotage {
        println!("broken on purpose: {sabotage:?}");
    }
}

/// Prints what happened and what the checks found.
pub(crate) fn print_result(settings: &Settings, result: &RunResult) {
    print_operations(&result.history);
    print_latencies(&result.history);
    print_faults(&result.history);
    print_followers(&result.history);
    let (orders, waits) = (result.rows.orders.len(), result.long_lock_waits);
    println!("\nin the database at the end: {orders} orders; lock waits over 1 s: {waits}");
    println!("\nchecks");
    result.checks.iter().for_each(print_check);
    match result.violations() {
        0 => println!("\n0 violations (seed {})", settings.seed),
        count => println!("\n{count} VIOLATIONS (seed {})", settings.seed),
    }
}

fn print_operations(history: &History) {
    let mut counts: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for operation in &history.operations {
        let outcomes = counts.entry(operation.request.kind()).or_default();
        *outcomes.entry(operation.outcome.kind()).or_default() += 1;
    }
    println!("\nrequests");
    for (request, outcomes) in counts {
        let total: usize = outcomes.values().sum();
        let outcomes: Vec<_> = outcomes.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
        println!("  {request:<16}{total:>8}  {}", outcomes.join(", "));
    }
}

fn print_latencies(history: &History) {
    let operations = history.operations.iter();
    let mut latencies: Vec<_> =
        operations.clone().map(|operation| operation.completed.0 - operation.invoked.0).collect();
    latencies.sort_unstable();
    let milliseconds = |latency: Option<&u64>| latency.map_or(0.0, |micros| *micros as f64 / 1e3);
    let total = latencies.len();
    let percentile = |per_mille: usize| milliseconds(latencies.get(total * per_mille / 1000));
    let end = operations.map(|operation| operation.completed.0).max().unwrap_or(0);
    println!(
        "  {:<16}{total:>8}  {:.0} per second; p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms",
        "all",
        total as f64 / (end as f64 / 1e6).max(1e-6),
        percentile(500),
        percentile(990),
        milliseconds(latencies.last()),
    );
}

fn print_faults(history: &History) {
    let mut kills: BTreeMap<usize, usize> = BTreeMap::new();
    let (mut crashes, mut failovers) = (0, Vec::new());
    for fault in &history.faults {
        match fault.kind {
            FaultKind::KillService(process) => *kills.entry(process).or_default() += 1,
            FaultKind::CrashPostgres => crashes += 1,
            FaultKind::FailOver => failovers.push((fault.end.0 - fault.start.0) as f64 / 1e6),
        }
    }
    let total: usize = kills.values().sum();
    let each: Vec<_> =
        kills.iter().map(|(process, n)| format!("{n} of process {process}")).collect();
    println!("\nfaults\n  {total} SIGKILLs ({}), {crashes} database crashes", each.join(", "));
    if !failovers.is_empty() {
        failovers.sort_by(f64::total_cmp);
        let (median, longest) = (failovers[failovers.len() / 2], failovers[failovers.len() - 1]);
        println!(
            "  {} failovers; all services were ready again after {median:.1} s (median), {longest:.1} s (longest)",
            failovers.len()
        );
    }
}

fn print_followers(history: &History) {
    println!("\nfollowers");
    for kind in Follower::KINDS {
        let followings = history.followings.iter().filter(|it| it.follower.kind() == kind);
        let changes: usize = followings.map(|following| following.changes.len()).sum();
        let reads = history.reads.iter().filter(|read| read.follower.kind() == kind);
        let is_failed = |read: &&FeedRead| matches!(read.outcome, ReadOutcome::Failed(_));
        let (total, failed) = (reads.clone().count(), reads.filter(is_failed).count());
        println!("  {kind:<16}{changes:>8} changes in {total} requests, {failed} of them failed");
    }
    let exports = history.followings.iter().filter(|following| following.export.is_some()).count();
    let histories = history.order_histories.len();
    println!("  {exports} exports were followed for a while, and {histories} histories were read");
}

fn print_check(check: &CheckResult) {
    let CheckResult { invariant, examined, unit, violations } = check;
    let verdict = if violations.is_empty() { "ok  " } else { "FAIL" };
    println!("  {verdict} {invariant}: {examined} {unit}");
    for violation in violations.iter().take(MAX_VIOLATIONS) {
        println!("    - {}", violation.message);
        let evidence = violation.evidence.iter().filter(|line| !line.is_empty());
        for line in evidence.take(MAX_EVIDENCE) {
            println!("      {line}");
        }
    }
    if violations.len() > MAX_VIOLATIONS {
        println!("    and {} more", violations.len() - MAX_VIOLATIONS);
    }
}
