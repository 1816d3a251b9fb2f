//! The command line arguments: [`Arguments`].

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use clap::{Parser, ValueEnum};
use orders_testkit::program;
use orders_torture::run::{Sabotage, Settings};

/// Sends requests to several service processes on one PostgreSQL, kills them meanwhile, and checks
/// that the minimum gap was kept, that no acknowledged write was lost, that the feed of changes has
/// every write once and in order, and that the contract allows every response.
///
/// To see a failing run: `--break drop-constraint`.
#[derive(Debug, Parser)]
#[command(name = "orders-torture", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// How long requests are sent
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Determines the operations and the faults; the default is the current time
    #[arg(long)]
    seed: Option<u64>,
    /// The number of service processes
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=16))]
    processes: u64,
    /// The number of clients
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..=256))]
    clients: u64,
    /// How often a service process is killed, as 500ms or 3s
    #[arg(long, default_value = "3s", value_parser = duration)]
    kill_every: Duration,
    /// The number of PostgreSQL crashes in the whole run
    #[arg(long, default_value_t = 3)]
    database_crashes: u32,
    /// Run PostgreSQL with a synchronous standby, and instead of each crash kill the primary with SIGKILL, promote the
    /// standby, and make the old primary the new standby
    #[arg(long)]
    failover: bool,
    /// The highest number of operations per second
    #[arg(long, default_value_t = 2000)]
    rate: u32,
    /// The highest number of operations in the whole run
    #[arg(long, default_value_t = 1_000_000)]
    operations: u32,
    /// The service program; the default is the one beside this program
    #[arg(long)]
    orders_api: Option<PathBuf>,
    /// Breaks something on purpose, to show that the checks notice
    #[arg(long = "break", value_enum)]
    sabotage: Option<Break>,
    /// A directory in which the history and the logs are kept
    #[arg(long)]
    keep: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Break {
    /// Drop the exclusion constraint before requests are sent
    DropConstraint,
    /// Do not record one of twenty changes of orders
    LoseVersions,
}

impl From<Break> for Sabotage {
    fn from(sabotage: Break) -> Self {
        match sabotage {
            Break::DropConstraint => Self::DropConstraint,
            Break::LoseVersions => Self::LoseVersions,
        }
    }
}

impl Arguments {
    /// The parameters of the run.
    ///
    /// # Errors
    /// If the service program does not exist.
    pub(crate) fn into_settings(self) -> Result<Settings> {
        Ok(Settings {
            orders_api: program::find(self.orders_api.as_deref())?,
            duration: Duration::from_secs(self.seconds),
            seed: self.seed.unwrap_or_else(seconds_since_1970),
            processes: self.processes.try_into()?,
            clients: self.clients.try_into()?,
            rate: self.rate,
            operations: self.operations,
            kill_every: self.kill_every,
            database_crashes: self.database_crashes,
            failover: self.failover,
            sabotage: self.sabotage.map(Sabotage::from),
            output_directory: self.keep,
        })
    }
}

fn seconds_since_1970() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Parses a positive number with the unit `ms` or `s`.
fn duration(text: &str) -> Result<Duration, String> {
    let parse = |number: &str, milliseconds| {
        let number = number.parse::<u32>().ok().filter(|number| *number > 0)?;
        Some(Duration::from_millis(milliseconds) * number)
    };
    text.strip_suffix("ms")
        .map_or_else(|| parse(text.strip_suffix('s')?, 1000), |number| parse(number, 1))
        .ok_or_else(|| "write a number with its unit, such as 500ms or 3s".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_duration_is_a_number_with_its_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("3s"), Ok(Duration::from_secs(3)));
        for text in ["", "3", "s", "0s", "-1s", "3m"] {
            assert!(duration(text).is_err(), "{text:?}");
        }
    }
}
