//! What all commands have in common: the exit status, the help and the key.

use std::process::Command;

use orders_testkit::{Finished, Receiver, Reply, program};

use crate::service::{Service, shared, values};

#[test]
fn a_command_that_fails_says_why_and_exits_with_2() {
    let other = Receiver::start(|_| Reply::Status(404)).unwrap();
    let elsewhere = format!("http://{}", other.address());
    for command in [&["list"][..], &["export"], &["import", "-"], &["watch"]] {
        for (url, message) in [
            ("http://127.0.0.1:1", "does it run there?"),
            ("localhost:3000", "http://HOST:PORT"),
            (elsewhere.as_str(), "is the URL that of the service?"),
        ] {
            shared().run(&[command, &["--url", url]].concat()).fails(2, message);
        }
    }
    shared().run(&["list", "--tz", "Berlin"]).fails(2, "Europe/Berlin");
    let mut misspelt = shared().program(&["list"]);
    misspelt.env("TZ", "Europe/Berln");
    Finished::run(&mut misspelt, "").unwrap().fails(2, "\"Europe/Berln\" is not a time zone");
    let secret = shared().run(&["list", "--url", "http://me:secret@127.0.0.1"]);
    secret.fails(2, "\"127.0.0.1\" is not the URL of a service");
    assert!(!secret.stderr.contains("secret"), "{}", secret.stderr);
    shared().run(&["list", "yesterday", "--from", "today"]).fails(2, "cannot be used with");
    shared().run(&["list", "--ca-file", "/nonexistent"]).fails(2, "cannot read /nonexistent");
}

#[test]
fn the_key_is_sent() {
    let service = Service::start();
    let administer = |arguments: &[&str]| {
        let mut command = Command::new(program::build().unwrap());
        command.args(arguments).env("DATABASE_URL", service.postgres.url("orders"));
        let done = Finished::run(&mut command, "").unwrap();
        assert_eq!(done.status, Some(0), "{}", done.stderr);
        done.stdout.trim().to_owned()
    };
    administer(&["clients", "add", "desk", "--scope", "read"]);
    let key = administer(&["keys", "create", "desk"]);
    // The service notices it within a second or two.
    while service.run(&["services"]).status == Some(0) {}
    service.run(&["services"]).fails(1, "orders-api keys create");
    let run = |arguments: &[&str]| {
        let mut command = service.program(arguments);
        command.env("ORDERS_KEY", &key);
        Finished::run(&mut command, "").unwrap()
    };
    assert_eq!(values(&run(&["services"]).stdout).len(), 3);
    run(&["book", "2030-01-01 9:00", "123"]).fails(1, "desk");
}

#[test]
fn the_manual_and_the_completions_name_every_command() {
    let commands = ["list", "free", "book", "move", "cancel", "show", "history", "watch", "export"];
    for arguments in [&["man"][..], &["completions", "bash"], &["completions", "fish"], &["-h"]] {
        let text = shared().run(arguments).stdout;
        for command in commands {
            assert!(text.contains(command), "{arguments:?}: {command}");
        }
    }
    let page = shared().run(&["man", "book"]).stdout;
    assert!(page.contains("orders\\-book") && page.contains("idempotency"), "{page}");
    shared().run(&["man", "nosuch"]).fails(2, "there is no command nosuch");
}

#[test]
fn the_help_shows_the_options_of_a_command_before_those_of_all() {
    let help = shared().run(&["show", "--help"]).stdout;
    let (own, common) = help.split_once("Common options:").unwrap();
    assert!(own.contains("--version") && !own.contains("--url"), "{help}");
    assert!(common.contains("--url") && !common.contains("--version"), "{help}");
}
