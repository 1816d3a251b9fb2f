//! The command line: [`Cli`].

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::row::Row;

/// Measures the orders service against what its PostgreSQL could do, on one machine.
///
/// Without a mode it prints the table of rows; `--quick` within two minutes.
#[derive(Debug, Clone, Parser)]
#[command(name = "orders-bench", version, max_term_width = 100)]
pub struct Cli {
    /// Shorter runs, within two minutes for the table
    #[arg(long)]
    pub quick: bool,
    /// Mode: the rows with 10,000, 1,000,000 and 5,000,000 orders, as ratios to the first
    #[arg(long)]
    pub growth: bool,
    /// Mode: 32 clients on one time that moves on every 100 ms
    #[arg(long)]
    pub contended: bool,
    /// Mode: a calendar with 100,000 orders back to back against one with 100
    #[arg(long)]
    pub solid: bool,
    /// Mode: a million orders imported, listed and exported
    #[arg(long)]
    pub bulk: bool,
    /// Mode: twice the load that the service can carry
    #[arg(long)]
    pub overload: bool,
    /// Mode: creates in a new, empty database for half a minute
    #[arg(long)]
    pub fresh: bool,
    /// Mode: memory at rest, and the time from the start to the first answer
    #[arg(long)]
    pub idle: bool,
    /// Which rows, separated by commas
    #[arg(long, value_enum, value_delimiter = ',')]
    pub rows: Vec<Row>,
    /// How many orders: 100,000 for the table (half of it with --quick) and overload, a million for --bulk, unless told otherwise
    #[arg(long, value_parser = clap::value_parser!(u64).range(1000..=5_000_000))]
    pub orders: Option<u64>,
    /// How many calendars they are in
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub calendars: u64,
    /// How many connections load generator and pgbench have
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub connections: u16,
    /// How many threads pgbench has
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub threads: u8,
    /// How many seconds one run takes
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub seconds: Option<u64>,
    /// How often service and ceiling take turns
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=99))]
    pub rounds: Option<u32>,
    /// The sizes of --growth, separated by commas
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 1_000_000, 5_000_000])]
    pub sizes: Vec<u64>,
    /// Over how many calendars --growth has its orders, separated by commas; each is a table
    #[arg(long, value_delimiter = ',', default_values_t = [1000, 1])]
    pub layouts: Vec<u64>,
    /// Also write what was measured into docs/performance.md
    #[arg(long)]
    pub write: bool,
    /// The service program; the one beside this program unless given
    #[arg(long, value_name = "PATH")]
    pub orders_api: Option<PathBuf>,
}

impl Cli {
    /// The rows that were asked for.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        if self.rows.is_empty() { Row::ALL.to_vec() } else { self.rows.clone() }
    }

    /// The sizes of `--growth`, the smallest first.
    #[must_use]
    pub fn sizes(&self) -> Vec<u64> {
        let mut sizes = self.sizes.clone();
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    /// Whether a mode was asked for.
    #[must_use]
    pub fn has_mode(&self) -> bool {
        self.growth
            || self.contended
            || self.solid
            || self.bulk
            || self.overload
            || self.fresh
            || self.idle
    }

    /// How long one run takes.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(if self.quick { 1 } else { 5 }))
    }

    /// How often runs take turns.
    #[must_use]
    pub fn rounds(&self) -> u32 {
        self.rounds.unwrap_or(if self.quick { 2 } else { 3 })
    }
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
    fn rows_are_separated_by_commas() {
        let cli = Cli::try_parse_from(["orders-bench", "--rows", "get-one,refused"]).unwrap();
        assert_eq!(cli.rows(), [Row::GetOne, Row::Refused]);
        assert_eq!(Cli::try_parse_from(["orders-bench"]).unwrap().rows(), Row::ALL);
    }
}
