//! A database of its own for every test, on a server that this process shares unless a test needs its own.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use orders_db::{PgStore, Settings, migrations};
use private_postgres::{Options, PrivatePostgres};

/// How long to wait before looking again whether something has happened.
const POLL: Duration = Duration::from_millis(2);

/// The database that all others are copies of.
const TEMPLATE: &str = "template_of_tests";

static SERVER: LazyLock<Arc<PrivatePostgres>> = LazyLock::new(|| start(Options::temporary()));

/// Starts a server that has the template.
fn start(options: Options) -> Arc<PrivatePostgres> {
    let options = options
        .setting("max_connections", "600")
        // Longer than a busy machine stops a process, so that statements that give up after 50 ms do so before
        // PostgreSQL looks for deadlocks; shorter than the statement timeout, so that it finds those of others.
        .setting("deadlock_timeout", "5s")
        // Each record of the log begins with the database that it is about.
        .setting("log_line_prefix", "%d ");
    let server = PrivatePostgres::start(options).expect("a server for the tests");
    let mut conn = connect(&server.url("postgres"));
    execute(&mut conn, &format!("CREATE DATABASE {TEMPLATE}"));
    migrations::run(&server.url(TEMPLATE)).expect("the schema can be made");
    Arc::new(server)
}

/// A database that only one test uses; dropped with this value.
pub(crate) struct Database {
    server: Arc<PrivatePostgres>,
    name: String,
    pub(crate) url: String,
}

impl Database {
    /// A migrated database with nothing in it but the calendar `default`.
    pub(crate) fn new() -> Self {
        Self::copied(SERVER.clone())
    }

    /// The same on a server of its own, for a test that counts what is read: while a transaction is open in any database
    /// of a server, the old versions of a row are kept, and they are read too. So they are while autovacuum runs.
    pub(crate) fn alone() -> Self {
        Self::with_settings(&[("autovacuum", "off")])
    }

    /// The same on a server of its own that has these settings.
    pub(crate) fn with_settings(settings: &[(&str, &str)]) -> Self {
        let add = |options: Options, (name, value): &(&str, &str)| options.setting(*name, *value);
        let server = start(settings.iter().fold(Options::temporary(), add));
        Self::copied(server)
    }

    /// A database without a schema.
    pub(crate) fn bare() -> Self {
        Self::made(SERVER.clone(), "")
    }

    fn copied(server: Arc<PrivatePostgres>) -> Self {
        // Quicker than through the write-ahead log, while nothing is flushed to disk. Older versions always do it so.
        let copy_files = server.installation().major_version() >= 15;
        let strategy = if copy_files { "STRATEGY file_copy" } else { "" };
        Self::made(server, &format!("TEMPLATE {TEMPLATE} {strategy}"))
    }

    fn made(server: Arc<PrivatePostgres>, how: &str) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", MADE.fetch_add(1, Ordering::Relaxed));
        let mut conn = connect(&server.url("postgres"));
        execute(&mut conn, &format!("CREATE DATABASE {name} {how}"));
        let url = server.url(&name);
        Self { server, name, url }
    }

    /// A store with a few connections.
    pub(crate) fn store(&self) -> PgStore {
        self.store_of(2)
    }

    /// A store with this many connections.
    pub(crate) fn store_of(&self, connections: u32) -> PgStore {
        // Some tests hold a lock for a while, which takes longer on a busy machine.
        let settings = Settings::new(&self.url, connections);
        let settings = Settings { lock_timeout: settings.statement_timeout, ..settings };
        PgStore::connect(&settings).expect("the server runs")
    }

    /// A session like one of `psql`.
    pub(crate) fn psql(&self) -> Psql {
        Psql::to(&self.url)
    }

    /// Lets the server log the plan of every statement that later sessions run in this database.
    pub(crate) fn log_plans(&self) {
        let settings = [
            ("session_preload_libraries", "auto_explain"),
            ("auto_explain.log_min_duration", "0"),
            ("auto_explain.log_format", "json"),
            ("auto_explain.log_nested_statements", "on"),
        ];
        let mut psql = self.psql();
        psql.run("LOAD 'auto_explain'");
        for (name, value) in settings {
            psql.run(&format!("ALTER DATABASE {} SET {name} = '{value}'", self.name));
        }
    }

    /// What the server has logged about this database: the records, each without its prefix.
    pub(crate) fn log(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.server.log_file()).unwrap();
        let mut records: Vec<(bool, String)> = Vec::new();
        for line in log.lines() {
            match (line.strip_prefix('\t'), records.last_mut()) {
                (Some(more), Some((_, record))) => record.push_str(&format!("\n{more}")),
                _ => {
                    let record = line.strip_prefix(&format!("{} ", self.name));
                    records.push((record.is_some(), record.unwrap_or_default().to_owned()));
                }
            }
        }
        records.into_iter().filter_map(|(ours, record)| ours.then_some(record)).collect()
    }

    /// Asserts what the schema promises of the rows as they are now, whatever was done before.
    #[track_caller]
    pub(crate) fn check_promises(&self) {
        let mut psql = self.psql();
        let too_close = psql.lines(
            "SELECT neighbours.id || ' and ' || next
               FROM (SELECT id, datetime, calendar, lead(id) OVER by_time AS next,
                            lead(datetime) OVER by_time AS next_datetime
                       FROM orders
                     WINDOW by_time AS (PARTITION BY calendar ORDER BY datetime, id)) AS neighbours
               JOIN calendars ON key = calendar
              WHERE next_datetime < datetime + minimum_gap",
        );
        assert_eq!(too_close, [""; 0], "orders less than the gap apart");
        let stray = psql.lines(
            "SELECT orders.id FROM orders LEFT JOIN calendars ON calendars.key = orders.calendar
              WHERE calendars.minimum_gap IS DISTINCT FROM orders.minimum_gap
                 OR slot IS DISTINCT FROM tstzrange(datetime, datetime + calendars.minimum_gap)",
        );
        assert_eq!(stray, [""; 0], "orders without their calendar's gap");
        check_mirror(&mut psql);
        let homeless = psql.lines(
            "SELECT id FROM orders, unnest(services) AS service
              WHERE service NOT IN (SELECT id FROM services)",
        );
        assert_eq!(homeless, [""; 0], "orders with a missing service");
        assert_eq!(psql.line("SELECT count(*) FROM calendars WHERE id = 'default'"), "1");
        check_versions(&mut psql);
    }

    /// Asserts that PostgreSQL has broken no deadlock in this database; all stores must be gone.
    #[track_caller]
    pub(crate) fn check_no_deadlock(&self) {
        // A session reports its part when it ends, which it does on its own time.
        self.psql().wait_until_alone();
        let deadlocks = Psql::to(&self.server.url("postgres")).line(&format!(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = '{}'",
            self.name
        ));
        let log = self.log();
        // The error, its details with the processes and their statements, a hint, the context and the statement.
        let records = log.split(|record| record.starts_with("ERROR")).skip(1);
        let said: Vec<_> =
            records.filter(|it| it.iter().any(|it| it.contains("blocked by process"))).collect();
        assert_eq!(deadlocks, "0", "deadlocks, of which the server has logged: {said:#?}");
    }
}

/// Asserts that `order_services` says the same as `orders.services`.
#[track_caller]
fn check_mirror(psql: &mut Psql) {
    const MIRRORED: &str = "SELECT service, datetime, id, calendar
                              FROM orders, unnest(services) AS service";
    const MIRROR: &str = "SELECT service, datetime, order_id, calendar FROM order_services";
    let differences = psql.lines(&format!(
        "SELECT difference::text FROM (
            (({MIRRORED}) EXCEPT ALL ({MIRROR})) UNION ALL
            (({MIRROR}) EXCEPT ALL ({MIRRORED}))) AS difference"
    ));
    assert_eq!(differences, [""; 0], "order_services mirrors orders");
}

/// Asserts that the newest version of each order is the order, and that its versions are consecutive.
#[track_caller]
fn check_versions(psql: &mut Psql) {
    let differences = psql.lines(
        "SELECT COALESCE(orders.id, newest.order_id)
           FROM (SELECT DISTINCT ON (order_id) * FROM order_versions ORDER BY order_id, version DESC) AS newest
           FULL JOIN orders ON orders.id = newest.order_id
           LEFT JOIN calendars ON calendars.key = orders.calendar
          WHERE (orders.id IS NULL) <> (newest.type = 'deleted') OR newest.order_id IS NULL
             OR newest.type <> 'deleted'
                AND (newest.version, newest.calendar, newest.datetime, newest.totalfee, newest.services,
                     newest.reference, newest.metadata, newest.created_at, newest.updated_at, newest.client)
                    IS DISTINCT FROM
                    (orders.version, calendars.id, orders.datetime, orders.totalfee, orders.services,
                     orders.reference, orders.metadata, orders.created_at, orders.updated_at, orders.updated_by)",
    );
    assert_eq!(differences, [""; 0], "orders that differ from their newest version");
    let out_of_sequence = psql.lines(
        "SELECT order_id || ' ' || version
           FROM (SELECT *, lag(version) OVER one AS last, lag(sequence) OVER one AS last_sequence,
                        lag(changed_at) OVER one AS last_changed_at, lag(position) OVER one AS last_position
                   FROM order_versions
                 WINDOW one AS (PARTITION BY order_id ORDER BY version)) AS versions
          WHERE version <> COALESCE(last + 1, 1) OR sequence <= last_sequence OR changed_at < last_changed_at
             OR position <= last_position",
    );
    assert_eq!(out_of_sequence, [""; 0], "versions out of sequence");
}

impl Drop for Database {
    fn drop(&mut self) {
        let mut conn = connect(&self.server.url("postgres"));
        execute(&mut conn, &format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

/// A session that says whatever it likes.
pub(crate) struct Psql(pub(crate) PgConnection);

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

impl Psql {
    pub(crate) fn to(url: &str) -> Self {
        Self(connect(url))
    }

    /// Does one or more statements.
    pub(crate) fn try_run(&mut self, statements: &str) -> QueryResult<()> {
        self.0.batch_execute(statements)
    }

    /// Does one or more statements that work.
    #[track_caller]
    pub(crate) fn run(&mut self, statements: &str) {
        execute(&mut self.0, statements);
    }

    /// Every row of every table, as text.
    pub(crate) fn dump(&mut self) -> Vec<String> {
        [
            "calendars",
            "services",
            "orders",
            "order_services",
            "idempotency_keys",
            "clients",
            "api_keys",
        ]
        .iter()
        .flat_map(|table| {
            self.lines(&format!("SELECT '{table} ' || t::text FROM {table} AS t ORDER BY 1"))
        })
        .collect()
    }

    /// The rows of a query with one column, as text.
    #[track_caller]
    pub(crate) fn lines(&mut self, query: &str) -> Vec<String> {
        let query = format!(
            "SELECT coalesce(answer.line::text, 'NULL') AS line FROM ({query}) AS answer (line)"
        );
        let lines = diesel::sql_query(&query).load::<Line>(&mut self.0);
        let lines = lines.unwrap_or_else(|error| panic!("{query}: {error:?}"));
        lines.into_iter().map(|line| line.line).collect()
    }

    /// The one row of a query with one column, as text.
    #[track_caller]
    pub(crate) fn line(&mut self, query: &str) -> String {
        let lines = self.lines(query);
        assert_eq!(lines.len(), 1, "{query}: {lines:?}");
        lines.concat()
    }

    /// Waits until no other session uses this database.
    pub(crate) fn wait_until_alone(&mut self) {
        self.wait_until_beside(0);
    }

    /// Waits until there are so many other sessions in this database.
    pub(crate) fn wait_until_beside(&mut self, sessions: usize) {
        const OTHERS: &str = "SELECT count(*) FROM pg_stat_activity
                               WHERE datname = current_database() AND pid <> pg_backend_pid()";
        while self.line(OTHERS) != sessions.to_string() {
            std::thread::sleep(POLL);
        }
    }

    /// Waits until a session waits for a lock in this database.
    pub(crate) fn wait_for_a_waiter(&mut self) {
        const WAITERS: &str = "SELECT count(*) FROM pg_stat_activity
                                WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while self.line(WAITERS) == "0" {
            std::thread::sleep(POLL);
        }
    }

    /// Waits until a session waits for this kind of lock in this database.
    pub(crate) fn wait_for_a_waiter_on(&mut self, lock: &str) {
        let waiters = format!(
            "SELECT count(*) FROM pg_stat_activity
              WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = '{lock}'"
        );
        while self.line(&waiters) == "0" {
            std::thread::sleep(POLL);
        }
    }

    /// The constraint that a statement breaks; panics when it breaks none.
    #[track_caller]
    pub(crate) fn broken_constraint(&mut self, statement: &str) -> String {
        match self.try_run(statement) {
            Err(diesel::result::Error::DatabaseError(_, told)) => match told.constraint_name() {
                Some(name) => name.to_owned(),
                None => panic!("{statement}: {}", told.message()),
            },
            other => panic!("{statement}: {other:?}"),
        }
    }
}

#[track_caller]
fn connect(url: &str) -> PgConnection {
    let mut conn = PgConnection::establish(url).expect("the server runs");
    execute(&mut conn, "SET client_min_messages = warning");
    conn
}

#[track_caller]
fn execute(conn: &mut PgConnection, statements: &str) {
    if let Err(error) = conn.batch_execute(statements) {
        panic!("{statements}: {error:?}");
    }
}
