//! The command line: [`Cli`].

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Parser, value_parser};

use crate::workload::Workload;

/// Measures the orders service against what its PostgreSQL could do, on one machine.
///
/// Without a mode it prints the table of rows; `--quick` within two minutes.
#[derive(Debug, Clone, Parser)]
#[command(name = "orders-bench", version, max_term_width = 100)]
#[command(group = ArgGroup::new("compared").args(["feed", "single"]).multiple(true))]
pub(crate) struct Cli {
    /// Shorter runs, within two minutes for the table
    #[arg(long)]
    pub(crate) quick: bool,
    /// Mode: the rows with 10,000, 1,000,000 and 5,000,000 orders, as ratios to the first
    #[arg(long)]
    pub(crate) growth: bool,
    /// Mode: 32 clients on one time that moves on every 100 ms
    #[arg(long)]
    pub(crate) contended: bool,
    /// Mode: a calendar with 100,000 orders back to back against one with 100
    #[arg(long)]
    pub(crate) solid: bool,
    /// Mode: a million orders imported, listed and exported
    #[arg(long)]
    pub(crate) bulk: bool,
    /// Mode: one client that sends one request at a time, to the service of --before too
    #[arg(long, requires = "before")]
    pub(crate) single: bool,
    /// Mode: a client that sends few requests, beside 16 imports of others
    #[arg(long)]
    pub(crate) fair: bool,
    /// Mode: twice the load that the service can carry
    #[arg(long)]
    pub(crate) overload: bool,
    /// Mode: creates in a new, empty database for half a minute
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Mode: the feed of changes, what it costs and how soon it has a change
    #[arg(long)]
    pub(crate) feed: bool,
    /// Mode: everything at once at half of the highest rate, for so long: whether memory stays flat and nothing fails
    #[arg(long, value_name = "SECONDS", value_parser = value_parser!(u64).range(60..=86_400))]
    pub(crate) soak: Option<u64>,
    /// Mode: webhooks, how many changes a second one gets and what a hundred cost those who write
    #[arg(long)]
    pub(crate) webhooks: bool,
    /// Mode: memory at rest, and the time from the start to the first answer
    #[arg(long)]
    pub(crate) idle: bool,
    /// Which rows, separated by commas
    #[arg(long, value_enum, value_delimiter = ',')]
    rows: Vec<Workload>,
    /// How many orders: by default 100,000 for the table (half of it with --quick) and overload, a million for --bulk
    #[arg(long, value_parser = value_parser!(u64).range(1000..=5_000_000))]
    pub(crate) orders: Option<u64>,
    /// How many calendars they are in
    #[arg(long, default_value_t = 1000, value_parser = value_parser!(u64).range(1..=1000))]
    pub(crate) calendars: u64,
    /// How many connections load generator and pgbench have
    #[arg(long, default_value_t = 16, value_parser = value_parser!(u16).range(1..=256))]
    pub(crate) connections: u16,
    /// How many seconds one run takes
    #[arg(long, value_parser = value_parser!(u64).range(1..=60))]
    seconds: Option<u64>,
    /// How often service and ceiling take turns
    #[arg(long, value_parser = value_parser!(u32).range(1..=99))]
    rounds: Option<u32>,
    /// The sizes of --growth, the smallest first, separated by commas
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 1_000_000, 5_000_000])]
    pub(crate) sizes: Vec<u64>,
    /// Over how many calendars --growth has its orders, separated by commas; each is a table
    #[arg(long, value_delimiter = ',', default_values_t = [1000, 1])]
    pub(crate) layouts: Vec<u64>,
    /// Also write what was measured into docs/performance.md
    #[arg(long)]
    pub(crate) write: bool,
    /// The service program of another release: one before the feed for --feed, any for --single
    #[arg(long, value_name = "PATH", requires = "compared")]
    pub(crate) before: Option<PathBuf>,
    /// The service program; the one beside this program unless given
    #[arg(long, value_name = "PATH")]
    pub(crate) orders_api: Option<PathBuf>,
}

impl Cli {
    /// The rows that were asked for, or else these.
    pub(crate) fn rows(&self, default: &[Workload]) -> Vec<Workload> {
        if self.rows.is_empty() { default } else { &self.rows }.to_vec()
    }

    /// How long one run takes.
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(if self.quick { 1 } else { 5 }))
    }

    /// How often runs take turns.
    pub(crate) fn rounds(&self) -> u32 {
        self.rounds.unwrap_or(if self.quick { 2 } else { 3 })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn rows_are_separated_by_commas() {
        let cli = Cli::try_parse_from(["orders-bench", "--rows", "get-one,refused"]).unwrap();
        assert_eq!(cli.rows(&[]), [Workload::GetOne, Workload::Refused]);
        let cli = Cli::try_parse_from(["orders-bench"]).unwrap();
        assert_eq!(cli.rows(&[Workload::Create]), [Workload::Create]);
    }

    #[test]
    fn another_release_is_named_for_the_modes_that_compare_with_it() {
        let parses = |line: &str| Cli::try_parse_from(line.split(' ')).is_ok();
        assert!(
            parses("orders-bench --single --before x") && parses("orders-bench --feed --before x")
        );
        assert!(parses("orders-bench --feed"));
        assert!(!parses("orders-bench --single") && !parses("orders-bench --idle --before x"));
    }
}
