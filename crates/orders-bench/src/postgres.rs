//! PostgreSQL and its programs: [`Database`].

use std::ops::Range;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use orders_db::PLAN_SETTINGS;
use orders_testkit::Service;
use private_postgres::{Options, PrivatePostgres};

use crate::dataset::{
    Dataset, Expression, FIRST_CHANGED_ID, FIRST_CREATED_ID, FIRST_DELETED_ID, FIRST_ID, FIRST_KEY,
    SERVICES, date,
};
use crate::http::count_lines;
use crate::statistics::Throughput;

/// How many orders are inserted by one statement.
const INSERTED_AT_ONCE: usize = 500_000;

/// In how many steps changes are added; the space that one leaves is used by the next.
const CHANGE_STEPS: u64 = 20;

/// The columns of an order, as an export has them.
const ORDERS: &str = "SELECT orders.id, calendars.id, orders.datetime, orders.totalfee, orders.services, \
                      orders.version, orders.created_at, orders.updated_at \
                      FROM orders JOIN calendars ON calendars.key = orders.calendar";

/// A database on a private, durable PostgreSQL, which goes with its last database.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    server: Arc<PrivatePostgres>,
    name: String,
}

impl Database {
    /// Starts a server with these settings. Its database has no schema.
    pub(crate) fn start(settings: &[(&str, &str)]) -> Result<Self> {
        let options = Options::temporary().durable(true).setting("max_connections", "300");
        let options =
            settings.iter().fold(options, |options, (name, value)| options.setting(*name, *value));
        Ok(Self { server: Arc::new(PrivatePostgres::start(options)?), name: "orders".to_owned() })
    }

    /// A new database on the same server, without a schema.
    pub(crate) fn beside(&self, name: String) -> Result<Self> {
        self.sql(&format!("CREATE DATABASE {name}"))?;
        Ok(Self { server: self.server.clone(), name })
    }

    /// Its address, as libpq reads it.
    pub(crate) fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// Starts the service with its usual settings, and webhooks on this machine. That makes the schema, and waits until it is ready.
    pub(crate) fn start_service(&self, program: &Path) -> Result<Service> {
        let mut command = Command::new(program);
        command.env("DATABASE_URL", self.url()).env("ORDERS_WEBHOOK_NETWORKS", "127.0.0.0/8");
        let log = self.server.directory().join(format!("service-{}.log", self.name));
        Ok(Service::start(&mut command, "error", &log)?)
    }

    /// The program pgbench, with the settings of the service's sessions.
    pub(crate) fn pgbench(&self) -> Command {
        let mut command = self.program("pgbench");
        command.env("PGOPTIONS", session_options()).stdin(Stdio::null());
        command
    }

    /// Runs SQL, and answers its output without decoration.
    pub(crate) fn sql(&self, sql: &str) -> Result<String> {
        let script = tempfile::NamedTempFile::new()?;
        std::fs::write(script.path(), sql)?;
        output(self.psql().arg("-f").arg(script.path()))
    }

    /// Runs a query for a number.
    pub(crate) fn number(&self, sql: &str) -> Result<u64> {
        Ok(self.sql(sql)?.trim().parse()?)
    }

    /// Copies all orders out.
    pub(crate) fn copy_out(&self) -> Result<Throughput> {
        let start = Instant::now();
        let copy = format!("COPY ({ORDERS}) TO STDOUT");
        let mut psql = self.psql().arg("-c").arg(copy).stdout(Stdio::piped()).spawn()?;
        let count = count_lines(psql.stdout.take().context("psql has no output")?)?;
        ensure!(psql.wait()?.success(), "psql failed");
        Ok(Throughput { count, duration: start.elapsed() })
    }

    /// Inserts orders like those of an import, with one statement.
    pub(crate) fn insert_orders(&self, dataset: &Dataset, count: u64) -> Result<Throughput> {
        let number = Expression("number".to_owned());
        let calendar = dataset.calendar(number.clone());
        let date = date(dataset.created_day(number));
        let start = Instant::now();
        // Without a name, because triggers complete what writers other than the service insert.
        self.sql(&format!(
            "INSERT INTO orders (id, calendar, minimum_gap, datetime, totalfee, services, updated_by)
             SELECT ({FIRST_CREATED_ID} + number)::text, {FIRST_KEY} + {calendar}, interval '3 hours',
                    {date}::text::timestamptz, 99.95, ARRAY['1', '2'], NULL
               FROM generate_series(0, {count}::bigint - 1) AS number"
        ))?;
        Ok(Throughput { count, duration: start.elapsed() })
    }

    /// Adds the services, and so many calendars.
    pub(crate) fn add_calendars(&self, calendars: u64) -> Result<()> {
        self.sql(&format!(
            "INSERT INTO services (id, name) SELECT n::text, 'Service ' || n FROM generate_series(1, {SERVICES}) AS n;
             INSERT INTO calendars (key, id, name) OVERRIDING SYSTEM VALUE
             SELECT {FIRST_KEY} + n, n::text, 'Calendar ' || n FROM generate_series(1, {calendars}) AS n"
        ))
        .map(drop)
    }

    /// Adds services, calendars and orders.
    pub(crate) fn fill(&self, dataset: &Dataset) -> Result<()> {
        let Dataset { orders, calendars } = *dataset;
        ensure!(dataset.fits(), "{orders} orders do not fit into {calendars} calendars");
        self.add_calendars(calendars)?;
        let day = dataset.day(Expression("number".to_owned()));
        self.add_orders(dataset, FIRST_ID, 0..orders, &day, dataset.per_day())
    }

    /// Adds orders that are there to be deleted, in the place of those that are left.
    pub(crate) fn add_orders_to_delete(&self, dataset: &Dataset, count: u64) -> Result<()> {
        self.remove_added_orders()?;
        let day = dataset.deleted_day(Expression("number".to_owned()));
        self.add_orders(dataset, FIRST_DELETED_ID, 0..count, &day, 1)
    }

    /// How many orders have an id from this one on that begins with the same digit.
    pub(crate) fn count_from(&self, id: u64) -> Result<u64> {
        let end = id / 1_000_000_000 + 1;
        let count = format!("SELECT count(*) FROM orders WHERE id >= '{id}' AND id < '{end}'");
        self.number(&count)
    }

    /// Removes all orders but those that it was filled with, as if they had never been there: with their versions.
    pub(crate) fn remove_added_orders(&self) -> Result<()> {
        let versions = format!(
            "FROM order_versions WHERE order_id >= '{FIRST_CREATED_ID}' AND order_id < '{FIRST_CHANGED_ID}'"
        );
        if self.number(&format!("SELECT count(*) {versions}"))? == 0 {
            return Ok(());
        }
        self.sql(&format!(
            "SET session_replication_role = replica;
             WITH removed AS (
                 DELETE FROM orders WHERE id >= '{FIRST_CREATED_ID}' AND id < '{FIRST_CHANGED_ID}'
                 RETURNING id, datetime, services)
             DELETE FROM order_services USING removed, unnest(removed.services) AS named
              WHERE order_services.service = named AND order_services.datetime = removed.datetime
                AND order_services.order_id = removed.id;
             DELETE {versions}"
        ))?;
        self.vacuum()
    }

    /// Lets the database do now what it would do later.
    pub(crate) fn vacuum(&self) -> Result<()> {
        let tables = ["orders", "order_services", "order_versions"];
        let vacuum = tables.map(|table| format!("VACUUM (ANALYZE) {table};")).concat();
        self.sql(&(vacuum + "CHECKPOINT")).map(drop)
    }

    /// Adds changes of orders that are not there, ten of each, with positions. Otherwise only triggers may add them.
    pub(crate) fn add_changes(&self, count: u64) -> Result<()> {
        let step = count.div_ceil(CHANGE_STEPS);
        for first in (0..count).step_by(step as usize) {
            let last = count.min(first + step) - 1;
            self.sql(&format!(
                "SET synchronous_commit = off; SET session_replication_role = replica;
                 INSERT INTO order_versions (
                     version, changed_at, datetime, created_at, updated_at, type, order_id, calendar, totalfee, services)
                 SELECT 1 + age, now(), timestamptz '2000-01-01' + number * interval '3 hours', now(), now(),
                        CASE age WHEN 0 THEN 'created' ELSE 'updated' END::change_type,
                        ({FIRST_CHANGED_ID} + number / 1000 * 100 + number % 100)::text,
                        (1 + number % 1000)::text, 99.95, ARRAY['1', '2']
                   FROM generate_series({first}::bigint, {last}) AS number,
                        LATERAL (SELECT number / 100 % 10 AS age) AS of_order;
                 RESET session_replication_role;
                 SELECT assign_positions(NULL, NULL);
                 VACUUM (ANALYZE) order_versions;"
            ))?;
        }
        self.sql("CHECKPOINT").map(drop)
    }

    /// A thousand cursors from anywhere up to this position, in any order.
    pub(crate) fn cursors(&self, last: u64) -> Result<Vec<String>> {
        let cursors = self.sql(&format!(
            "SELECT position || '_' || (extract(epoch FROM assigned_at) * 1000000)::bigint FROM order_versions
              WHERE position IN (SELECT 1 + (random() * {last})::bigint FROM generate_series(1, 1000))
              ORDER BY random()"
        ))?;
        Ok(cursors.lines().map(str::to_owned).collect())
    }

    /// Reads all orders as a request reads one, so that the server holds of them what its cache can hold.
    pub(crate) fn warm_up(&self) -> Result<()> {
        let read = "SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT sum(version) FROM orders WHERE id > ''";
        self.sql(read).map(drop)
    }

    /// Adds orders with these numbers. Does what triggers and foreign keys would do by itself.
    fn add_orders(
        &self,
        dataset: &Dataset,
        first_id: u64,
        numbers: Range<u64>,
        day: &Expression,
        per_day: u64,
    ) -> Result<()> {
        let end = numbers.end;
        let calendar = dataset.calendar(Expression("number".to_owned()));
        let [service, other] = dataset.services(Expression("number".to_owned()));
        let date = date(day.clone());
        for first in numbers.step_by(INSERTED_AT_ONCE) {
            let last = end.min(first + INSERTED_AT_ONCE as u64) - 1;
            self.sql(&format!(
                "VACUUM order_versions;
                 SET session_replication_role = replica;
                 SET synchronous_commit = off;
                 WITH added AS (
                     INSERT INTO orders (id, calendar, minimum_gap, datetime, totalfee, services)
                     SELECT ({first_id} + number)::text, {FIRST_KEY} + {calendar}, interval '3 hours',
                            {date}::text::timestamptz + slot % {per_day} * interval '1 day' / {per_day},
                            100, ARRAY[{service}::text, {other}::text]
                       FROM generate_series({first}::bigint, {last}) AS number,
                            LATERAL (SELECT number / {} AS slot) AS in_calendar
                     RETURNING *),
                 named AS (
                     INSERT INTO order_services (service, datetime, order_id, calendar)
                     SELECT service, datetime, id, calendar FROM added, unnest(services) AS service)
                 INSERT INTO order_versions (
                     version, changed_at, datetime, created_at, updated_at, type, order_id, calendar, totalfee, services)
                 SELECT version, updated_at, datetime, created_at, updated_at, 'created', added.id, calendars.id,
                        totalfee, added.services
                   FROM added JOIN calendars ON calendars.key = added.calendar;
                 RESET session_replication_role;
                 SELECT assign_positions(NULL, NULL)",
                dataset.calendars
            ))?;
        }
        self.vacuum()
    }

    fn psql(&self) -> Command {
        let mut psql = self.program("psql");
        psql.env("PGOPTIONS", "-c TimeZone=UTC").stdin(Stdio::null());
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d"]).arg(self.url());
        psql
    }

    fn program(&self, name: &str) -> Command {
        Command::new(self.server.installation().bin_directory().join(name))
    }
}

/// What each session of the service sets, so that pgbench gets the same plans.
fn session_options() -> String {
    let settings = PLAN_SETTINGS.split(';').filter_map(|set| set.trim().strip_prefix("SET "));
    let options = settings.map(|setting| format!("-c {} ", setting.replace(' ', "")));
    options.chain(["-c TimeZone=UTC".to_owned()]).collect()
}

/// Runs a program to its end, and answers what it printed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let program = Path::new(command.get_program()).display().to_string();
    let output = command.output().with_context(|| format!("cannot run {program}"))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} ended with {}: {}", output.status, errors.trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_of_the_store_is_an_option() {
        let options = session_options();
        assert_eq!(options.matches("-c ").count(), PLAN_SETTINGS.matches("SET ").count() + 1);
        assert!(options.contains("-c plan_cache_mode=force_generic_plan "), "{options}");
    }
}
