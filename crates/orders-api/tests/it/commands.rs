//! The commands of the program, and its errors if it cannot start.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use orders_api::cli;

use crate::app::App;
use crate::faults::Directory;
use crate::program::Program;

/// The program fails with a message that contains each of these parts, and not the password.
#[track_caller]
pub(crate) fn fails(arguments: &[&str], parts: &[&str]) {
    fails_with(&[], arguments, parts);
}

/// The same with these environment variables.
#[track_caller]
fn fails_with(variables: &[(&str, &str)], arguments: &[&str], parts: &[&str]) {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_orders-api"))
        .args(arguments)
        .env_remove("DATABASE_URL")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let output = String::from_utf8([stdout, stderr].concat()).unwrap();
    assert!(!status.success(), "{output}");
    for part in parts {
        assert!(output.contains(part), "no {part:?} in {output}");
    }
    assert!(!output.contains("s3cret"), "{output}");
}

#[test]
fn a_wrong_setting_is_an_error_that_says_what_to_do() {
    fails(&["--database-url", "mysql://me:s3cret@db/orders"], &["postgres://", "DATABASE_URL"]);
    fails(&["--database-url", "postgres://me:s3cret/x@db/orders"], &["%2F"]);
    fails(
        &["--database-url", "postgres://me:s3cret@127.0.0.1:1/orders"],
        &["127.0.0.1:1", "DATABASE_URL"],
    );
    fails(&["--queue-wait", "5"], &["--queue-wait", "500ms"]);
    fails(&["--body-limit", "0"], &["--body-limit"]);
    fails(&["--connections", "many"], &["--connections"]);
    fails(&["--log", "inof"], &["--log", "info"]);
    fails(&["--auth", "none"], &["--auth", "required"]);
}

#[test]
fn a_user_that_the_database_does_not_know_is_named() {
    let app = App::start();
    let url = app.url();
    let (without_user, user) = url.split_once("&user=").unwrap();
    assert_eq!(user, "orders");
    fails_with(
        &[("PGUSER", "stranger")],
        &["--database-url", without_user],
        &["DATABASE_URL names no user", "so stranger was tried", "postgres://USER:PASSWORD"],
    );
    let stranger = format!("{without_user}&user=stranger");
    fails(&["--database-url", &stranger], &["Check the user stranger"]);
}

#[test]
fn an_address_without_host_or_port_is_an_error_before_the_database_is_used() {
    let unreachable = ["--database-url", "postgres://127.0.0.1:1/orders"];
    for flag in ["--bind", "--metrics-bind"] {
        for address in ["127.0.0.1", ":3413"] {
            let arguments = [&unreachable[..], &[flag, address]].concat();
            fails(&arguments, &[flag, "HOST:PORT", "for example 127.0.0.1:3000"]);
        }
    }
}

#[test]
fn an_identity_provider_is_configured_completely_or_not_at_all() {
    let app = App::start();
    let url = app.url();
    let with_url = |arguments: &[&str], part: &str| {
        fails(&[&["--database-url", url.as_str()], arguments].concat(), &[part]);
    };
    with_url(
        &["--issuer", "https://id.example"],
        "--issuer, --audience and --jwks belong together",
    );
    let complete = ["--issuer", "https://id.example", "--audience", "orders", "--jwks", "/missing"];
    with_url(&complete, "cannot read /missing");
    with_url(&[&complete[..5], &["Cargo.toml"]].concat(), "Cargo.toml is not a JWK Set");
}

#[test]
fn an_address_in_use_is_an_error_that_names_it_before_the_database_is_used() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let unreachable = ["--database-url", "postgres://127.0.0.1:1/orders"];
    let with_address = |arguments: &[&str], flag: &str| {
        fails(&[&unreachable, arguments].concat(), &["cannot listen", &address, flag]);
    };
    with_address(&["--bind", &address], "--bind");
    with_address(&["--bind", "127.0.0.1:0", "--metrics-bind", &address], "--metrics-bind");
    // A private PostgreSQL is not started either.
    let directory = Directory::new("address");
    let data = format!("{}/data", directory.path());
    fails(&["--data-dir", &data, "--bind", &address], &["cannot listen", &address]);
    assert!(!Path::new(&data).exists());
}

#[test]
fn the_samples_are_added_once_and_do_not_conflict() {
    let app = App::start();
    let cli = app.cli();
    cli::seed(&cli).unwrap();
    let once = app.everything();
    cli::seed(&cli).unwrap();
    assert_eq!(app.everything(), once);
    for (id, calendar) in [("223", "inspection"), ("224", "testing"), ("225", "analysis")] {
        let order = app.get(&format!("/orders/{id}")).is(200);
        assert_eq!(order["calendar"], calendar);
        assert_eq!(order["datetime"], "2022-11-01T11:11:11.111Z");
    }
}

#[test]
fn the_samples_are_added_while_the_service_runs_or_before() {
    let directory = Directory::new("seed");
    let with_data = |command: &str| {
        let program = Command::new(env!("CARGO_BIN_EXE_orders-api"))
            .args([command, "--data-dir", directory.path()])
            .env_remove("DATABASE_URL")
            .output();
        program.unwrap()
    };
    let before = with_data("seed");
    assert!(before.status.success(), "{before:?}");
    let service = Program::start(&["--data-dir", directory.path()]);
    service.send("DELETE", "/orders/224", "").is(204);
    let meanwhile = with_data("seed");
    assert!(meanwhile.status.success(), "{meanwhile:?}");
    for id in ["223", "224", "225"] {
        service.send("GET", &format!("/orders/{id}"), "").is(200);
    }
    // A second service is told once what to do.
    let second = with_data("migrate");
    let message = String::from_utf8(second.stderr).unwrap();
    assert!(!second.status.success() && message.contains("already using"), "{message}");
    assert_eq!(message.matches("another directory").count(), 1, "{message}");
}

#[test]
fn migrations_can_be_reverted_and_applied_again() {
    let app = App::start();
    let cli = app.cli();
    for revert in [false, true, false] {
        cli::migrate(&cli, revert).unwrap();
    }
    app.get("/readyz").is(200);
}

#[test]
fn every_command_rejects_a_newer_schema() {
    let app = App::start();
    app.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')");
    let url = app.cli().database.database_url.unwrap();
    for command in [&["serve"][..], &["migrate"], &["migrate", "--revert"], &["seed"]] {
        let arguments = [&["--database-url", url.as_str()], command].concat();
        fails(&arguments, &["99990101000000", "the newest that this release", "a newer release"]);
    }
}

#[test]
fn a_read_only_server_is_rejected_with_a_way_out() {
    let app = App::start();
    let url = app.cli().database.database_url.unwrap();
    let url = format!("{url}&options=-c%20default_transaction_read_only%3Don");
    fails(&["--database-url", &url], &["read-only", "standby", "target_session_attrs=read-write"]);
}
