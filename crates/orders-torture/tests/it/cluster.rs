//! Short runs of the real thing.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use orders_torture::history::FaultKind;
use orders_torture::run::{Outcome, Sabotage, Settings, run};

/// The service program, built as this test was; cargo does nothing when it is up to date.
fn orders_api() -> PathBuf {
    let test = env::current_exe().expect("this test");
    let profile = test.ancestors().nth(2).expect("target/debug/deps");
    let target = profile.parent().expect("target/debug");
    let name = profile.file_name().and_then(OsStr::to_str).expect("a profile");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--package", "orders-api", "--bin", "orders-api"])
        .args(["--profile", if name == "debug" { "dev" } else { name }])
        .arg("--target-dir")
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("cargo can be run");
    assert!(built.success(), "orders-api is not built");
    profile.join("orders-api")
}

fn settings(seconds: u64) -> Settings {
    Settings {
        orders_api: orders_api(),
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
