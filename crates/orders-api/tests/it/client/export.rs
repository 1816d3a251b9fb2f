//! `orders-api export`

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Stdio};

use tempfile::TempDir;

use super::{program, run, run_with, values, wait};
use crate::app::{App, MANY};
use crate::framework::break_database;
use crate::samples::{ids, order, order_in, time};

#[test]
fn an_export_writes_the_selected_orders() {
    let app = App::start().with_calendars(["roof"]);
    let mut orders: Vec<_> = (0..10).map(|n| order(format!("d{n}"), n * 3)).collect();
    orders.push(order_in("roof", "r", 4));
    orders[3]["reference"] = "PO 1&2".into();
    app.place_all(&orders);
    let (from, to) = (time(6), time(18));
    for (arguments, query) in [
        (vec![], String::new()),
        (vec!["--order", "desc"], "?order=desc".to_owned()),
        (vec!["--calendar", "roof", "--service", "123"], "?calendar=roof&service=123".to_owned()),
        (vec!["--service", "456"], "?service=456".to_owned()),
        (vec!["--reference", "PO 1&2"], "?reference=PO%201%262".to_owned()),
        (vec!["--from", &from, "--to", &to], format!("?from={from}&to={to}")),
        (vec!["--from", "2030-01-01T10:00:00+01:00"], format!("?from={}", time(9))),
    ] {
        let done = run(&app, &[&["export"], arguments.as_slice()].concat());
        assert_eq!((done.status, done.stderr.as_str()), (Some(0), ""), "{arguments:?}");
        assert_eq!(values(&done.stdout), app.walk(&format!("/orders{query}")), "{arguments:?}");
    }
}

#[test]
fn an_export_of_an_unknown_calendar_or_service_fails() {
    let app = App::start().with_calendars(["roof"]);
    app.place_all(&[order("1", 0)]);
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("orders.ndjson");
    for (option, what) in [("--calendar", "calendar nosuch"), ("--service", "service nosuch")] {
        for output in [&[][..], &["-o", file.to_str().unwrap()]] {
            let done = run(&app, &[&["export", option, "nosuch"], output].concat());
            assert_eq!((done.status, done.stdout.as_str()), (Some(2), ""), "{option}");
            assert!(done.stderr.contains(what), "{}", done.stderr);
        }
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    let empty = run(&app, &["export", "--calendar", "roof"]);
    assert_eq!((empty.status, empty.stdout.as_str(), empty.stderr.as_str()), (Some(0), "", ""));
}

#[test]
fn an_export_into_a_file_appears_only_when_it_is_complete() {
    let app = App::start();
    app.place_all(&[order("1", 0), order("2", 3)]);
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("orders.ndjson");
    let name = file.to_str().unwrap();
    for arguments in [&["export", "-o", name][..], &["export", "-o", name, "--force"]] {
        let done = run(&app, arguments);
        assert_eq!((done.status, done.stdout.as_str(), done.stderr.as_str()), (Some(0), "", ""));
        assert_eq!(ids(&values(&fs::read_to_string(&file).unwrap())), ["1", "2"]);
    }
    let before = fs::read(&file).unwrap();
    let unreachable = ["export", "-o", name, "--force", "--url", "http://127.0.0.1:1"];
    assert_eq!(run(&app, &unreachable).status, Some(2));
    assert_eq!(fs::read(&file).unwrap(), before);
    assert_eq!(
        fs::read_dir(directory.path()).unwrap().count(),
        1,
        "a temporary file was left behind"
    );
    assert_eq!(run(&app, &["export", "-o", "/dev/null"]).status, Some(0));
    let nowhere = run(&app, &["export", "-o", "/nonexistent/orders"]);
    assert!(nowhere.status == Some(2) && nowhere.stderr.contains("/nonexistent/orders"));
}

#[test]
fn a_file_that_exists_is_not_overwritten_without_force() {
    let app = App::start();
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("mine");
    fs::write(&file, "mine").unwrap();
    let name = file.to_str().unwrap();
    // The error comes before the service is asked for anything.
    let unreachable = ["--url", "http://127.0.0.1:1"];
    for command in [&["export", "-o", name][..], &["import", "-", "--refused", name]] {
        for done in [run(&app, command), run(&app, &[command, &unreachable].concat())] {
            assert_eq!(done.status, Some(2), "{command:?}");
            assert!(
                done.stderr.contains(name) && done.stderr.contains("--force"),
                "{}",
                done.stderr
            );
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
        let done = run_with(&app, &[command, &["--force"]].concat(), "nonsense");
        assert_ne!(done.status, Some(2), "{}", done.stderr);
        assert_ne!(fs::read_to_string(&file).unwrap(), "mine");
        fs::write(&file, "mine").unwrap();
    }
    assert_eq!(
        fs::read_dir(directory.path()).unwrap().count(),
        1,
        "a temporary file was left behind"
    );
}

/// Starts an export and reads its first line.
fn start_export(app: &App) -> (Child, BufReader<ChildStdout>) {
    let mut child =
        program(app, &["export"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    (child, out)
}

#[test]
fn the_reader_of_an_export_may_stop() {
    let app = App::start_full(&[]);
    let (child, out) = start_export(&app);
    drop(out);
    let done = wait(child);
    assert_eq!((done.status, done.stderr.as_str()), (Some(0), ""));
}

#[test]
fn an_export_that_is_cut_off_fails() {
    let app = App::start_full(&[]);
    let (child, mut out) = start_export(&app);
    break_database(&app);
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    let done = wait(child);
    assert_eq!(done.status, Some(2), "{}", done.stderr);
    assert!(done.stderr.contains("not all orders"), "{}", done.stderr);
    assert!(rest.lines().count() < MANY - 1);
}
