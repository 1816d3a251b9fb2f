//! `export` and `import` when they receive Ctrl-C or SIGTERM.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use tempfile::TempDir;

use super::{RunningImport, program, signal, wait, wait_for_order};
use crate::app::App;
use crate::faults::waits_for_a_lock;
use crate::samples::order;

#[test]
fn an_interrupted_import_says_what_was_placed() {
    let app = App::start();
    for name in ["-INT", "-TERM"] {
        let mut import = RunningImport::start(&app);
        import.write(&[order("1", 0), order("2", 3)]);
        wait_for_order(&app, "2");
        import.signal(name);
        let (status, stderr) = import.end();
        assert_eq!(status, Some(130), "{stderr}");
        let stderr: Vec<_> =
            stderr.lines().filter(|line| !line.starts_with("interrupted; waiting")).collect();
        let end = "interrupted; all lines up to line 2 are answered; no others were sent";
        assert_eq!(stderr, ["placed 2 of 2 orders", end]);
        app.execute("DELETE FROM orders");
    }
}

#[test]
fn an_interrupted_import_takes_the_answers_that_still_come() {
    let app = App::start();
    let mut lock = app.sql();
    lock.batch_execute(
        "BEGIN; SELECT pg_advisory_xact_lock(1, hashint8(key)) FROM calendars WHERE id = 'default'",
    )
    .unwrap();
    let mut import = RunningImport::start(&app);
    import.write(&[order("1", 0), order("2", 1), order("3", 3)]);
    while !waits_for_a_lock(&app) {
        thread::sleep(Duration::from_millis(10));
    }
    import.signal("-INT");
    let note = import.line();
    assert!(note.contains("waiting") && note.contains("3 lines"), "{note}");
    lock.batch_execute("COMMIT").unwrap();
    let (status, stderr) = import.end();
    assert_eq!(status, Some(130), "{stderr}");
    assert!(stderr.starts_with("placed 2 of 3 orders; refused 1: 1 order-conflict\n"), "{stderr}");
    assert!(stderr.contains("all lines up to line 3 are answered"), "{stderr}");
}

#[test]
fn a_second_interrupt_ends_an_import_at_once() {
    let app = App::start();
    let mut lock = app.sql();
    lock.batch_execute(
        "BEGIN; SELECT pg_advisory_xact_lock(1, hashint8(key)) FROM calendars WHERE id = 'default'",
    )
    .unwrap();
    let mut import = RunningImport::start(&app);
    import.write(&[order("1", 0), order("2", 3)]);
    while !waits_for_a_lock(&app) {
        thread::sleep(Duration::from_millis(10));
    }
    import.signal("-INT");
    import.line();
    import.signal("-INT");
    let (status, stderr) = import.end();
    assert_eq!(status, Some(130), "{stderr}");
    assert!(stderr.starts_with("placed 0 of 0 orders\n"), "{stderr}");
    let unanswered = "2 lines that were sent, from line 1 to line 2, are not answered";
    assert!(stderr.contains(unanswered) && stderr.contains("may be placed"), "{stderr}");
    lock.batch_execute("COMMIT").unwrap();
    wait_for_order(&app, "2");
}

#[test]
fn an_interrupted_import_stops_in_the_middle_of_its_input() {
    // More than fits into the buffers of the connection.
    const ORDERS: usize = 200_000;
    let app = App::start();
    let orders: String = (0..ORDERS).map(|n| format!("{}\n", order(n, n * 3))).collect();
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("orders.ndjson");
    fs::write(&file, orders).unwrap();
    let child =
        program(&app, &["import", file.to_str().unwrap()]).stderr(Stdio::piped()).spawn().unwrap();
    wait_for_order(&app, "999");
    signal(&child, "-INT");
    let done = wait(child);
    let stderr = done.stderr;
    assert_eq!(done.status, Some(130), "{stderr}");
    let number = |before: &str, after: &str| -> usize {
        let (_, rest) =
            stderr.split_once(before).unwrap_or_else(|| panic!("no {before:?}: {stderr}"));
        rest.split_once(after).unwrap().0.parse().unwrap()
    };
    let placed = number("placed ", " of ");
    assert!((1000..ORDERS).contains(&placed), "{stderr}");
    let sent = match stderr.contains("are not answered") {
        true => number(" to line ", ", are not answered"),
        false => number("all lines up to line ", " are answered"),
    };
    // The service may place lines that it has not answered.
    let stored = stored(&app);
    assert!((placed..=sent).contains(&stored), "{stored} are stored: {stderr}");
    assert!(sent < ORDERS, "{stderr}");
}

fn stored(app: &App) -> usize {
    let count = diesel::select(diesel::dsl::sql::<BigInt>("(SELECT count(*) FROM orders)"));
    let count: i64 = count.get_result(&mut app.sql()).unwrap();
    count.try_into().unwrap()
}

#[test]
fn an_interrupted_export_leaves_no_file_behind() {
    let app = App::start_full(&[]);
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("orders.ndjson");
    let mut lock = app.sql();
    lock.batch_execute("BEGIN; LOCK TABLE orders").unwrap();
    let child = program(&app, &["export", "-o", file.to_str().unwrap()])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !waits_for_a_lock(&app) {
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    signal(&child, "-INT");
    let done = wait(child);
    assert_eq!(done.status, Some(130), "{}", done.stderr);
    assert!(done.stderr.starts_with("interrupted; "), "{}", done.stderr);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}
