//! Twice the load that the service can carry: what it serves, what it refuses, and how soon it is well again.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::bench::Bench;
use crate::cli::Cli;
use crate::database::Server;
use crate::dataset::Dataset;
use crate::generator::Sample;
use crate::modes::Section;
use crate::row::Row;
use crate::samples::Latencies;
use crate::schedule::Phase;
use crate::table::{Table, figure};

/// How long the load is half of what can be carried, before and after.
const CALM: Duration = Duration::from_secs(5);

/// How finely the recovery is measured.
const WINDOW: Duration = Duration::from_millis(100);

/// A window is well when its p99 is within so many times the p99 before, or within [`WELL`].
const WELL_RATIO: f64 = 2.0;

/// In milliseconds; see [`WELL_RATIO`].
const WELL: f64 = 10.0;

/// The longest p99 of those that are served and of those that are refused, and the longest recovery.
const MOST_SERVED: f64 = 500.0;
const MOST_REFUSED: f64 = 100.0;
const MOST_RECOVERY: Duration = Duration::from_secs(1);

/// The least share of the most that the service can carry which it still serves, next to a busy generator.
const LEAST_SERVED: f64 = 0.5;

/// Overloads the service with reads, with creations and with lists.
///
/// # Errors
/// When service or database do not work.
pub fn run(cli: &Cli, program: &Path) -> Result<Section> {
    let server = Server::start()?;
    let dataset = Dataset { orders: cli.orders.unwrap_or(100_000), calendars: cli.calendars };
    let (connections, threads) = (cli.connections.into(), cli.threads.into());
    let mut bench = Bench::start(program, server.database(), dataset, connections, threads)?;
    let long = Duration::from_secs(if cli.quick { 4 } else { 10 });
    let mut table = Table::new(&[
        "row",
        "most/s",
        "offered/s",
        "served/s",
        "refused/s (503)",
        "other",
        "p99 before, ms",
        "p99 served, ms",
        "p99 refused, ms",
        "p99 sent late, ms",
        "recovery, ms",
        "peak MiB",
    ]);
    let rows =
        if cli.rows.is_empty() { vec![Row::GetOne, Row::Create, Row::List] } else { cli.rows() };
    let mut failures = Vec::new();
    for row in rows {
        bench.probe(row)?;
        bench.load(row, Duration::from_secs(1))?;
        let most = bench.load(row, cli.duration())?;
        bench.sweep(row)?;
        let process = bench.service.process();
        let _ = process.forget_peak();
        let phases = [(0.5, CALM), (2.0, long), (0.5, CALM)];
        let phases = phases.map(|(share, duration)| Phase { rate: most * share, duration });
        let samples = bench.arrive(row, phases.to_vec())?;
        let seen = Seen::of(&samples, row.status(), CALM, CALM + long);
        table.row([
            row.name().to_owned(),
            figure(most),
            figure(2.0 * most),
            figure(seen.served.len() as f64 / long.as_secs_f64()),
            figure(seen.refused.len() as f64 / long.as_secs_f64()),
            seen.other.to_string(),
            figure(seen.before.percentile(99.0)),
            figure(seen.served.percentile(99.0)),
            figure(seen.refused.percentile(99.0)),
            figure(seen.late.percentile(99.0)),
            figure(seen.recovery.as_secs_f64() * 1e3),
            figure(process.peak_memory()?),
        ]);
        let served = seen.served.len() as f64 / long.as_secs_f64() / most;
        // A generator of that many reads is itself too slow, and measures itself.
        if row != Row::GetOne {
            let found = seen.shortfalls(served);
            failures.extend(found.into_iter().map(|what| format!("{}: {what}", row.name())));
        }
        bench.sweep(row)?;
    }
    let text = format!(
        "{} s at twice the most that the service answered a closed loop of {connections} connections; \
         before and after at half of it. Requests are sent when they are due, on up to 8,000 connections, by a \
         process on the same cores.\n\n{table}",
        long.as_secs()
    );
    Ok(Section { name: "overload", text, failures })
}

/// What became of the requests.
struct Seen {
    before: Latencies,
    served: Latencies,
    refused: Latencies,
    /// How long after they were due requests were sent: what the generator itself could not do.
    late: Latencies,
    /// How many answers were neither.
    other: usize,
    /// From the end of the overload to the last window that was not well.
    recovery: Duration,
}

impl Seen {
    fn of(samples: &[Sample], good: u16, from: Duration, to: Duration) -> Self {
        let of = |low: Duration, high: Duration, status: u16| -> Latencies {
            let within =
                samples.iter().filter(|one| (low..high).contains(&one.due) && one.status == status);
            within.map(|one| one.latency).collect()
        };
        let before = of(from / 4, from, good);
        let bound = WELL.max(before.percentile(99.0) * WELL_RATIO);
        let mut windows: Vec<Vec<Sample>> = Vec::new();
        for sample in samples.iter().filter(|sample| sample.due >= to) {
            let window = ((sample.due - to).as_nanos() / WINDOW.as_nanos()) as usize;
            windows.resize(windows.len().max(window + 1), Vec::new());
            windows[window].push(*sample);
        }
        let ill = |window: &Vec<Sample>| {
            let latencies: Latencies = window.iter().map(|sample| sample.latency).collect();
            window.iter().any(|sample| sample.status != good) || latencies.percentile(99.0) > bound
        };
        let ill_windows = windows.iter().rposition(ill).map_or(0, |last| last + 1);
        Self {
            served: of(from, to, good),
            refused: of(from, to, 503),
            late: (samples.iter().filter(|one| (from..to).contains(&one.due)).map(|one| one.late))
                .collect(),
            other: samples.iter().filter(|one| one.status != good && one.status != 503).count(),
            recovery: WINDOW * u32::try_from(ill_windows).unwrap_or(u32::MAX),
            before,
        }
    }

    /// What is not as it should be; `share` is how much of the most is served.
    fn shortfalls(&self, share: f64) -> Vec<String> {
        let bounds = [
            ("p99 of the served, ms", self.served.percentile(99.0), MOST_SERVED),
            ("p99 of the refused, ms", self.refused.percentile(99.0), MOST_REFUSED),
            ("recovery, ms", self.recovery.as_secs_f64() * 1e3, MOST_RECOVERY.as_secs_f64() * 1e3),
            ("answers that are neither", self.other as f64, 0.0),
        ];
        let exceeded = bounds.into_iter().filter(|(_, seen, most)| seen > most);
        let mut found: Vec<_> = exceeded
            .map(|(what, seen, most)| format!("{what}: {}, not {most}", figure(seen)))
            .collect();
        if share < LEAST_SERVED {
            found.push(format!("serves {} of the most, not {LEAST_SERVED}", figure(share)));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_ends_with_the_last_window_that_is_not_well() {
        let at = |millis, latency, status| Sample {
            due: Duration::from_millis(millis),
            late: Duration::ZERO,
            latency: Duration::from_millis(latency),
            status,
        };
        let samples = [
            at(500, 1, 200),
            at(1100, 900, 200),
            at(1200, 1, 503),
            at(1300, 1, 0),
            at(2010, 50, 200),
            at(2110, 1, 200),
            at(2210, 1, 503),
            at(2310, 9, 200),
        ];
        let seen = Seen::of(&samples, 200, Duration::from_secs(1), Duration::from_secs(2));
        assert_eq!(
            (seen.before.len(), seen.served.len(), seen.refused.len(), seen.other),
            (1, 1, 1, 1)
        );
        assert_eq!(seen.served.worst(), 900.0);
        assert_eq!(seen.recovery, Duration::from_millis(300));
        let served = "p99 of the served, ms: 900, not 500";
        let other = "answers that are neither: 1.00, not 0";
        assert_eq!(seen.shortfalls(0.5), [served, other]);
        assert_eq!(seen.shortfalls(0.4).last().unwrap(), "serves 0.40 of the most, not 0.5");
    }
}
