//! `GET /changes?wait=`

use std::thread;
use std::time::Instant;

use serde_json::json;

use super::{link, position, summary};
use crate::access::{bearer, eventually};
use crate::app::{App, STALL_TIMEOUT};
use crate::database::MANY;
use crate::samples::{order, order_in};

impl App {
    /// Waits until a thread reads the changes for followers: until it has opened its session.
    #[track_caller]
    fn wait_for_reader(&self) {
        let began = Instant::now();
        while self.sessions() < 4 {
            assert!(began.elapsed() < STALL_TIMEOUT);
            thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    fn sessions(&self) -> i64 {
        use diesel::prelude::*;
        use diesel::sql_types::BigInt;
        let count = "(SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                         AND pid <> pg_backend_pid())";
        diesel::select(diesel::dsl::sql::<BigInt>(count)).get_result(&mut self.sql()).unwrap()
    }
}

#[test]
fn a_waiting_request_is_answered_with_the_first_change_that_matches() {
    let app = App::start().with_calendars(["roof"]);
    for (path, id) in
        [("/changes?wait=60", "1"), ("/changes?after=now&calendar=roof&wait=60&limit=1", "3")]
    {
        thread::scope(|scope| {
            let waiting = scope.spawn(|| app.get(path));
            app.wait_for_reader();
            if id == "3" {
                app.post("/orders", order("2", 3)).is(201);
                app.post("/orders", order_in("roof", "3", 0)).is(201);
                app.post("/orders", order_in("roof", "4", 3)).is(201);
            } else {
                app.post("/orders", order("1", 0)).is(201);
            }
            let answer = waiting.join().unwrap();
            let changes = answer.is(200);
            assert_eq!(changes[0]["data"]["id"], id);
            let cursor = changes[0]["cursor"].as_str().unwrap();
            let rest = path
                .split_once("calendar=")
                .map_or("&wait=60", |_| "&calendar=roof&limit=1&wait=60");
            assert_eq!(link(&answer, "next"), format!("/changes?after={cursor}{rest}"));
        });
    }
    // There is a change already.
    let answer = app.get("/changes?wait=60&limit=2").is(200);
    assert_eq!(summary(answer.as_array().unwrap()).len(), 2);
}

#[test]
fn without_a_match_the_page_is_empty_and_the_cursor_has_advanced() {
    let app = App::start();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| app.get("/changes?after=now&calendar=nobody&wait=2"));
        app.wait_for_reader();
        app.post("/orders", order("1", 0)).is(201);
        let answer = waiting.join().unwrap();
        assert_eq!(answer.is(200), json!([]));
        let now = app.get("/changes?after=now");
        let expected = format!("{}&calendar=nobody&wait=2", link(&now, "next"));
        assert_eq!(link(&answer, "next"), expected);
    });
    for wait in ["61", "-1", "x", "1s", ""] {
        app.get(&format!("/changes?wait={wait}")).is_problem(400, "malformed-request");
    }
    assert_eq!(app.get("/changes?after=now&wait=0").is(200), json!([]));
}

#[test]
fn a_request_that_waits_reads_only_a_part_of_the_past() {
    let app = App::start_full(&[]);
    let answer = app.get("/changes?calendar=default&wait=60");
    assert_eq!(answer.is(200), json!([]));
    let cursor = link(&answer, "next").strip_prefix("/changes?after=").unwrap();
    assert!((1..MANY as u64).contains(&position(cursor)), "{cursor}");
    let mut next = link(&answer, "next").replace("wait=60", "wait=1");
    for _ in 0..2 {
        next = link(&app.get(&next), "next").to_owned();
    }
    let now = app.get("/changes?after=now&calendar=default&wait=0");
    assert_eq!(next.replace("wait=1", "wait=0"), link(&now, "next"));
}

#[test]
fn a_change_through_another_instance_ends_a_wait() {
    let app = App::start();
    let another = app.start_another(&[]);
    let mut next = "/changes?wait=60".to_owned();
    for n in 0..5 {
        next = thread::scope(|scope| {
            let waiting = scope.spawn(|| app.get(&next));
            another.post("/orders", order(n, n * 3)).is(201);
            let answer = waiting.join().unwrap();
            assert_eq!(answer.is(200)[0]["data"]["id"], n.to_string());
            link(&answer, "next").to_owned()
        });
    }
}

#[test]
fn a_wait_does_not_outlast_access() {
    let app = App::start();
    let key = app.new_key("shop", "read");
    let admin = bearer(&app.new_key("ops", "admin"));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| app.get_with(&key, "/changes?wait=60"));
        app.wait_for_reader();
        app.command(&format!("keys revoke shop --ends {}", &key[key.len() - 4..]));
        let headers = [("Authorization", &*admin), ("Content-Type", "application/json")];
        eventually(401, || app.get_with(&key, "/orders"));
        app.send_bytes("POST", "/orders", &headers, order("1", 0).to_string().as_bytes()).is(201);
        waiting.join().unwrap().is_problem(401, "authentication-required");
    });
}
