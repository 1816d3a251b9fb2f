//! A database of its own for every test: [`Database`].

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use orders_api::cli::database::Database as ServiceDatabase;
use orders_api::cli::sample_data;
use private_postgres::PrivatePostgres;

use crate::app::cli;

/// One PostgreSQL for all tests, which stops when the process ends.
static POSTGRES: LazyLock<PrivatePostgres> = LazyLock::new(own_postgres);

/// The database that every test gets a copy of: migrated, with the sample services.
pub(crate) const TEMPLATE: &str = "orders";

/// More orders than fit into the buffers between the database and a client that does not read; they have long ids.
pub(crate) const MANY: usize = 20_000;

/// Places [`MANY`] orders.
const PLACE_MANY: &str = "
    INSERT INTO calendars (id, name, minimum_gap) VALUES (repeat('c', 64), 'crew', '1 hour');
    INSERT INTO services (id, name) VALUES (repeat('s', 64), 'service');
    INSERT INTO orders (id, calendar, minimum_gap, datetime, totalfee, services)
    SELECT repeat('o', 59) || to_char(n, 'FM00000'), key, minimum_gap,
           '2030-01-01T00:00:00Z'::timestamptz + n * interval '1 hour', 1, ARRAY[repeat('s', 64)]
      FROM generate_series(0, 19999) AS n, calendars WHERE calendars.id LIKE 'cc%';";

/// The template with [`MANY`] orders.
static FULL: LazyLock<Database> = LazyLock::new(|| {
    let database = Database::new();
    let mut conn = PgConnection::establish(&database.url()).unwrap();
    conn.batch_execute(PLACE_MANY).unwrap();
    // As the service does within a second; then no test waits for it.
    conn.batch_execute("SELECT assign_positions(NULL, NULL)").unwrap();
    conn.batch_execute("VACUUM order_versions").unwrap();
    database
});

/// A database that only one test uses; dropped with this value.
pub(crate) struct Database {
    name: String,
}

impl Database {
    /// A copy of [`TEMPLATE`].
    pub(crate) fn new() -> Self {
        Self::copy_of(TEMPLATE)
    }

    /// The same with [`MANY`] orders.
    pub(crate) fn full() -> Self {
        Self::copy_of(&FULL.name)
    }

    fn copy_of(template: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(1);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        // Quicker than through the write-ahead log, while nothing is flushed to disk. Older versions always do it so.
        let copies_files = POSTGRES.installation().major_version() >= 15;
        let strategy = if copies_files { "STRATEGY file_copy" } else { "" };
        let mut conn = maintenance();
        // A database can only be copied once at a time.
        conn.batch_execute("SELECT pg_advisory_lock(1)").unwrap();
        conn.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template} {strategy}"))
            .unwrap();
        Self { name }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn url(&self) -> String {
        POSTGRES.url(&self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // One that a test has made undroppable goes with the server.
        let _ = maintenance().batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

/// A connection to the server of all databases.
pub(crate) fn maintenance() -> PgConnection {
    PgConnection::establish(&POSTGRES.url("postgres")).unwrap()
}

/// The URL of a new database without a schema.
pub(crate) fn bare_database(name: &str) -> String {
    maintenance().batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
    POSTGRES.url(name)
}

/// A PostgreSQL of one test alone, with the template's database in it.
pub(crate) fn own_postgres() -> PrivatePostgres {
    let postgres = PrivatePostgres::temporary().expect("a PostgreSQL for the test");
    let cli = cli(&postgres.url(TEMPLATE), &[]);
    let template = ServiceDatabase::open(&cli.database).unwrap();
    template.migrate().unwrap();
    sample_data::add_services(&template.store(&cli).unwrap()).unwrap();
    postgres
}
