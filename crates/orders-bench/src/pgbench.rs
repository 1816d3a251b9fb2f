//! The ceiling: the service's statements, put straight to its database by pgbench.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::dataset::{Dataset, Expression};
use crate::postgres::{Database, output};
use crate::recording::{Argument, Statement};
use crate::statistics::millis;
use crate::workload::{Source, Workload};

/// How many threads pgbench has at most.
const THREADS: usize = 2;

/// What pgbench did.
#[derive(Debug)]
pub(crate) struct Ceiling {
    /// Transactions a second, without the time to connect.
    pub(crate) rate: f64,
    pub(crate) transactions: u64,
    /// How many milliseconds each took since it was due; only if they were due at a rate.
    pub(crate) latencies: Vec<f64>,
}

/// Runs a script with so many connections, for so long. Its transactions are due at a rate, or as soon as the last is done.
pub(crate) fn run(
    database: &Database,
    script: &Script,
    duration: Duration,
    rate: Option<f64>,
) -> Result<Ceiling> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("script.sql");
    std::fs::write(&file, &script.text)?;
    let mut pgbench = database.pgbench();
    pgbench.args(["-n", "-M", "prepared", "-c", &script.clients.to_string()]);
    pgbench.args(["-j", &THREADS.min(script.clients).to_string()]);
    pgbench.args(["-T", &duration.as_secs().max(1).to_string(), "-f"]).arg(file);
    for (name, value) in &script.constants {
        pgbench.arg("-D").arg(format!("{name}={value}"));
    }
    if let Some(rate) = rate {
        pgbench.arg("-R").arg(rate.to_string()).arg("-l");
        pgbench.arg(format!("--log-prefix={}/log", directory.path().display()));
    }
    let text = output(pgbench.arg(database.url()))?;
    let (rate, transactions) =
        parse(&text).with_context(|| format!("pgbench printed no figures: {text}"))?;
    Ok(Ceiling { rate, transactions, latencies: latencies(directory.path(), duration / 10)? })
}

/// A script for pgbench that draws a workload's values and sends its statements.
#[derive(Debug)]
pub(crate) struct Script {
    text: String,
    /// Variables that keep their values.
    constants: Vec<(String, String)>,
    /// How many connections run it.
    clients: usize,
}

impl Script {
    /// The script of a workload; consecutive numbers begin with `first`.
    pub(crate) fn new(
        workload: Workload,
        dataset: &Dataset,
        statements: &[Statement],
        clients: usize,
        first: u64,
    ) -> Self {
        let constants = [("n", "-1".to_owned()), ("first", first.to_string())];
        let constants = constants.map(|(name, value)| (name.to_owned(), value)).into();
        let mut script = Self { text: String::new(), constants, clients };
        for (name, value) in workload.values(dataset, &mut script) {
            script.line(format_args!("\\set {name} {}", value.into_number()));
        }
        for statement in statements {
            let text = script.with_variables(statement);
            script.line(format_args!("{text};"));
        }
        script
    }

    /// The text of a statement with variables in the place of its parameters.
    fn with_variables(&mut self, statement: &Statement) -> String {
        let mut text = statement.text.clone();
        for (index, parameter) in statement.parameters.iter().enumerate().rev() {
            let value = self.value(&parameter.argument);
            let name = format!("${}", index + 1);
            text = text.replace(&name, &format!("{value}::{}", parameter.sql_type));
        }
        text
    }

    fn value(&mut self, argument: &Argument) -> String {
        match argument {
            Argument::Variable(name) => format!(":{name}"),
            Argument::Null => "NULL".to_owned(),
            // No variable can be empty.
            Argument::Constant(value) if value.is_empty() => "''".to_owned(),
            Argument::Constant(value) => {
                let name = format!("constant{}", self.constants.len());
                self.constants.push((name.clone(), value.clone()));
                format!(":{name}")
            }
            Argument::Array(elements) => {
                let values: Vec<_> = elements.iter().map(|element| self.value(element)).collect();
                format!("ARRAY[{}]", values.join(", "))
            }
        }
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{line}");
    }
}

impl Source for Script {
    type Number = Expression;

    fn random(&mut self, below: u64) -> Expression {
        let name = format!("random{}", self.text.len());
        self.line(format_args!("\\set {name} random(0, {})", below - 1));
        Expression(format!(":{name}"))
    }

    fn next_number(&mut self) -> Expression {
        self.line(format_args!("\\set n :n + 1"));
        Expression(format!("(:first + :client_id + {} * :n)", self.clients))
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
fn latencies(directory: &Path, warming: Duration) -> Result<Vec<f64>> {
    let mut logged = Vec::new();
    for file in std::fs::read_dir(directory)? {
        let file = file?;
        if !file.file_name().to_string_lossy().starts_with("log.") {
            continue;
        }
        for line in std::fs::read_to_string(file.path())?.lines() {
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
    Ok(warm.map(|(_, latency)| millis(latency)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Parameter;

    #[test]
    fn a_script_draws_values_and_sends_statements() {
        let parameter =
            |sql_type: &str, argument| Parameter { sql_type: sql_type.to_owned(), argument };
        let statement = Statement {
            text: "SELECT $1, $2, $3, $4".to_owned(),
            parameters: vec![
                parameter("text", Argument::Variable("id")),
                parameter("interval", Argument::Constant("03:00:00".to_owned())),
                parameter("bigint[]", Argument::Null),
                parameter("text[]", Argument::Array(vec![Argument::Variable("id")])),
            ],
        };
        let dataset = Dataset { orders: 100, calendars: 10 };
        let script = Script::new(Workload::Delete, &dataset, &[statement], 4, 7);
        assert_eq!(
            script.text,
            "\\set n :n + 1\n\\set id ((:first + :client_id + 4 * :n) + 2000000000)\n\
             SELECT :id::text, :constant2::interval, NULL::bigint[], ARRAY[:id]::text[];\n"
        );
        let constants = [("n", "-1"), ("first", "7"), ("constant2", "03:00:00")];
        assert_eq!(script.constants, constants.map(|(name, value)| (name.into(), value.into())));
    }

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
        let write = |name, text| std::fs::write(logs.path().join(name), text).unwrap();
        write("log.7", "0 1 9000 0 16 5 30\n0 2 1500 0 17 5 30\n");
        write("log.7.1", "1 1 2500 0 17 6 0\n");
        write("script.sql", "SELECT 1;\n");
        let mut latencies = latencies(logs.path(), Duration::from_secs(1)).unwrap();
        latencies.sort_by(f64::total_cmp);
        assert_eq!(latencies, [1.5, 2.5]);
    }
}
