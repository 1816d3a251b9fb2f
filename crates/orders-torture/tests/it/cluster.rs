//! Short runs of the real thing.

use std::time::Duration;

use orders_testkit::program;
use orders_torture::history::FaultKind;
use orders_torture::run::{Outcome, Sabotage, Settings, run};

fn settings(seconds: u64) -> Settings {
    Settings {
        orders_api: program::build().expect("orders-api builds"),
        duration: Duration::from_secs(seconds),
        seed: 7,
        processes: 2,
        clients: 16,
        rate: 1000,
        operations: 100_000,
        kill_every: Duration::from_secs(2),
        database_crashes: 0,
        sabotage: None,
        keep: None,
    }
}

fn violated(outcome: &Outcome) -> Vec<&str> {
    let wrong = outcome.findings.iter().filter(|finding| !finding.violations.is_empty());
    wrong.map(|finding| finding.claim).collect()
}

#[test]
fn the_rule_holds_under_fire() {
    // A machine with much else to do may get too little done for every claim to be about something.
    let looked_at_all = [8, 16, 32].into_iter().any(|seconds| {
        let outcome = run(&Settings { database_crashes: 1, ..settings(seconds) }).unwrap();
        let findings = &outcome.findings;
        let wrong: Vec<_> = findings.iter().flat_map(|finding| &finding.violations).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        let faults = &outcome.history.faults;
        assert!(faults.iter().any(|fault| matches!(fault.kind, FaultKind::Kill(_))));
        assert!(faults.iter().any(|fault| fault.kind == FaultKind::Crash));
        let idle: Vec<_> = findings.iter().filter(|finding| finding.looked_at == 0).collect();
        println!("in {seconds} s these looked at nothing: {idle:#?}");
        idle.is_empty()
    });
    assert!(looked_at_all);
}

#[test]
fn a_service_without_the_constraint_is_found_out() {
    let sabotage = Some(Sabotage::DropConstraint);
    let outcome = run(&Settings { sabotage, ..settings(6) }).unwrap();
    let violated = violated(&outcome);
    let claim = "no two orders that certainly stood at one time were closer than the gap then";
    assert!(violated.contains(&claim), "{violated:#?}");
}
