//! PostgreSQL and its programs: [`Server`], [`Database`].

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use orders_db::PLAN_SETTINGS;
use private_postgres::{Options, PrivatePostgres};

use crate::client::{Lines, count_lines};
use crate::dataset::{Dataset, Day, FIRST_ID, FIRST_NEW_ID, FIRST_STOCK_ID};

const BASE: &str = include_str!("../sql/base.sql");
const FILL: &str = include_str!("../sql/fill.sql");

/// So many orders are filled in by one statement.
const PORTION: u64 = 500_000;

/// A private, durable PostgreSQL, which goes with this value.
pub struct Server {
    postgres: PrivatePostgres,
}

/// A database on it.
#[derive(Debug, Clone)]
pub struct Database {
    /// As libpq reads it.
    pub url: String,
    bin: PathBuf,
}

impl Server {
    /// Starts a server.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start() -> Result<Self> {
        Self::with(Options::temporary())
    }

    /// Starts a server with these options, durable.
    ///
    /// # Errors
    /// When it does not start.
    pub fn with(options: Options) -> Result<Self> {
        let options = options.durable(true).setting("max_connections", "300");
        Ok(Self { postgres: PrivatePostgres::start(options)? })
    }

    /// The database that is there from the start, without a schema.
    #[must_use]
    pub fn database(&self) -> Database {
        self.named("orders")
    }

    /// A new database, without a schema.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(&self, name: &str) -> Result<Database> {
        self.database().sql(&format!("CREATE DATABASE {name}"), &[])?;
        Ok(self.named(name))
    }

    fn named(&self, name: &str) -> Database {
        let bin = self.postgres.installation().bin_directory().to_owned();
        Database { url: self.postgres.url(name), bin }
    }
}

impl Database {
    /// The program pgbench, with the settings of the service's sessions.
    #[must_use]
    pub fn pgbench(&self) -> Command {
        let mut command = Command::new(self.bin.join("pgbench"));
        command.env("PGOPTIONS", session_options()).stdin(Stdio::null());
        command
    }

    /// Runs SQL with psql's variables, and answers its output without decoration.
    ///
    /// # Errors
    /// When a statement fails.
    pub fn sql(&self, sql: &str, variables: &[(&str, u64)]) -> Result<String> {
        let script = tempfile::NamedTempFile::new()?;
        std::fs::write(script.path(), sql)?;
        let mut psql = self.psql();
        for (name, value) in variables {
            psql.arg("-v").arg(format!("{name}={value}"));
        }
        output(psql.arg("-f").arg(script.path()))
    }

    /// Copies the result of a query out, and tells how much it was.
    ///
    /// # Errors
    /// When the query fails.
    pub fn copy_out(&self, query: &str) -> Result<Lines> {
        let query = query.lines().filter(|line| !line.starts_with("--"));
        let copy = format!("COPY ({}) TO STDOUT", query.collect::<Vec<_>>().join(" "));
        let mut psql = self.psql().arg("-c").arg(copy).stdout(Stdio::piped()).spawn()?;
        let lines = psql.stdout.take().map(count_lines).context("psql has no output")??;
        ensure!(psql.wait()?.success(), "psql failed");
        Ok(lines)
    }

    /// Adds the services, and so many calendars.
    ///
    /// # Errors
    /// When they are there.
    pub fn add_base(&self, calendars: u64) -> Result<()> {
        self.sql(BASE, &[("calendars", calendars)]).map(drop)
    }

    /// Adds services, calendars and orders.
    ///
    /// # Errors
    /// When they are there, or do not fit.
    pub fn fill(&self, dataset: &Dataset) -> Result<()> {
        ensure!(
            dataset.fits(),
            "{} orders do not fit into {} calendars",
            dataset.orders,
            dataset.calendars
        );
        self.add_base(dataset.calendars)?;
        // Portions end where all calendars have had their turn.
        let portion = PORTION.next_multiple_of(dataset.calendars * dataset.a_day());
        for first in (0..dataset.orders).step_by(usize::try_from(portion)?) {
            let count = portion.min(dataset.orders - first);
            let day = dataset.day_of(first);
            self.add_orders(
                dataset,
                FIRST_ID + first,
                count,
                day,
                dataset.step(),
                dataset.a_day(),
            )?;
        }
        self.settle()
    }

    /// Adds orders that are there to be deleted, instead of those that are left.
    ///
    /// # Errors
    /// When a statement fails.
    pub fn stock(&self, dataset: &Dataset, count: u64) -> Result<()> {
        self.sweep()?;
        self.add_orders(dataset, FIRST_STOCK_ID, count, dataset.first_stock_day(), 1, 1)?;
        self.settle()
    }

    /// How many of those are left.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn stock_left(&self) -> Result<u64> {
        let count =
            format!("SELECT count(*) FROM orders WHERE id >= '{FIRST_STOCK_ID}' AND id < '3'");
        Ok(self.sql(&count, &[])?.trim().parse()?)
    }

    /// Removes all orders that came after the fill, and those that were there to be deleted.
    ///
    /// # Errors
    /// When a statement fails.
    pub fn sweep(&self) -> Result<()> {
        let sweep = format!("DELETE FROM orders WHERE id >= '{FIRST_NEW_ID}' AND id < '4'");
        self.sql(&sweep, &[])?;
        self.settle()
    }

    /// Lets the database do now what it would do later.
    ///
    /// # Errors
    /// When a statement fails.
    pub fn settle(&self) -> Result<()> {
        self.sql("VACUUM (ANALYZE) orders; VACUUM (ANALYZE) order_services; CHECKPOINT", &[])
            .map(drop)
    }

    /// Reads all orders as a request reads one, so that the server holds of them what its cache can hold.
    ///
    /// # Errors
    /// When the statement fails.
    pub fn warm_up(&self) -> Result<()> {
        let read = "SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT sum(version) FROM orders WHERE id > ''";
        self.sql(read, &[]).map(drop)
    }

    fn add_orders(
        &self,
        dataset: &Dataset,
        first_id: u64,
        count: u64,
        first_day: Day,
        step: u64,
        a_day: u64,
    ) -> Result<()> {
        let variables = [
            ("first_id", first_id),
            ("count", count),
            ("calendars", dataset.calendars),
            ("first_day", first_day.0),
            ("step", step),
            ("a_day", a_day),
        ];
        self.sql(FILL, &variables).map(drop)
    }

    fn psql(&self) -> Command {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.env("PGOPTIONS", "-c TimeZone=UTC").stdin(Stdio::null());
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d"]).arg(&self.url);
        psql
    }
}

/// What each session of the service sets, so that pgbench gets the same plans.
fn session_options() -> String {
    let settings = PLAN_SETTINGS.split(';').filter_map(|set| set.trim().strip_prefix("SET "));
    let options = settings.map(|setting| format!("-c {} ", setting.replace(' ', "")));
    options.chain(["-c TimeZone=UTC".to_owned()]).collect()
}

/// Runs a program to its end, and answers what it printed.
///
/// # Errors
/// When it fails, with what it said.
pub fn output(command: &mut Command) -> Result<String> {
    let program = Path::new(command.get_program()).display().to_string();
    let output = command.output().with_context(|| format!("cannot run {program}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} ended with {}: {}", output.status, said.trim());
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
