//! `orders export`

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Stdio};

use orders_testkit::Finished;
use tempfile::TempDir;

use crate::service::{Calendar, Service, lines, shared, values};

/// More orders than fit into the buffers between the database and a client that does not read.
const MANY: i64 = 20_000;

/// Creates them.
const CREATE_MANY: &str = "
    INSERT INTO calendars (id, name, minimum_gap) VALUES (repeat('c', 64), 'crew', '1 hour');
    INSERT INTO services (id, name) VALUES (repeat('s', 64), 'service');
    INSERT INTO orders (id, calendar, minimum_gap, datetime, totalfee, services)
    SELECT repeat('o', 59) || to_char(n, 'FM00000'), key, minimum_gap,
           '2030-01-01T00:00:00Z'::timestamptz + n * interval '1 hour', 1, ARRAY[repeat('s', 64)]
      FROM generate_series(0, 19999) AS n, calendars WHERE calendars.id LIKE 'cc%';
    SELECT assign_positions(NULL, NULL);";

/// A service with many orders.
fn full_service() -> Service {
    let service = Service::start();
    service.execute(CREATE_MANY);
    service
}

#[test]
fn an_export_writes_the_selected_orders() {
    let calendar = Calendar::new();
    let mut orders: Vec<_> = (0..10).map(|n| calendar.order(n, n * 3)).collect();
    orders[3]["reference"] = "PO 1&2".into();
    assert_eq!(shared().run_with(&["import", "-"], lines(&orders)).status, Some(0));
    let all = calendar.ids();
    assert_eq!(all.len(), 10);
    let reversed: Vec<_> = all.iter().rev().cloned().collect();
    for (arguments, expected) in [
        (&["--order", "desc"][..], &reversed[..]),
        (&["--service", "123"], &all),
        (&["--service", "456"], &[]),
        (&["--reference", "PO 1&2"], &all[3..4]),
        (&["--from", "2030-01-01 6:00", "--to", "2030-01-01T19:00:00+01:00"], &all[2..6]),
        (&["--from", "2030-01-02"], &all[8..]),
    ] {
        let orders = calendar.json(&[&["export"], arguments].concat());
        let ids: Vec<_> = orders.iter().map(|it| it["id"].as_str().unwrap()).collect();
        assert_eq!(ids, expected, "{arguments:?}");
    }
    // The lines are those of the service.
    assert_eq!(calendar.json(&["export"]), calendar.json(&["list", "--from", "2030-01-01"]));
}

#[test]
fn an_export_of_an_unknown_calendar_or_service_fails() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("orders.ndjson");
    for (option, what) in [("--calendar", "calendar nosuch"), ("--service", "service nosuch")] {
        for output in [&[][..], &["-o", file.to_str().unwrap()]] {
            let done = shared().run(&[&["export", option, "nosuch"], output].concat());
            done.fails(1, what);
            assert_eq!(done.stdout, "");
        }
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    assert_eq!(Calendar::new().json(&["export"]).len(), 0);
}

#[test]
fn a_file_appears_only_when_it_is_complete() {
    let calendar = Calendar::new();
    calendar.book("9:00");
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("orders.ndjson");
    let name = file.to_str().unwrap();
    for arguments in [&["export", "-o", name][..], &["export", "-o", name, "--force"]] {
        let done = calendar.run(arguments);
        assert_eq!((done.status, done.stdout.as_str(), done.stderr.as_str()), (Some(0), "", ""));
        assert_eq!(values(&fs::read_to_string(&file).unwrap()), calendar.json(&["export"]));
    }
    let before = fs::read(&file).unwrap();
    let unreachable = ["export", "-o", name, "--force", "--url", "http://127.0.0.1:1"];
    assert_eq!(shared().run(&unreachable).status, Some(2));
    assert_eq!(fs::read(&file).unwrap(), before);
    let files = fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(files, 1, "a temporary file was left behind");
    assert_eq!(calendar.run(&["export", "-o", "/dev/null"]).status, Some(0));
    calendar.run(&["export", "-o", "/nonexistent/orders"]).fails(2, "/nonexistent/orders");
}

#[test]
fn a_file_that_exists_is_not_overwritten_without_force() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("mine");
    fs::write(&file, "mine").unwrap();
    let name = file.to_str().unwrap();
    // The error comes before the service is asked for anything.
    let unreachable = ["--url", "http://127.0.0.1:1"];
    for command in [&["export", "-o", name][..], &["import", "-", "--rejected", name]] {
        for arguments in [command, &[command, &unreachable].concat()] {
            let done = shared().run(arguments);
            done.fails(2, "--force");
            done.fails(2, name);
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
        let done = shared().run_with(&[command, &["--force"]].concat(), "nonsense");
        assert_ne!(done.status, Some(2), "{}", done.stderr);
        assert_ne!(fs::read_to_string(&file).unwrap(), "mine");
        fs::write(&file, "mine").unwrap();
    }
    let files = fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(files, 1, "a temporary file was left behind");
}

/// Starts an export and reads its first line.
fn start_export(service: &Service) -> (Child, BufReader<ChildStdout>) {
    let mut program = service.program(&["export"]);
    let mut child = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    (child, out)
}

#[test]
fn an_export_whose_reader_stops_ends_and_one_that_is_cut_off_fails() {
    let service = full_service();
    let (child, out) = start_export(&service);
    drop(out);
    let done = Finished::wait(child).unwrap();
    assert_eq!((done.status, done.stderr.as_str()), (Some(0), ""));

    let (child, mut out) = start_export(&service);
    service.break_database();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    Finished::wait(child).unwrap().fails(2, "not all orders");
    assert!((rest.lines().count() as i64) < MANY - 1);
}
