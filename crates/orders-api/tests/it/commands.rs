//! The program itself: its commands, and what it says when it cannot start.

use std::process::{Command, Output};

use orders_api::cli;

use crate::app::App;

/// The program ends with an error that holds each of these, and the password nowhere.
#[track_caller]
fn fails(arguments: &[&str], said: &[&str]) {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_orders-api"))
        .args(arguments)
        .env_remove("DATABASE_URL")
        .output()
        .unwrap();
    let output = String::from_utf8([stdout, stderr].concat()).unwrap();
    assert!(!status.success(), "{output}");
    for part in said {
        assert!(output.contains(part), "no {part:?} in {output}");
    }
    assert!(!output.contains("s3cret"), "{output}");
}

#[test]
fn a_wrong_setting_stops_the_start_and_says_what_to_do() {
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
}

#[test]
fn an_address_in_use_is_named() {
    let app = App::start();
    let database = app.cli().database.database_url.unwrap();
    let address = app.address().to_string();
    fails(&["--database-url", &database, "--bind", &address], &[&address, "--bind"]);
}

#[test]
fn the_samples_are_added_once_and_agree_with_the_rule() {
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
fn migrations_go_back_and_forth() {
    let app = App::start();
    let cli = app.cli();
    for revert in [false, true, false] {
        cli::migrate(&cli, revert).unwrap();
    }
    app.get("/readyz").is(200);
}

#[test]
fn a_newer_schema_is_refused_by_every_command() {
    let app = App::start();
    app.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')");
    let url = app.cli().database.database_url.unwrap();
    for command in [&["serve"][..], &["migrate"], &["migrate", "--revert"], &["seed"]] {
        let arguments = [&["--database-url", url.as_str()], command].concat();
        fails(&arguments, &["99990101000000", "the newest that this release", "a newer release"]);
    }
}

#[test]
fn a_read_only_server_is_refused_and_the_way_out_named() {
    let app = App::start();
    let url = app.cli().database.database_url.unwrap();
    let url = format!("{url}&options=-c%20default_transaction_read_only%3Don");
    fails(&["--database-url", &url], &["read-only", "standby", "target_session_attrs=read-write"]);
}
