//! The commands that manage clients and keys.

use orders_testkit::{Finished, Signal};

use super::{bearer, eventually, program};
use crate::app::App;
use crate::faults::Directory;
use crate::program::Program;
use crate::samples::order;

/// The rows of a printed table, without the titles, as words.
fn rows(table: &str) -> Vec<Vec<&str>> {
    table.lines().skip(1).map(|line| line.split_whitespace().collect()).collect()
}

/// The last four characters of a key.
fn ends(key: &str) -> &str {
    &key[key.len() - 4..]
}

#[test]
fn clients_are_added_changed_listed_and_removed() {
    let app = App::start();
    app.command(
        "clients add shop --scope write --calendar roof --calendar crew --rate 5 --subject s-1",
    );
    app.command("clients add board --scope read");
    let listed = app.command("clients list");
    assert_eq!(
        rows(&listed),
        [["board", "read", "all", "any", "-"], ["shop", "write", "crew,roof", "5/s", "s-1"]]
    );
    app.command("clients set shop --scope admin");
    app.command("clients set board --calendar roof --rate 2");
    let listed = app.command("clients list");
    assert_eq!(
        rows(&listed),
        [["board", "read", "roof", "2/s", "-"], ["shop", "admin", "crew,roof", "5/s", "s-1"]]
    );
    app.command("clients set shop --all-calendars --any-rate --no-subject");
    app.command("clients remove board");
    assert_eq!(rows(&app.command("clients list")), [["shop", "admin", "all", "any", "-"]]);
}

#[test]
fn keys_are_created_listed_rolled_and_revoked() {
    let app = App::start();
    let first = app.new_key("shop", "read");
    assert_eq!(first.len(), 41);
    let second = app.command("keys create shop --expires 90d");
    let listed = app.command("keys list shop");
    assert!(!listed.contains(&first) && !listed.contains(&second), "{listed}");
    let known = rows(&listed);
    assert_eq!(known[0][..3], ["shop", &format!("..{}", ends(&first)), "valid"]);
    assert_eq!((known[0][4], known[0][5]), ("-", "-"), "it does not expire and was not used");
    assert!(known[1][4].ends_with('Z'), "{listed}");

    let third = app.command("keys roll shop --overlap 0s");
    let states: Vec<_> =
        rows(&app.command("keys list")).iter().map(|row| row[2].to_owned()).collect();
    assert_eq!(states, ["expired", "expired", "valid"]);
    let url = app.url();
    let revoke = ["keys", "revoke", "--key", "-", "--database-url", &url];
    program(&revoke, &format!("{third}\n")).map_err(|printed| printed.stderr).unwrap();
    eventually(401, || app.get_with(&third, "/orders"));
    let again = program(&revoke, &third).err().unwrap();
    assert!(again.stderr.contains("there is no such key"), "{}", again.stderr);
}

#[test]
fn the_last_use_of_a_key_is_listed() {
    let app = App::start();
    let key = app.new_key("shop", "read");
    app.get_with(&key, "/orders").is(200);
    for _ in 0..100 {
        let listed = app.command("keys list");
        if rows(&listed)[0][5].ends_with(":00Z") {
            return;
        }
    }
    panic!("{}", app.command("keys list"));
}

#[test]
fn a_mistake_is_an_error_that_names_it() {
    let app = App::start();
    app.command("clients add shop --scope read --subject s-1");
    let url = app.url();
    for (arguments, part) in [
        ("clients add shop --scope read", "client shop already exists"),
        ("clients add a/b --scope read", "'/' is not allowed"),
        ("clients add new --scope owner", "the scopes are read, write and admin"),
        ("clients add new", "--scope"),
        ("clients add new --scope read --subject s-1", "the subject s-1 is that of client shop"),
        ("clients set nobody --scope read", "there is no client nobody"),
        ("clients set shop --rate 0", "--rate"),
        ("clients remove nobody", "there is no client nobody"),
        ("keys create nobody", "there is no client nobody"),
        ("keys create shop --expires 5", "90d"),
        ("keys revoke shop", "--ends"),
        ("keys revoke shop --ends 0000", "there is no such key"),
        ("keys revoke --key ordk_secret", "--key"),
    ] {
        let arguments: Vec<_> = arguments.split(' ').chain(["--database-url", &url]).collect();
        let printed = program(&arguments, "").err().unwrap();
        assert!(printed.stderr.contains(part), "no {part:?} in {}", printed.stderr);
    }
}

#[test]
fn the_commands_share_the_private_postgresql_with_a_running_service() {
    let directory = Directory::new("keys");
    let run = |arguments: &str| {
        let data = ["--data-dir", directory.path()];
        let arguments: Vec<_> = arguments.split(' ').chain(data).collect();
        program(&arguments, "").map_err(|printed| printed.stderr).unwrap().stdout
    };
    let list = ["clients", "list", "--data-dir", directory.path()];
    let missing = program(&list, "").err().unwrap();
    assert!(missing.stderr.contains("start the service first"), "{}", missing.stderr);
    let service = Program::start(&["--data-dir", directory.path()]);
    run("clients add shop --scope write");
    let authorization = bearer(&run("keys create shop"));
    let headers = [("Authorization", authorization.as_str())];
    service.send_with("POST", "/orders", &headers, order("1", 0)).is(201);
    assert!(service.logs("POST /orders 201 ").contains(" bytes client shop "));
    run("clients remove shop");
    eventually(401, || service.send_with("GET", "/orders/1", &headers, ""));
    service.signal(Signal::TERM);
    assert_eq!(service.end().code(), Some(0));
    // Without a service they start it themselves.
    assert_eq!(rows(&run("keys list"))[0][2], "revoked");
}

#[test]
fn a_command_uses_the_key_in_the_environment() {
    let app = App::start_with(&["--auth", "required"]);
    let key = app.new_key("shop", "write");
    let listen = |key: Option<&str>| {
        let mut program = crate::listen::listen(&app, &[]);
        if let Some(key) = key {
            program.env("ORDERS_KEY", key);
        }
        let done = Finished::run(&mut program, "").unwrap();
        assert_eq!(done.status, Some(1), "{}", done.stderr);
        done.stderr
    };
    // It takes an admin.
    let known = listen(Some(&format!(" {key}\n")));
    assert!(known.contains("client shop has the scope write"), "{known}");
    for key in [None, Some("ordk_mistyped")] {
        let unknown = listen(key);
        assert!(
            unknown.contains("orders-api keys create") && !unknown.contains("mistyped"),
            "{unknown}"
        );
    }
    let unusable = listen(Some("ordk_\u{1}secret"));
    assert!(unusable.contains("cannot use ORDERS_KEY: the key is not an API key"), "{unusable}");
    assert!(!unusable.contains("secret"), "{unusable}");
}
