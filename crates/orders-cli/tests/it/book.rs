//! `orders book`

use std::io::Read as _;
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use orders_testkit::Finished;

use crate::service::{Calendar, shared, values};

#[test]
fn an_order_is_booked_with_all_that_was_given() {
    let calendar = Calendar::new();
    let time = ["book", "2030-07-01 9:00", "456", "123", "--fee", "99.95", "--tz", "Europe/Berlin"];
    let rest = ["--id", "book-all", "--reference", "PO 1", "--meta", "gate=B", "--meta", "lang=de"];
    let order = calendar.json(&[&time[..], &rest].concat()).remove(0);
    assert_eq!(order["datetime"], "2030-07-01T07:00:00Z");
    assert_eq!(order["totalfee"].to_string(), "99.95");
    assert_eq!((&order["id"], &order["reference"]), (&"book-all".into(), &"PO 1".into()));
    assert_eq!(order["services"].to_string(), r#"[{"id":"456"},{"id":"123"}]"#);
    assert_eq!(order["metadata"].to_string(), r#"{"gate":"B","lang":"de"}"#);
    assert_eq!(shared().json(&["show", "book-all"]), [order]);
}

#[test]
fn a_rejected_booking_prints_the_commands_that_book_the_nearest_times() {
    let calendar = Calendar::new();
    calendar.book("9:00:00.5");
    // At 10:00 in UTC.
    let time = ["book", "2030-01-01 11:00", "123", "--tz", "Europe/Berlin"];
    let arguments = [&time[..], &["--fee", "5", "--reference=-it's $HOME"]].concat();
    for (line, at) in [(0, "2030-01-01T06:00:00.500Z"), (1, "2030-01-01T12:00:00.500Z")] {
        let done = calendar.run(&arguments);
        done.fails(1, "rejected: Tue 2030-01-01 11:00 +01:00 is less than 3 hours from order");
        let commands: Vec<_> =
            done.stderr.lines().filter(|it| it.starts_with("  orders book ")).collect();
        assert_eq!(commands.len(), 2, "{}", done.stderr);
        let path = env!("CARGO_BIN_EXE_orders").trim_end_matches("/orders");
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", commands[line]]).env("PATH", path).env("ORDERS_URL", shared().url());
        let booked = Finished::run(&mut shell, "").unwrap();
        assert_eq!(booked.status, Some(0), "{}: {}", commands[line], booked.stderr);
        let order = values(&booked.stdout).remove(0);
        assert_eq!((&order["datetime"], &order["totalfee"]), (&at.into(), &5.into()));
        assert_eq!(order["reference"], "-it's $HOME");
        assert_eq!(order["calendar"], calendar.0.as_str());
        let id = order["id"].as_str().unwrap();
        assert_eq!(shared().run(&["cancel", id, "--yes"]).status, Some(0));
    }
}

#[test]
fn a_booking_that_may_have_happened_is_repeated_safely() {
    // It takes requests and answers nothing.
    let lost = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", lost.local_addr().unwrap());
    thread::spawn(move || {
        for stream in lost.incoming() {
            let _ = stream.unwrap().read(&mut [0; 4096]);
        }
    });
    let calendar = Calendar::new();
    let time = ["book", "2030-01-01 9:00", "123", "--calendar", &calendar.0];
    let done = shared().run(&[&time[..], &["--url", &url]].concat());
    done.fails(2, "it may be booked or not");
    let (_, command) = done.stderr.split_once(&format!("\n  orders --url {url} ")).unwrap();
    let words: Vec<_> = command.split_whitespace().collect();
    assert!(words.contains(&"2030-01-01T09:00:00+00:00"), "{command}");
    let [first, second] = [(); 2].map(|()| shared().json(&words));
    assert_eq!(first, second);
    assert_eq!(calendar.ids().len(), 1);
}

#[test]
fn a_dry_run_books_nothing() {
    let calendar = Calendar::new();
    let order = calendar.json(&["book", "2030-01-01 9:00", "123", "--dry-run"]);
    assert_eq!(order[0]["datetime"], "2030-01-01T09:00:00Z");
    calendar.book("9:00");
    calendar.run(&["book", "2030-01-01 9:00", "123", "--dry-run"]).fails(1, "orders book");
    assert_eq!(calendar.ids().len(), 1);
}

#[test]
fn what_cannot_be_booked_is_rejected_with_the_reason() {
    let calendar = Calendar::new();
    let time = "2030-01-01 9:00";
    calendar.run(&["book", time, "nosuch"]).fails(1, "there is no service nosuch");
    calendar.run(&["book", "2030-01-01", "123"]).fails(2, "'2030-01-01 9:00'");
    calendar.run(&["book", "soon", "123"]).fails(2, "tomorrow 9:00");
    calendar.run(&["book", time, "123", "123"]).fails(2, "more than once");
    calendar.run(&["book", time, "123", "--meta", "gate"]).fails(2, "KEY=VALUE");
    let twice = ["book", "2030-10-27 2:30", "123", "--tz", "Europe/Berlin"];
    calendar.run(&twice).fails(2, "write '2030-10-27 02:30 +02:00' or '2030-10-27 02:30 +01:00'");
    assert_eq!(calendar.ids().len(), 0);
}
