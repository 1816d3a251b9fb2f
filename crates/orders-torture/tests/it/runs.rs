//! Short runs of the real service.

use std::time::Duration;

use orders_testkit::program;
use orders_torture::faults::FaultKind;
use orders_torture::run::{Sabotage, Settings, run};

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
        failover: false,
        sabotage: None,
        output_directory: None,
    }
}

#[test]
fn the_service_keeps_its_contract_under_faults() {
    // On a loaded machine a short run may give some checks nothing to examine.
    let all_examined = [8, 16, 32].into_iter().any(|seconds| {
        let result = run(&Settings { database_crashes: 1, ..settings(seconds) }).unwrap();
        let checks = &result.checks;
        let violations: Vec<_> = checks.iter().flat_map(|check| &check.violations).collect();
        assert!(violations.is_empty(), "{violations:#?}");
        let faults = &result.history.faults;
        assert!(faults.iter().any(|fault| matches!(fault.kind, FaultKind::KillService(_))));
        assert!(faults.iter().any(|fault| fault.kind == FaultKind::CrashPostgres));
        let idle: Vec<_> = checks.iter().filter(|check| check.examined == 0).collect();
        println!("in {seconds} s these examined nothing: {idle:#?}");
        idle.is_empty()
    });
    assert!(all_examined);
}

#[test]
fn a_failover_loses_nothing_that_was_acknowledged() {
    let settings = Settings { database_crashes: 1, failover: true, ..settings(8) };
    let result = run(&settings).unwrap();
    let violations: Vec<_> = result.checks.iter().flat_map(|check| &check.violations).collect();
    assert!(violations.is_empty(), "{violations:#?}");
    assert!(result.history.faults.iter().any(|fault| fault.kind == FaultKind::FailOver));
}

/// A short run with this sabotage violates this invariant.
#[track_caller]
fn assert_found(sabotage: Sabotage, invariant: &str) {
    let result =
        run(&Settings { sabotage: Some(sabotage), ..settings(6) }).expect("the run is completed");
    let violated = result.checks.iter().filter(|check| !check.violations.is_empty());
    let violated: Vec<_> = violated.map(|check| check.invariant).collect();
    assert!(violated.contains(&invariant), "{violated:#?}");
}

#[test]
fn a_service_without_the_constraint_is_found() {
    let invariant = "no two orders that certainly existed at one moment were closer than the gap";
    assert_found(Sabotage::DropConstraint, invariant);
}

#[test]
fn a_feed_without_some_changes_is_found() {
    let invariant =
        "every acknowledged write and every order in a response is a change in the feed";
    assert_found(Sabotage::LoseVersions, invariant);
}
