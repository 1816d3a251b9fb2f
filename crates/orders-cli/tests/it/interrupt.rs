//! `export` and `import` when they receive Ctrl-C or SIGTERM.

use std::fs;
use std::process::Stdio;

use diesel::connection::SimpleConnection as _;
use orders_testkit::Finished;
use tempfile::TempDir;

use crate::service::{RunningImport, Service, lines, order, signal};

#[test]
fn an_interrupted_import_says_what_was_booked() {
    let service = Service::start();
    for name in ["-INT", "-TERM"] {
        let mut import = RunningImport::start(&service);
        import.write(&[order("1", 0), order("2", 3)]);
        service.wait_for_order("2");
        import.signal(name);
        let (status, stderr) = import.end();
        assert_eq!(status, Some(130), "{stderr}");
        let stderr: Vec<_> =
            stderr.lines().filter(|line| !line.starts_with("interrupted; waiting")).collect();
        let end = "interrupted; all lines up to line 2 are answered; no others were sent";
        assert_eq!(stderr, ["booked 2 of 2 orders", end]);
        service.execute("DELETE FROM orders");
    }

    // It takes the answers that still come.
    let mut lock = service.lock_default_calendar();
    let mut import = RunningImport::start(&service);
    import.write(&[order("1", 0), order("2", 1), order("3", 3)]);
    service.wait_for_lock_wait();
    import.signal("-INT");
    let note = import.line();
    assert!(note.contains("waiting") && note.contains("3 lines"), "{note}");
    lock.batch_execute("COMMIT").unwrap();
    let (status, stderr) = import.end();
    assert_eq!(status, Some(130), "{stderr}");
    assert!(
        stderr.starts_with("booked 2 of 3 orders; the other 1: 1 order-conflict\n"),
        "{stderr}"
    );
    assert!(stderr.contains("all lines up to line 3 are answered"), "{stderr}");
    service.execute("DELETE FROM orders");

    // A second interrupt ends it at once.
    let mut lock = service.lock_default_calendar();
    let mut import = RunningImport::start(&service);
    import.write(&[order("1", 0), order("2", 3)]);
    service.wait_for_lock_wait();
    import.signal("-INT");
    import.line();
    import.signal("-INT");
    let (status, stderr) = import.end();
    assert_eq!(status, Some(130), "{stderr}");
    assert!(stderr.starts_with("booked 0 of 0 orders\n"), "{stderr}");
    let unanswered = "2 lines that were sent, from line 1 to line 2, are not answered";
    assert!(stderr.contains(unanswered) && stderr.contains("may be booked"), "{stderr}");
    lock.batch_execute("COMMIT").unwrap();
    service.wait_for_order("2");
}

#[test]
fn an_interrupted_import_stops_in_the_middle_of_its_input() {
    // More than fits into the buffers of the connection.
    const ORDERS: u32 = 100_000;
    let service = Service::start();
    let orders: Vec<_> = (0..ORDERS).map(|n| order(&n.to_string(), n * 3)).collect();
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("orders.ndjson");
    fs::write(&file, lines(&orders)).unwrap();
    let mut program = service.program(&["import", file.to_str().unwrap()]);
    let child = program.stderr(Stdio::piped()).spawn().unwrap();
    service.wait_for_order("999");
    signal(&child, "-INT");
    let done = Finished::wait(child).unwrap();
    let stderr = done.stderr;
    assert_eq!(done.status, Some(130), "{stderr}");
    let number = |before: &str, after: &str| -> i64 {
        let (_, rest) =
            stderr.split_once(before).unwrap_or_else(|| panic!("no {before:?}: {stderr}"));
        rest.split_once(after).unwrap().0.parse().unwrap()
    };
    let booked = number("booked ", " of ");
    assert!((1000..i64::from(ORDERS)).contains(&booked), "{stderr}");
    let sent = match stderr.contains("are not answered") {
        true => number(" to line ", ", are not answered"),
        false => number("all lines up to line ", " are answered"),
    };
    // The service may book lines that it has not answered.
    let stored = service.count("SELECT count(*) FROM orders");
    assert!((booked..=sent).contains(&stored), "{stored} are stored: {stderr}");
    assert!(sent < i64::from(ORDERS), "{stderr}");

    // An export leaves no file behind.
    let file = directory.path().join("exported.ndjson");
    let mut lock = service.sql();
    lock.batch_execute("BEGIN; LOCK TABLE orders").unwrap();
    let mut program = service.program(&["export", "-o", file.to_str().unwrap()]);
    let child = program.stderr(Stdio::piped()).spawn().unwrap();
    service.wait_for_lock_wait();
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    signal(&child, "-INT");
    let done = Finished::wait(child).unwrap();
    done.fails(130, "interrupted; ");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}
