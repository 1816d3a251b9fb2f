//! The table: each row against its ceiling.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::bench::Bench;
use crate::cli::Cli;
use crate::database::Server;
use crate::dataset::{Dataset, FIRST_NEW_ID};
use crate::generator::Sample;
use crate::modes::Section;
use crate::row::{Row, new_order};
use crate::samples::{Latencies, median};
use crate::schedule::Phase;
use crate::table::{Table, figure};
use crate::transfer;
use crate::usage::MachineTime;

/// How many clients of pgbench an import is compared with.
const IMPORT_CLIENTS: usize = 8;

/// What was measured of a row.
#[derive(Debug, Default)]
struct Measured {
    rates: Vec<f64>,
    ceilings: Vec<f64>,
    /// At half the rate, of each run.
    latencies: Vec<Latencies>,
    /// Those of the ceiling at the same rate.
    ceiling_latencies: Vec<Latencies>,
    /// The share of the processors' time that the host gave to others meanwhile, in percent.
    stolen: Vec<f64>,
    /// How many answers were not the row's at half the rate, and one of them.
    odd: Option<(usize, Sample)>,
    requests: u64,
    cpu_seconds: f64,
    peak: f64,
}

/// Measures the rows that were asked for.
///
/// # Errors
/// When service or database do not start.
pub fn run(cli: &Cli, program: &Path) -> Result<Section> {
    let server = Server::start()?;
    let dataset = Dataset {
        orders: cli.orders.unwrap_or(if cli.quick { 50_000 } else { 100_000 }),
        calendars: cli.calendars,
    };
    let (connections, threads) = (cli.connections.into(), cli.threads.into());
    let mut bench = Bench::start(program, server.database(), dataset, connections, threads)?;
    let mut table = Table::new(&[
        "row",
        "requests/s",
        "pgbench/s",
        "ratio",
        "p50 ms",
        "p99 ms",
        "p99.9 ms",
        "stolen %",
        "pgbench p99",
        "CPU s / 10,000",
        "peak MiB",
    ]);
    let mut failures = Vec::new();
    let (mut creations, mut refusals) = (None, None);
    for row in cli.rows() {
        match measure(&mut bench, cli, row) {
            Ok(measured) => {
                table.row(cells(row, &measured));
                failures.extend(shortfalls(row, &measured));
                match row {
                    Row::Create => creations = Some(median(&measured.rates)),
                    Row::Refused => refusals = Some(median(&measured.rates)),
                    _ => {}
                }
            }
            Err(error) => failures.push(format!("{}: {error:#}", row.name())),
        }
        bench.sweep(row)?;
    }
    if let (Some(creations), Some(refusals)) = (creations, refusals)
        && refusals < creations
    {
        let (creations, refusals) = (figure(creations), figure(refusals));
        failures.push(format!("{creations} are created a second, and only {refusals} refused"));
    }
    let text = format!(
        "{} orders in {} calendars; {connections} connections each; {} runs of {} s each, alternating; \
         medians. Latencies at half the rate, sent when they are due, in as many runs.\n\n{table}",
        figure(dataset.orders as f64),
        dataset.calendars,
        cli.rounds(),
        cli.duration().as_secs(),
    );
    Ok(Section { name: "table", text, failures })
}

fn measure(bench: &mut Bench, cli: &Cli, row: Row) -> Result<Measured> {
    let mut measured = Measured::default();
    let process = bench.service.process();
    let _ = process.forget_peak();
    match row {
        Row::Export => export(bench, cli, &mut measured)?,
        Row::Import => import(bench, cli, &mut measured)?,
        _ => requests(bench, cli, row, &mut measured)?,
    }
    measured.peak = process.peak_memory()?;
    Ok(measured)
}

fn requests(bench: &mut Bench, cli: &Cli, row: Row, measured: &mut Measured) -> Result<()> {
    bench.probe(row)?;
    if !cli.quick {
        bench.load(row, Duration::from_secs(1))?;
    }
    let process = bench.service.process();
    for _ in 0..cli.rounds() {
        let before = process.cpu_seconds()?;
        let rate = bench.load(row, cli.duration())?;
        measured.cpu_seconds += process.cpu_seconds()? - before;
        measured.requests += (rate * cli.duration().as_secs_f64()) as u64;
        measured.rates.push(rate);
        let ceiling = bench.ceiling(row, bench.connections(), cli.duration(), None)?;
        measured.ceilings.push(ceiling.rate);
        bench.sweep(row)?;
    }
    let half = median(&measured.rates) / 2.0;
    for _ in 0..cli.rounds() {
        let ceiling = bench.ceiling(row, bench.connections(), cli.duration(), Some(half))?;
        measured.ceiling_latencies.push(ceiling.latencies);
        bench.sweep(row)?;
        arrivals(bench, row, Phase { rate: half, duration: cli.duration() }, measured)?;
        bench.sweep(row)?;
    }
    Ok(())
}

fn arrivals(bench: &mut Bench, row: Row, phase: Phase, measured: &mut Measured) -> Result<()> {
    let before = MachineTime::now()?;
    let samples = bench.arrive(row, vec![phase])?;
    measured.stolen.push(MachineTime::now()?.stolen_since(before));
    let mut odd = samples.iter().filter(|sample| sample.status != row.status());
    if let Some(first) = odd.next() {
        let (count, _) = measured.odd.unwrap_or((0, *first));
        measured.odd = Some((count + 1 + odd.count(), *first));
    }
    // The first requests open connections.
    let warm = samples.iter().filter(|sample| sample.due * 10 > phase.duration);
    measured.latencies.push(warm.map(|sample| sample.latency).collect());
    Ok(())
}

fn export(bench: &mut Bench, cli: &Cli, measured: &mut Measured) -> Result<()> {
    let process = bench.service.process();
    for _ in 0..cli.rounds() {
        let before = process.cpu_seconds()?;
        let exported = transfer::export(bench.service.address(), "/orders")?;
        measured.cpu_seconds += process.cpu_seconds()? - before;
        measured.requests += exported.orders;
        ensure!(exported.orders == bench.dataset.orders, "{} orders exported", exported.orders);
        measured.rates.push(exported.rate());
        let began = std::time::Instant::now();
        let copied = bench.database.copy_out(Row::Export.script())?;
        measured.ceilings.push(copied.count as f64 / began.elapsed().as_secs_f64());
    }
    Ok(())
}

fn import(bench: &mut Bench, cli: &Cli, measured: &mut Measured) -> Result<()> {
    let process = bench.service.process();
    let count = 10_000 * cli.duration().as_secs();
    let dataset = bench.dataset;
    for _ in 0..cli.rounds() {
        bench.sweep(Row::Import)?;
        let before = process.cpu_seconds()?;
        let imported =
            transfer::import(bench.service.address(), count, |number| new_order(&dataset, number))?;
        measured.cpu_seconds += process.cpu_seconds()? - before;
        measured.requests += imported.orders;
        measured.rates.push(imported.rate());
        let there =
            format!("SELECT count(*) FROM orders WHERE id >= '{FIRST_NEW_ID}' AND id < '2'");
        let there: u64 = bench.database.sql(&there, &[])?.trim().parse()?;
        ensure!(there == count, "{there} of {count} imported orders are there");
        bench.sweep(Row::Import)?;
        let ceiling = bench.ceiling(Row::Import, IMPORT_CLIENTS, cli.duration(), None)?;
        measured.ceilings.push(ceiling.rate);
    }
    Ok(())
}

/// What is not as it should be.
fn shortfalls(row: Row, measured: &Measured) -> Vec<String> {
    let mut found = Vec::new();
    let (rate, ceiling) = (median(&measured.rates), median(&measured.ceilings));
    if let Some(least) = row.least_ratio()
        && rate / ceiling < least
    {
        let (ratio, least) = (figure(rate / ceiling), figure(least));
        found.push(format!("{ratio} of the ceiling, not {least}"));
    }
    let p99 = percentile(&measured.latencies, 99.0);
    if let Some(most) = row.most_p99()
        && p99 > most
    {
        let ceiling = figure(percentile(&measured.ceiling_latencies, 99.0));
        found.push(format!("p99 is {} ms, not {most} (pgbench alone: {ceiling})", figure(p99)));
    }
    if let Some((count, odd)) = measured.odd {
        found.push(format!("at half the rate {count} other answers, as {odd:?}"));
    }
    found.into_iter().map(|what| format!("{}: {what}", row.name())).collect()
}

fn cells(row: Row, measured: &Measured) -> Vec<String> {
    let (rate, ceiling) = (median(&measured.rates), median(&measured.ceilings));
    let latency = |latencies, percent| figure(percentile(latencies, percent));
    vec![
        row.name().to_owned(),
        figure(rate),
        figure(ceiling),
        figure(rate / ceiling),
        latency(&measured.latencies, 50.0),
        latency(&measured.latencies, 99.0),
        latency(&measured.latencies, 99.9),
        figure(median(&measured.stolen)),
        latency(&measured.ceiling_latencies, 99.0),
        figure(measured.cpu_seconds / measured.requests as f64 * 10_000.0),
        figure(measured.peak),
    ]
}

/// The median of what the runs say; not a number when there were none.
fn percentile(runs: &[Latencies], percent: f64) -> f64 {
    let percentiles: Vec<_> = runs.iter().map(|run| run.percentile(percent)).collect();
    median(&percentiles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_misses_a_bound_falls_short() {
        let measured = |rate, p99| Measured {
            rates: vec![rate],
            ceilings: vec![1000.0],
            latencies: vec![[Duration::from_millis(p99)].into_iter().collect()],
            ..Measured::default()
        };
        let count = |row, rate, p99| shortfalls(row, &measured(rate, p99)).len();
        assert_eq!(count(Row::GetOne, 400.0, 3), 0);
        assert_eq!(count(Row::GetOne, 399.0, 4), 2);
        assert_eq!(count(Row::Create, 500.0, 15), 0);
        assert_eq!(count(Row::Create, 499.0, 16), 2);
        assert_eq!(count(Row::Export, 332.0, 99), 1);
        assert_eq!(count(Row::Delete, 1.0, 99), 0);
    }
}
