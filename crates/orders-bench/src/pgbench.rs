//! The ceiling: the service's statements, put straight to its database by pgbench.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::database::{Database, output};
use crate::dataset::Dataset;

/// How pgbench is run.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// The script.
    pub script: &'a str,
    /// How many connections.
    pub clients: usize,
    /// How many threads.
    pub threads: usize,
    /// How long.
    pub duration: Duration,
    /// The number of the first order that it creates or deletes.
    pub first: u64,
}

/// What pgbench did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ran {
    /// Transactions a second, without the time to connect.
    pub rate: f64,
    /// How many transactions.
    pub transactions: u64,
}

impl Run<'_> {
    /// Runs it to its end.
    ///
    /// # Errors
    /// When a statement fails.
    pub fn on(&self, database: &Database, dataset: &Dataset) -> Result<Ran> {
        let script = tempfile::NamedTempFile::new()?;
        std::fs::write(script.path(), self.script)?;
        let mut pgbench = database.program("pgbench");
        pgbench.args(["-n", "-M", "prepared", "-c", &self.clients.to_string()]);
        pgbench.args(["-j", &self.threads.min(self.clients).to_string()]);
        pgbench.args(["-T", &self.duration.as_secs().max(1).to_string(), "-f"]).arg(script.path());
        for (name, value) in self.variables(dataset) {
            pgbench.arg("-D").arg(format!("{name}={value}"));
        }
        let text = output(pgbench.arg(&database.url))?;
        parse(&text).with_context(|| format!("pgbench printed no figures: {text}"))
    }

    fn variables(&self, dataset: &Dataset) -> [(&'static str, String); 16] {
        [
            ("orders", dataset.orders.to_string()),
            ("calendars", dataset.calendars.to_string()),
            ("a_day", dataset.a_day().to_string()),
            ("step", dataset.step().to_string()),
            ("months", dataset.months().to_string()),
            ("first_free_day", dataset.first_free_day().0.to_string()),
            ("first", self.first.to_string()),
            ("clients", self.clients.to_string()),
            ("n", "-1".to_owned()),
            ("one", "1".to_owned()),
            ("sixteen", "16".to_owned()),
            ("hundred_and_one", "101".to_owned()),
            ("end", "infinity".to_owned()),
            ("gap", "03:00:00".to_owned()),
            ("totalfee", "99.95".to_owned()),
            ("services", "{1,2}".to_owned()),
        ]
    }
}

fn parse(text: &str) -> Option<Ran> {
    let after = |label| text.lines().find_map(|line| line.trim_start().strip_prefix(label));
    let transactions = after("number of transactions actually processed: ")?;
    let transactions = transactions.split('/').next()?.trim().parse().ok()?;
    let rate = after("tps = ")?.split_whitespace().next()?.parse().ok()?;
    Some(Ran { rate, transactions })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_are_found() {
        let text = "pgbench (15.14)\ntransaction type: get_one.sql\nquery mode: prepared\n\
            number of transactions actually processed: 139893\n\
            number of failed transactions: 0 (0.000%)\n\
            latency average = 0.114 ms\ninitial connection time = 6.341 ms\n\
            tps = 70123.456789 (without initial connection time)\n";
        assert_eq!(parse(text), Some(Ran { rate: 70123.456789, transactions: 139_893 }));
        assert_eq!(parse("nothing"), None);
    }
}
