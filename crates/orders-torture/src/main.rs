//! Tortures a cluster of orders services, and tells whether the rule held.

mod report;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use orders_testkit::program;
use orders_torture::run::{Sabotage, Settings, run};

/// Fires at several orders services on one PostgreSQL, kills them on the way, and checks that the
/// rule held, that nothing acknowledged was lost, and that every answer was one of the contract's.
///
/// To see it fail: `--break drop-constraint`; or leave out the lock on moves (`LockStretches` in
/// crates/orders-db/src/orders/replace.rs), which PostgreSQL then reports as deadlocks.
#[derive(Debug, Parser)]
#[command(name = "orders-torture", version, max_term_width = 100)]
struct Cli {
    /// How long there is traffic
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// What is planned follows from it; taken from the clock unless given
    #[arg(long)]
    seed: Option<u64>,
    /// How many service processes there are
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=16))]
    processes: u64,
    /// How many clients there are
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..=256))]
    clients: u64,
    /// How often a service process gets a SIGKILL, as 500ms or 3s
    #[arg(long, default_value = "3s", value_parser = duration)]
    kill_every: Duration,
    /// How often PostgreSQL is crashed in all
    #[arg(long, default_value_t = 3)]
    database_crashes: u32,
    /// How many operations begin in a second at most
    #[arg(long, default_value_t = 2000)]
    rate: u32,
    /// How many operations there are at most
    #[arg(long, default_value_t = 1_000_000)]
    operations: u32,
    /// The service program; the one beside this program unless given
    #[arg(long)]
    orders_api: Option<PathBuf>,
    /// Breaks something on purpose, to see that the harness notices
    #[arg(long = "break", value_enum)]
    sabotage: Option<Break>,
    /// A directory in which the history and the logs are kept
    #[arg(long)]
    keep: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Break {
    /// Drop the exclusion constraint before the traffic
    DropConstraint,
}

fn main() -> Result<ExitCode> {
    let settings = settings(Cli::parse())?;
    report::announce(&settings);
    let outcome = run(&settings).with_context(|| format!("seed {}", settings.seed))?;
    report::summary(&settings, &outcome);
    Ok(if outcome.violations() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn settings(cli: Cli) -> Result<Settings> {
    let orders_api = program::find(cli.orders_api.as_deref())?;
    Ok(Settings {
        orders_api,
        duration: Duration::from_secs(cli.seconds),
        seed: cli.seed.unwrap_or_else(clock_seed),
        processes: cli.processes.try_into()?,
        clients: cli.clients.try_into()?,
        rate: cli.rate,
        operations: cli.operations,
        kill_every: cli.kill_every,
        database_crashes: cli.database_crashes,
        sabotage: cli.sabotage.map(|Break::DropConstraint| Sabotage::DropConstraint),
        keep: cli.keep,
    })
}

fn clock_seed() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs()
}

/// Reads a time of more than nothing: a number, and `ms` or `s`.
fn duration(text: &str) -> Result<Duration, String> {
    let read = |number: &str, unit| {
        let number = number.parse::<u32>().ok().filter(|number| *number > 0)?;
        Some(Duration::from_millis(unit) * number)
    };
    text.strip_suffix("ms")
        .map_or_else(|| read(text.strip_suffix('s')?, 1000), |number| read(number, 1))
        .ok_or_else(|| "write a number and its unit, like 500ms or 3s".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_duration_is_a_number_and_its_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("3s"), Ok(Duration::from_secs(3)));
        for text in ["", "3", "s", "0s", "-1s", "3m"] {
            assert!(duration(text).is_err(), "{text:?}");
        }
    }
}
