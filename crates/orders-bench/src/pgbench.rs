//! The ceiling: the service's statements, put straight to its database by pgbench.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::database::{Database, output};
use crate::dataset::Dataset;
use crate::samples::Latencies;

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
    /// How many transactions are due a second; none is as many as there can be.
    pub rate: Option<f64>,
    /// The number of the first order that it creates or deletes.
    pub first: u64,
}

/// What pgbench did.
#[derive(Debug, Clone, PartialEq)]
pub struct Ran {
    /// Transactions a second, without the time to connect.
    pub rate: f64,
    /// How many transactions.
    pub transactions: u64,
    /// How long each took since it was due; only of those that were due at a rate.
    pub latencies: Latencies,
}

impl Run<'_> {
    /// Runs it to its end.
    ///
    /// # Errors
    /// When a statement fails.
    pub fn on(&self, database: &Database, dataset: &Dataset) -> Result<Ran> {
        let script = tempfile::NamedTempFile::new()?;
        std::fs::write(script.path(), self.script)?;
        let mut pgbench = database.pgbench();
        pgbench.args(["-n", "-M", "prepared", "-c", &self.clients.to_string()]);
        pgbench.args(["-j", &self.threads.min(self.clients).to_string()]);
        pgbench.args(["-T", &self.duration.as_secs().max(1).to_string(), "-f"]).arg(script.path());
        for (name, value) in self.variables(dataset) {
            pgbench.arg("-D").arg(format!("{name}={value}"));
        }
        let logs = tempfile::tempdir()?;
        if let Some(rate) = self.rate {
            pgbench.arg("-R").arg(rate.to_string()).arg("-l");
            pgbench.arg(format!("--log-prefix={}/log", logs.path().display()));
        }
        let text = output(pgbench.arg(&database.url))?;
        let (rate, transactions) =
            parse(&text).with_context(|| format!("pgbench printed no figures: {text}"))?;
        Ok(Ran { rate, transactions, latencies: latencies(logs.path(), self.duration / 10)? })
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

/// The rate and the number of the transactions.
fn parse(text: &str) -> Option<(f64, u64)> {
    let after = |label| text.lines().find_map(|line| line.trim_start().strip_prefix(label));
    let transactions = after("number of transactions actually processed: ")?;
    let transactions = transactions.split('/').next()?.trim().parse().ok()?;
    let rate = after("tps = ")?.split_whitespace().next()?.parse().ok()?;
    Some((rate, transactions))
}

/// What pgbench's threads logged, without the time in which they warmed up: a line for each transaction, its third
/// field the microseconds since it was due, its fifth and sixth when it ended.
fn latencies(logs: &Path, warming: Duration) -> Result<Latencies> {
    let mut logged = Vec::new();
    for log in std::fs::read_dir(logs)? {
        for line in std::fs::read_to_string(log?.path())?.lines() {
            let fields: Vec<u64> = line.split(' ').map_while(|field| field.parse().ok()).collect();
            let [_, _, latency, _, seconds, micros, ..] = fields[..] else {
                bail!("pgbench logged {line:?}");
            };
            let ended = Duration::from_secs(seconds) + Duration::from_micros(micros);
            logged.push((ended, Duration::from_micros(latency)));
        }
    }
    let first = logged.iter().map(|(ended, _)| *ended).min().unwrap_or_default();
    let warm = logged.into_iter().filter(|(ended, _)| *ended >= first + warming);
    Ok(warm.map(|(_, latency)| latency).collect())
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
        assert_eq!(parse(text), Some((70123.456789, 139_893)));
        assert_eq!(parse("nothing"), None);
    }

    #[test]
    fn the_logs_of_all_threads_are_read_from_when_they_are_warm() {
        let logs = tempfile::tempdir().unwrap();
        std::fs::write(logs.path().join("log.7"), "0 1 9000 0 16 5 30\n0 2 1500 0 17 5 30\n")
            .unwrap();
        std::fs::write(logs.path().join("log.7.1"), "1 1 2500 0 17 6 0\n").unwrap();
        let latencies = latencies(logs.path(), Duration::from_secs(1)).unwrap();
        assert_eq!([50.0, 99.0].map(|percent| latencies.percentile(percent)), [1.5, 2.5]);
    }
}
