//! What can be set from outside: [`Cli`].

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::thread::available_parallelism;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use log::LevelFilter;

use crate::cli::client::{ExportArgs, ImportArgs};
use crate::db_threads::Bounds;

/// The most requests that wait for one database thread when they come all at once.
const BURST_PER_THREAD: usize = 1024;

/// The most that wait for one once the queue does not get empty any more. Under more load than the service can
/// carry, those that are served wait for the work of so many others; the rest learn at once that they are not.
const STANDING_PER_THREAD: usize = 64;

/// Where the private PostgreSQL keeps its data unless told otherwise, seen from the working directory.
pub const DATA_DIR: &str = ".orders";

/// Orders as appointments: two of one calendar are never less than its minimum gap apart.
#[derive(Debug, Parser)]
#[command(name = "orders-api", version)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The database
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,
    /// What is logged to standard error: error, warn, info, debug or trace, or a list of module=level
    #[arg(
        long, env = "ORDERS_LOG", default_value = "info", value_parser = log_filter, global = true,
        value_name = "FILTER"
    )]
    pub log: String,
}

/// What the program can do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Answer requests, after bringing the database up to date (what it does unless told otherwise)
    Serve,
    /// Bring the database up to date, and do nothing else
    Migrate {
        /// Take the newest step back instead
        #[arg(long)]
        revert: bool,
    },
    /// Add the sample services, calendars and orders; what is there stays as it is
    Seed,
    /// Print the OpenAPI document
    Openapi,
    /// Write the orders of a running service down, one a line as JSON
    Export(ExportArgs),
    /// Place orders in a running service, one a line as JSON
    ///
    /// Ends with 0 when all were placed, with 1 when some were refused, with 2 when it could not be done, and with 130
    /// when it was interrupted (Ctrl-C or SIGTERM). It then still takes the answers to the lines that were sent, for a
    /// few seconds or until a second interrupt.
    Import(ImportArgs),
}

/// Which database is used.
#[derive(Debug, Clone, Args)]
pub struct DatabaseArgs {
    /// The PostgreSQL database to use, as postgres://USER:PASSWORD@HOST/NAME; without it the service
    /// keeps a PostgreSQL of its own in the data directory
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Where the private PostgreSQL keeps its data
    #[arg(
        long,
        env = "ORDERS_DATA_DIR",
        default_value = DATA_DIR,
        global = true,
        value_name = "DIR"
    )]
    pub data_dir: PathBuf,
    /// How many database connections are kept, and so how many requests are worked on at a time;
    /// twice the cores unless told otherwise
    #[arg(long, env = "ORDERS_CONNECTIONS", global = true, value_name = "NUMBER")]
    pub connections: Option<NonZeroU32>,
    /// How long a request may take in all, as 500ms, 10s or 1m
    #[arg(
        long, env = "ORDERS_REQUEST_TIMEOUT", default_value = "10s", value_parser = duration,
        global = true, value_name = "TIME"
    )]
    pub request_timeout: Duration,
}

/// How requests are served.
#[derive(Debug, Clone, Args)]
pub struct ServerArgs {
    /// Where to listen; port 0 takes any free one
    #[arg(
        long,
        env = "ORDERS_BIND",
        default_value = "127.0.0.1:3000",
        global = true,
        value_name = "ADDRESS"
    )]
    pub bind: String,
    /// The largest body of a request, in bytes
    #[arg(
        long,
        env = "ORDERS_BODY_LIMIT",
        default_value = "65536",
        global = true,
        value_name = "BYTES"
    )]
    pub body_limit: NonZeroUsize,
    /// How long a request may wait for a database connection before it is answered 503; once more wait than can
    /// soon be served, the answer comes at once
    #[arg(
        long, env = "ORDERS_QUEUE_WAIT", default_value = "1s", value_parser = duration, global = true,
        value_name = "TIME"
    )]
    pub queue_wait: Duration,
    /// How long the client of an export or an import may leave us waiting: to take what is ready for it, or
    /// to send the next line
    #[arg(
        long, env = "ORDERS_STALL_TIMEOUT", default_value = "30s", value_parser = duration,
        global = true, value_name = "TIME"
    )]
    pub stall_timeout: Duration,
    /// How many seconds requests in flight get to finish when the service is told to stop
    #[arg(
        long,
        env = "ORDERS_SHUTDOWN_TIMEOUT",
        default_value = "30",
        global = true,
        value_name = "SECONDS"
    )]
    pub shutdown_timeout: u32,
}

impl DatabaseArgs {
    /// How many connections are kept.
    #[must_use]
    pub fn connections(&self) -> u32 {
        self.connections.map_or_else(
            || 2 * available_parallelism().map_or(1, |cores| cores.get().try_into().unwrap_or(1)),
            NonZeroU32::get,
        )
    }

    /// How long requests wait for these connections.
    #[must_use]
    pub fn bounds(&self, queue_wait: Duration) -> Bounds {
        Bounds {
            queue_wait,
            request_timeout: self.request_timeout,
            burst: BURST_PER_THREAD.saturating_mul(self.connections() as usize),
            standing: STANDING_PER_THREAD.saturating_mul(self.connections() as usize),
        }
    }
}

/// Lets a list of levels and `module=level` pass, so that a misspelt level does not silence the log.
fn log_filter(text: &str) -> Result<String, String> {
    let level =
        |directive: &str| directive.rsplit('=').next().unwrap_or_default().parse::<LevelFilter>();
    match text.split(',').find(|directive| level(directive.trim()).is_err()) {
        None => Ok(text.to_owned()),
        Some(_) => {
            Err("write off, error, warn, info, debug or trace, perhaps after module=".to_owned())
        }
    }
}

/// Reads a time of more than nothing: a number, and `ms`, `s` or `m`.
fn duration(text: &str) -> Result<Duration, String> {
    let unit = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u32 = text[..unit].parse().map_err(|_| wanted())?;
    match (number, &text[unit..]) {
        (0, _) => Err(wanted()),
        (_, "ms") => Ok(Duration::from_millis(number.into())),
        (_, "s") => Ok(Duration::from_secs(number.into())),
        (_, "m") => Ok(Duration::from_secs(60 * u64::from(number))),
        (..) => Err(wanted()),
    }
}

fn wanted() -> String {
    "write a number and its unit, like 500ms, 10s or 1m".to_owned()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[track_caller]
    fn check(text: &str, millis: Option<u64>) {
        assert_eq!(duration(text).ok(), millis.map(Duration::from_millis), "{text:?}");
    }

    #[test]
    fn a_duration_is_a_number_and_its_unit() {
        check("500ms", Some(500));
        check("10s", Some(10_000));
        check("2m", Some(120_000));
        check("0s", None);
        check("5", None);
        check("s", None);
        check("1.5s", None);
        check("99999999999s", None);
        check("", None);
    }

    #[test]
    fn a_misspelt_level_is_refused() {
        for good in ["info", "warn,orders_api=debug", "off", "INFO"] {
            assert_eq!(log_filter(good).as_deref(), Ok(good));
        }
        for bad in ["inof", "", "info,orders_api=loud", "orders_api"] {
            assert!(log_filter(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn settings_may_stand_before_and_after_the_command() {
        let before = Cli::try_parse_from(["orders-api", "--bind", "[::1]:0", "serve"]).unwrap();
        let after = Cli::try_parse_from(["orders-api", "serve", "--bind", "[::1]:0"]).unwrap();
        assert_eq!((before.server.bind, before.command), (after.server.bind, after.command));
    }
}
