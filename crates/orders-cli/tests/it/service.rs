//! The running service, and the program as its client: [`Service`], [`Calendar`].

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdin, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use orders_testkit::{Finished, program};
use private_postgres::PrivatePostgres;
use serde_json::{Value, json};
use tempfile::TempDir;

static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| program::build().unwrap());

/// How long a test waits before it fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// The service that most tests share.
static SHARED: LazyLock<Service> = LazyLock::new(Service::start);

/// A service with a database of its own and the sample services.
pub(crate) struct Service {
    pub(crate) process: orders_testkit::Service,
    pub(crate) postgres: PrivatePostgres,
    _directory: TempDir,
}

/// A calendar of the shared service for one test alone.
pub(crate) struct Calendar(pub(crate) String);

impl Service {
    pub(crate) fn start() -> Self {
        let postgres = PrivatePostgres::temporary().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new(&*PROGRAM);
        command.env("DATABASE_URL", postgres.url("orders"));
        let log = directory.path().join("service.log");
        let seed = Command::new(&*PROGRAM)
            .arg("seed")
            .env("DATABASE_URL", postgres.url("orders"))
            .output();
        assert!(seed.unwrap().status.success());
        let process = orders_testkit::Service::start(&mut command, "warn", &log).unwrap();
        Self { process, postgres, _directory: directory }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.process.address())
    }

    /// The program as a client of this service, in the time zone UTC.
    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orders"));
        command.args(arguments).env("ORDERS_URL", self.url()).env("TZ", "UTC");
        command.env_remove("ORDERS_KEY").env_remove("ORDERS_TZ");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        self.run_with(arguments, "")
    }

    pub(crate) fn run_with(&self, arguments: &[&str], input: impl AsRef<[u8]>) -> Finished {
        Finished::run(&mut self.program(arguments), input).unwrap()
    }

    /// Runs a command that must succeed, and returns the JSON that it prints.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let done = self.run(arguments);
        assert_eq!(done.status, Some(0), "{arguments:?}: {}", done.stderr);
        values(&done.stdout)
    }

    /// A connection to its database.
    pub(crate) fn sql(&self) -> PgConnection {
        PgConnection::establish(&self.postgres.url("orders")).unwrap()
    }

    #[track_caller]
    pub(crate) fn execute(&self, statements: &str) {
        self.sql().batch_execute(statements).unwrap();
    }

    /// The number that a query returns.
    pub(crate) fn count(&self, query: &str) -> i64 {
        let query = diesel::dsl::sql::<BigInt>(&format!("({query})"));
        diesel::select(query).get_result(&mut self.sql()).unwrap()
    }

    /// Lets the database accept no sessions, and ends those that it has.
    pub(crate) fn break_database(&self) {
        let mut conn = PgConnection::establish(&self.postgres.url("postgres")).unwrap();
        conn.batch_execute("ALTER DATABASE orders ALLOW_CONNECTIONS false").unwrap();
        conn.batch_execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'orders'",
        )
        .unwrap();
    }

    /// Waits until a session waits for a lock.
    pub(crate) fn wait_for_lock_wait(&self) {
        self.wait_for("SELECT count(*) FROM pg_locks WHERE NOT granted");
    }

    /// A session that holds the lock of the calendar `default` until it ends, so that imports wait.
    pub(crate) fn lock_default_calendar(&self) -> PgConnection {
        let mut conn = self.sql();
        conn.batch_execute(
            "BEGIN; SELECT pg_advisory_xact_lock(1, hashint8(key)) FROM calendars WHERE id = 'default'",
        )
        .unwrap();
        conn
    }

    /// Waits until the order with this id exists.
    pub(crate) fn wait_for_order(&self, id: &str) {
        self.wait_for(&format!("SELECT count(*) FROM orders WHERE id = '{id}'"));
    }

    /// Waits until a query returns another number than zero.
    fn wait_for(&self, query: &str) {
        let start = Instant::now();
        while self.count(query) == 0 {
            assert!(start.elapsed() < PATIENCE, "still zero: {query}");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The service that tests share.
pub(crate) fn shared() -> &'static Service {
    &SHARED
}

impl Calendar {
    /// A new one in the shared service.
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let id = format!("crew-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        shared().execute(&format!(
            "INSERT INTO calendars (id, name, minimum_gap) VALUES ('{id}', 'Crew', '3 hours')"
        ));
        Self(id)
    }

    /// Runs a command with this calendar.
    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        shared().run(&[arguments, &["--calendar", &self.0]].concat())
    }

    /// The same if it must succeed.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Vec<Value> {
        shared().json(&[arguments, &["--calendar", &self.0]].concat())
    }

    /// Books an order at this time of 2030-01-01.
    #[track_caller]
    pub(crate) fn book(&self, time: &str) -> Value {
        self.json(&["book", &format!("2030-01-01 {time}"), "123"]).remove(0)
    }

    /// An order for an import, so many hours after the beginning of 2030. Its id begins with that of the calendar.
    pub(crate) fn order(&self, id: u32, hour: u32) -> Value {
        let mut order = order(&format!("{}.{id}", self.0), hour);
        order["calendar"] = self.0.as_str().into();
        order
    }

    /// The ids of its orders, by time.
    #[track_caller]
    pub(crate) fn ids(&self) -> Vec<String> {
        let orders = self.json(&["list", "--from", "2000-01-01", "-n", "10000"]);
        orders.iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
    }
}

/// An order for an import, so many hours after the beginning of 2030.
pub(crate) fn order(id: &str, hour: u32) -> Value {
    let time = chrono::DateTime::from_timestamp(1_893_456_000 + i64::from(hour) * 3600, 0).unwrap();
    let datetime = time.to_rfc3339();
    json!({ "id": id, "datetime": datetime, "totalfee": 1, "services": [{ "id": "123" }] })
}

pub(crate) fn values(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The orders as lines.
pub(crate) fn lines(orders: &[Value]) -> String {
    orders.iter().map(|order| format!("{order}\n")).collect()
}

pub(crate) fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
}

/// An import from standard input, which stays open until [`Self::close_input`]. It is killed when this is dropped.
pub(crate) struct RunningImport {
    child: Child,
    input: Option<ChildStdin>,
    stderr: BufReader<ChildStderr>,
}

impl RunningImport {
    pub(crate) fn start(service: &Service) -> Self {
        let mut program = service.program(&["import", "-"]);
        let mut child = program.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { child, input, stderr }
    }

    pub(crate) fn write(&mut self, orders: &[Value]) {
        self.input.as_mut().unwrap().write_all(lines(orders).as_bytes()).unwrap();
    }

    pub(crate) fn close_input(mut self) -> Self {
        self.input = None;
        self
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// The next line that it prints on standard error.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).unwrap();
        line
    }

    /// Waits until it ends; its exit status and the rest of its standard error.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let mut stderr = String::new();
        self.stderr.read_to_string(&mut stderr).unwrap();
        (self.child.wait().unwrap().code(), stderr)
    }
}

impl Drop for RunningImport {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
