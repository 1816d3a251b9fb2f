//! The table: each workload against its ceiling.

use super::*;
use crate::procfs::MachineTime;
use crate::recording::{Recording, record};
use crate::workload::MANY_CONNECTIONS;

const PERCENTILES: [f64; 3] = [50.0, 99.0, 99.9];

/// A workload, over so many connections.
#[derive(Debug, Clone)]
struct Row {
    workload: Workload,
    connections: u16,
    title: String,
    min_ratio: f64,
    /// Whether latencies are measured too. They do not depend on the connections, because they are those of an open loop.
    has_latencies: bool,
}

impl Row {
    /// The rows of a workload, the first over so many connections.
    fn all_of(workload: Workload, connections: u16) -> Vec<Self> {
        let spec = workload.spec();
        let title = spec.title.to_owned();
        let first =
            Self { workload, connections, title, min_ratio: spec.min_ratio, has_latencies: true };
        let many = spec.min_ratio_of_many.map(|min_ratio| Self {
            connections: MANY_CONNECTIONS,
            title: format!("{}, {MANY_CONNECTIONS} connections", spec.title),
            min_ratio,
            has_latencies: false,
            ..first.clone()
        });
        [first].into_iter().chain(many).collect()
    }
}

/// What was measured of a row: one value of each run.
#[derive(Debug, Default)]
struct Measured {
    rates: Vec<f64>,
    ceilings: Vec<f64>,
    /// At half the rate, in milliseconds: [`PERCENTILES`].
    latencies: [Vec<f64>; 3],
    /// The p99 of the ceiling at the same rate.
    ceiling_p99: Vec<f64>,
    /// The share of the processors' time that the host gave to others meanwhile, in percent.
    stolen: Vec<f64>,
    /// The other statuses of answers at half the rate.
    unexpected: Vec<u16>,
    requests: u64,
    cpu_seconds: f64,
    peak: f64,
}

/// Measures the workloads that were asked for.
pub(super) fn run(cli: &Cli, program: &Path) -> Result<Section> {
    let workloads = cli.rows(Workload::value_variants());
    let recording = record(program, &workloads)?;
    let orders = cli.orders.unwrap_or(if cli.quick { 50_000 } else { 100_000 });
    let dataset = Dataset { orders, calendars: cli.calendars };
    let mut bench = Bench::start(program, Database::start(&[])?, dataset, cli.connections)?;
    let mut section = Section::new("table");
    let mut table = Table::new(
        "row | requests/s | pgbench/s | ratio | p50 ms | p99 ms | p99.9 ms | stolen % | pgbench p99 | CPU s / 10,000 | peak MiB",
    );
    let mut create_rate = f64::NAN;
    let rows = workloads.into_iter().flat_map(|workload| Row::all_of(workload, cli.connections));
    for row in rows {
        match measure(&mut bench, cli, &recording, &row) {
            Ok(measured) => {
                table.row(&row.title, &figures(&measured));
                check(&mut section, &row, &measured);
                let rate = median(&measured.rates);
                match row.workload {
                    Workload::Create if row.has_latencies => create_rate = rate,
                    Workload::Refused => {
                        section.at_least("refused, of what is created", rate, create_rate);
                    }
                    _ => {}
                }
            }
            Err(error) => section.missed.push(format!("{}: {error:#}", row.title)),
        }
        bench.reset(row.workload)?;
    }
    section.text = format!(
        "{} orders in {} calendars; {} connections each, unless the row says otherwise; {} runs of {} s each, \
         alternating; medians. Latencies at half the rate, sent when they are due, in as many runs.\n\n{table}",
        figure(orders as f64),
        cli.calendars,
        cli.connections,
        cli.rounds(),
        cli.duration().as_secs(),
    );
    Ok(section)
}

fn measure(bench: &mut Bench, cli: &Cli, recording: &Recording, row: &Row) -> Result<Measured> {
    let mut measured = Measured::default();
    let (process, duration, workload) = (bench.process(), cli.duration(), row.workload);
    bench.connections = row.connections;
    process.reset_peak();
    bench.bulk = if workload == Workload::Import {
        10_000 * duration.as_secs()
    } else {
        bench.dataset.orders
    };
    if !workload.is_bulk() {
        bench.probe(workload)?;
        if !cli.quick {
            bench.throughput(workload, Duration::from_secs(1))?;
        }
    }
    for _ in 0..cli.rounds() {
        bench.reset(workload)?;
        let cpu_seconds = process.cpu_seconds()?;
        let throughput = bench.throughput(workload, duration)?;
        measured.cpu_seconds += process.cpu_seconds()? - cpu_seconds;
        measured.requests += throughput.count;
        measured.rates.push(throughput.rate());
        bench.reset(workload)?;
        measured.ceilings.push(bench.ceiling(recording, workload, duration, None)?.rate);
    }
    if !workload.is_bulk() && row.has_latencies {
        let rate = median(&measured.rates) / 2.0;
        // A hint why a bound is missed, which takes as long as the rest.
        let has_hint = !cli.quick || workload.spec().max_p99.is_finite();
        for _ in 0..cli.rounds() {
            if has_hint {
                bench.reset(workload)?;
                let ceiling = bench.ceiling(recording, workload, duration, Some(rate))?;
                measured.ceiling_p99.push(percentile(&ceiling.latencies, 99.0));
            }
            bench.reset(workload)?;
            measure_latencies(bench, workload, Phase { rate, duration }, &mut measured)?;
        }
    }
    measured.peak = process.peak_memory()?;
    Ok(measured)
}

fn measure_latencies(
    bench: &mut Bench,
    workload: Workload,
    phase: Phase,
    measured: &mut Measured,
) -> Result<()> {
    let before = MachineTime::now()?;
    let samples = bench.open_loop(workload, &[phase])?;
    measured.stolen.push(MachineTime::now()?.stolen_since(before));
    let status = workload.spec().status;
    measured.unexpected.extend(samples.iter().map(|one| one.status).filter(|one| *one != status));
    // The first requests open connections.
    let warm = samples.iter().filter(|sample| sample.due * 10 > phase.duration);
    let latencies: Vec<_> = warm.map(|sample| millis(sample.latency)).collect();
    for (values, percent) in measured.latencies.iter_mut().zip(PERCENTILES) {
        values.push(percentile(&latencies, percent));
    }
    Ok(())
}

/// Checks the bounds of a row.
fn check(section: &mut Section, row: &Row, measured: &Measured) {
    let (title, max_p99) = (&row.title, row.workload.spec().max_p99);
    let [_, _, ratio, _, p99, .., ceiling_p99, _, _] = figures(measured);
    section.at_least(format_args!("{title}: ratio"), ratio, row.min_ratio);
    let what = format!("{title}: p99, ms (pgbench alone: {})", figure(ceiling_p99));
    section.at_most(what, p99, max_p99);
    if let Some(status) = measured.unexpected.first() {
        let count = measured.unexpected.len();
        let what = format!("{title}: {count} other answers at half the rate, as {status}");
        section.missed.push(what);
    }
}

/// The figures of a row, as they stand in the table.
fn figures(measured: &Measured) -> [f64; 10] {
    let (rate, ceiling) = (median(&measured.rates), median(&measured.ceilings));
    let [p50, p99, p999] = measured.latencies.each_ref().map(|values| median(values));
    [
        rate,
        ceiling,
        rate / ceiling,
        p50,
        p99,
        p999,
        median(&measured.stolen),
        median(&measured.ceiling_p99),
        measured.cpu_seconds / measured.requests as f64 * 10_000.0,
        measured.peak,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missed(row: &Row, rate: f64, p99: f64) -> usize {
        let mut section = Section::new("table");
        let latencies = [vec![], vec![p99], vec![]];
        let (rates, ceilings) = (vec![rate], vec![1000.0]);
        let measured = Measured { rates, ceilings, latencies, ..Measured::default() };
        check(&mut section, row, &measured);
        section.missed.len()
    }

    #[test]
    fn a_row_must_keep_its_bounds() {
        let missed = |workload, rate, p99| missed(&Row::all_of(workload, 16)[0], rate, p99);
        assert_eq!(missed(Workload::GetOne, 500.0, 1.5), 0);
        assert_eq!(missed(Workload::GetOne, 499.0, 1.6), 2);
        assert_eq!(missed(Workload::Create, 1100.0, 15.0), 0);
        assert_eq!(missed(Workload::Create, 1099.0, 16.0), 2);
        assert_eq!(missed(Workload::Export, 599.0, 99.0), 1);
        assert_eq!(missed(Workload::Refused, 1.0, 99.0), 0);
    }

    #[test]
    fn a_second_row_has_its_own_connections_and_bound() {
        let [first, many] = &Row::all_of(Workload::GetOne, 16)[..] else { panic!("not two rows") };
        assert_eq!((first.connections, many.connections), (16, 64));
        assert_eq!((&first.title[..], &many.title[..]), ("get one", "get one, 64 connections"));
        assert_eq!([first, many].map(|row| missed(row, 899.0, f64::NAN)), [0, 1]);
        assert_eq!(Row::all_of(Workload::Delete, 16).len(), 1);
    }
}
