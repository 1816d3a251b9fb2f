//! What happens when something else fails: the database, the network, the service itself.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use orders_testkit::Signal;
use serde_json::json;

use crate::app::{App, NDJSON, STALL_TIMEOUT};
use crate::database::{TEMPLATE, maintenance, own_postgres};
use crate::program::{Program, signal};
use crate::samples::{lines, order};
use crate::wire::Wire;

#[test]
fn without_the_database_everything_that_needs_it_is_unavailable() {
    let mut postgres = own_postgres();
    // As many connections as requests, so that none is rejected because the service is busy.
    // After 5 s keys could not be checked, so an import would not begin.
    let arguments = ["--request-timeout", "2s", "--connections", "24", "--auth", "off"];
    let app = App::start_on(&postgres.url(TEMPLATE), &arguments);
    app.post("/orders", order("1", 0)).is(201);
    let mut import = Wire::import(&app);
    import.sending.line(&order("2", 3)).unwrap();
    import.reading.head();
    assert_eq!(import.reading.line().unwrap(), Some(json!({ "id": "2" })));

    postgres.stop().unwrap();
    let window = "/availability?from=2030-01-01T00:00:00Z&to=2030-01-02T00:00:00Z";
    let new = order("3", 6).to_string();
    let requests = [
        ("GET", "/orders", ""),
        ("HEAD", "/orders", ""),
        ("POST", "/orders", &new),
        ("POST", "/orders?dry_run=true", &new),
        ("GET", "/orders/1", ""),
        ("PUT", "/orders/3", &new),
        ("PATCH", "/orders/1", "{}"),
        ("DELETE", "/orders/1", ""),
        ("GET", "/orders/1/history", ""),
        ("GET", "/orders/1?version=1", ""),
        ("GET", "/changes", ""),
        ("GET", "/services", ""),
        ("POST", "/services", r#"{"name":"x"}"#),
        ("GET", "/services/123", ""),
        ("PUT", "/services/123", r#"{"name":"x"}"#),
        ("DELETE", "/services/123", ""),
        ("GET", "/calendars", ""),
        ("POST", "/calendars", r#"{"name":"x"}"#),
        ("GET", "/calendars/default", ""),
        ("PUT", "/calendars/default", r#"{"name":"x"}"#),
        ("DELETE", "/calendars/default", ""),
        ("GET", window, ""),
        ("GET", "/readyz", ""),
    ];
    thread::scope(|scope| {
        for (method, path, body) in requests {
            let app = &app;
            scope.spawn(move || {
                let began = Instant::now();
                let json = [("Content-Type", "application/json")];
                let answer = app.send_bytes(method, path, &json, body.as_bytes());
                assert_eq!(answer.status, 503, "{method} {path}");
                assert_eq!(answer.header("Retry-After"), "1", "{method} {path}");
                assert!(began.elapsed() < STALL_TIMEOUT / 3, "{method} {path}");
            });
        }
    });
    let key = [("Content-Type", "application/json"), ("Idempotency-Key", "a")];
    app.send_bytes("POST", "/orders", &key, new.as_bytes()).is_problem(503, "unavailable");
    let export = app.send("GET", "/orders", &[("Accept", NDJSON)]);
    export.is_problem(503, "unavailable");
    let answers = app.import(lines(&[order("4", 9), order("5", 12)]));
    assert!(answers.iter().all(|answer| answer["type"] == "/problems/unavailable"), "{answers:?}");
    import.sending.line(&order("6", 15)).unwrap();
    let [answer, end] = [import.reading.line(), import.reading.line()].map(Result::unwrap);
    assert_eq!(answer.unwrap()["type"], "/problems/unavailable");
    assert_eq!(end.unwrap()["type"], "/problems/import-stopped");
    assert_eq!(import.reading.line().unwrap(), None);
    app.get("/healthz").is(200);
    app.get("/nowhere").is_problem(404, "not-found");

    postgres.start_again().unwrap();
    let began = Instant::now();
    while app.get("/readyz").status != 200 {
        assert!(began.elapsed() < STALL_TIMEOUT, "it does not come back");
    }
    assert_eq!(app.walk("/orders").len(), 2);
    assert_eq!(app.send("GET", "/orders", &[("Accept", NDJSON)]).lines().len(), 2);
    app.post("/orders", order("3", 6)).is(201);
    assert_eq!(app.import(lines(&[order("6", 15)])), [json!({ "id": "6" })]);
}

#[test]
fn a_service_is_not_ready_while_its_database_is_read_only() {
    let app = App::start();
    app.post("/orders", order("1", 0)).is(201);
    let name = app.database();
    // Only new sessions notice the setting.
    app.execute(&format!(
        "ALTER DATABASE {name} SET default_transaction_read_only = on;
         SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ));
    for _ in 0..4 {
        app.get("/readyz").is_problem(503, "unavailable");
    }
    app.get("/orders/1").is(200);
    app.post("/orders", order("2", 3)).is_problem(503, "unavailable");

    maintenance()
        .batch_execute(&format!("ALTER DATABASE {name} RESET default_transaction_read_only"))
        .unwrap();
    let began = Instant::now();
    while app.get("/readyz").status != 200 {
        assert!(began.elapsed() < STALL_TIMEOUT, "it does not come back");
    }
    while app.post("/orders", order("2", 3)).status != 201 {
        assert!(began.elapsed() < STALL_TIMEOUT, "it takes no writes");
    }
}

#[test]
fn a_stopping_service_finishes_the_requests_in_flight() {
    let app = App::start();
    let url = app.cli().database.database_url.unwrap();
    let program = Program::start(&["--database-url", &url]);
    let mut lock = app.sql();
    lock.batch_execute("BEGIN; LOCK TABLE orders IN EXCLUSIVE MODE").unwrap();
    thread::scope(|scope| {
        let placing = scope.spawn(|| program.send("POST", "/orders", order("1", 0)));
        while !waits_for_a_lock(&app) {
            thread::sleep(Duration::from_millis(10));
        }
        program.signal(Signal::TERM);
        thread::sleep(Duration::from_millis(200));
        lock.batch_execute("COMMIT").unwrap();
        placing.join().unwrap().is(201);
    });
    let status = program.end();
    assert_eq!(status.code(), Some(0), "{status}");
    app.get("/orders/1").is(200);
}

/// Whether a statement in the database waits for a lock. It has a session of its own, because a transaction sees the same
/// at all times.
pub(crate) fn waits_for_a_lock(app: &App) -> bool {
    use diesel::prelude::*;
    use diesel::sql_types::Bool;
    let waits = "EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
                            AND wait_event_type = 'Lock')";
    diesel::select(diesel::dsl::sql::<Bool>(waits)).get_result(&mut app.sql()).unwrap()
}

#[test]
fn another_service_takes_over_from_a_killed_one_without_losing_acknowledged_orders() {
    let directory = Directory::new("killed");
    let arguments = ["--data-dir", directory.path()];
    let program = Program::start(&arguments);
    program.send("POST", "/orders", order("1", 0)).is(201);
    program.signal(Signal::KILL);
    assert_eq!(program.end().code(), None);

    let program = Program::start(&arguments);
    assert_eq!(program.send("GET", "/orders/1", "").is(200)["version"], 1);
    program.send("POST", "/orders", order("2", 1)).is_problem(409, "order-conflict");
    program.signal(Signal::TERM);
    assert_eq!(program.end().code(), Some(0));
}

#[test]
fn a_private_postgresql_that_dies_is_restarted_as_soon_as_possible() {
    let directory = Directory::new("died");
    let program = Program::start(&["--data-dir", directory.path()]);
    let data = directory.0.join("postgres");
    let configuration = data.join("postgresql.conf");
    let good = fs::read(&configuration).unwrap();
    let die = || {
        // It cannot start again before the configuration is repaired.
        fs::write(&configuration, "no_such_setting = 1").unwrap();
        let file = fs::read_to_string(data.join("postmaster.pid")).unwrap();
        signal("-KILL", file.lines().next().unwrap());
        // The sessions end soon afterwards.
        let answer = program.wait_for(503);
        answer.is_problem(503, "unavailable");
        assert_eq!(answer.header("Retry-After"), "1");
    };
    program.send("POST", "/orders", order("1", 0)).is(201);
    die();
    fs::write(&configuration, good).unwrap();
    program.wait_for(200);
    assert_eq!(program.send("GET", "/orders/1", "").is(200)["version"], 1);
    program.send("POST", "/orders", order("2", 3)).is(201);

    die();
    program.signal(Signal::TERM);
    assert_eq!(program.end().code(), Some(0));
}

/// A directory that the user of a private PostgreSQL can enter, until it is dropped.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("orders-it-{}-{name}", std::process::id()));
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
