//! What is printed.
#![expect(clippy::print_stdout, reason = "the summary is what the program is for")]

use std::collections::BTreeMap;

use orders_torture::check::Finding;
use orders_torture::history::{FaultKind, History};
use orders_torture::run::{Outcome, Settings};

/// How many violations of one check are shown.
const SHOWN: usize = 5;

/// How many lines of evidence of one violation are shown.
const LINES: usize = 50;

/// Says what is about to happen.
pub(crate) fn announce(settings: &Settings) {
    let Settings { seed, processes, clients, duration, kill_every, database_crashes, .. } =
        settings;
    println!(
        "seed {seed}: {clients} clients on {processes} processes for {duration:?}; \
         SIGKILL every {kill_every:?}, {database_crashes} database crashes"
    );
    if let Some(sabotage) = settings.sabotage {
        println!("broken on purpose: {sabotage:?}");
    }
}

/// Says what happened and what the checks found.
pub(crate) fn summary(settings: &Settings, outcome: &Outcome) {
    operations(&outcome.history);
    faults(&outcome.history);
    let (orders, waits) = (outcome.keep.orders.len(), outcome.long_lock_waits);
    println!("\nleft in the database: {orders} orders; lock waits over 1 s: {waits}");
    println!("\nchecks");
    for finding in &outcome.findings {
        check(finding);
    }
    match outcome.violations() {
        0 => println!("\n0 violations (seed {})", settings.seed),
        count => println!("\n{count} VIOLATIONS (seed {})", settings.seed),
    }
}

fn operations(history: &History) {
    let mut counts: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for record in &history.records {
        let outcomes = counts.entry(record.request.kind()).or_default();
        *outcomes.entry(record.answer.kind()).or_default() += 1;
    }
    println!("\nrequests");
    for (request, outcomes) in counts {
        let total: usize = outcomes.values().sum();
        let outcomes: Vec<_> = outcomes.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
        println!("  {request:<16}{total:>8}  {}", outcomes.join(", "));
    }
    let mut times: Vec<_> =
        history.records.iter().map(|record| record.end.0 - record.start.0).collect();
    times.sort_unstable();
    let end = history.records.iter().map(|record| record.end.0).max().unwrap_or(0);
    let seconds = (end as f64 / 1e6).max(1e-6);
    let total = times.len();
    let at = |share: usize| times.get(total * share / 1000).map_or(0.0, |t| *t as f64 / 1e3);
    println!(
        "  {:<16}{total:>8}  {:.0} a second; p50 {:.1} ms, p99 {:.1} ms, worst {:.1} ms",
        "all",
        total as f64 / seconds,
        at(500),
        at(990),
        times.last().map_or(0.0, |t| *t as f64 / 1e3),
    );
}

fn faults(history: &History) {
    let mut kills: BTreeMap<usize, usize> = BTreeMap::new();
    let mut crashes = 0;
    for fault in &history.faults {
        match fault.kind {
            FaultKind::Kill(process) => *kills.entry(process).or_default() += 1,
            FaultKind::Crash => crashes += 1,
        }
    }
    let total: usize = kills.values().sum();
    let each: Vec<_> =
        kills.iter().map(|(process, n)| format!("{n} of process {process}")).collect();
    println!("\nfaults\n  {total} SIGKILLs ({}), {crashes} database crashes", each.join(", "));
}

fn check(finding: &Finding) {
    let Finding { claim, looked_at, things, violations } = finding;
    let verdict = if violations.is_empty() { "ok  " } else { "FAIL" };
    println!("  {verdict} {claim}: {looked_at} {things}");
    for violation in violations.iter().take(SHOWN) {
        println!("    - {}", violation.what);
        for line in violation.evidence.iter().filter(|line| !line.is_empty()).take(LINES) {
            println!("      {line}");
        }
    }
    if violations.len() > SHOWN {
        println!("    and {} more", violations.len() - SHOWN);
    }
}
