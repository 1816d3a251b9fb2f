//! The table: each workload against its ceiling.

use super::*;
use crate::procfs::MachineTime;
use crate::recording::{Recording, record};

const PERCENTILES: [f64; 3] = [50.0, 99.0, 99.9];

/// What was measured of a workload: one value of each run.
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
    let mut create_rate = 0.0;
    for workload in workloads {
        let title = workload.spec().title;
        match measure(&mut bench, cli, &recording, workload) {
            Ok(measured) => {
                table.row(title, &figures(&measured));
                check(&mut section, workload, &measured);
                let rate = median(&measured.rates);
                match workload {
                    Workload::Create => create_rate = rate,
                    Workload::Refused => {
                        section.at_least("refused, of what is created", rate, create_rate);
                    }
                    _ => {}
                }
            }
            Err(error) => section.missed.push(format!("{title}: {error:#}")),
        }
        bench.reset(workload)?;
    }
    section.text = format!(
        "{} orders in {} calendars; {} connections each; {} runs of {} s each, alternating; \
         medians. Latencies at half the rate, sent when they are due, in as many runs.\n\n{table}",
        figure(orders as f64),
        cli.calendars,
        cli.connections,
        cli.rounds(),
        cli.duration().as_secs(),
    );
    Ok(section)
}

fn measure(
    bench: &mut Bench,
    cli: &Cli,
    recording: &Recording,
    workload: Workload,
) -> Result<Measured> {
    let mut measured = Measured::default();
    let (process, duration) = (bench.process(), cli.duration());
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
    if !workload.is_bulk() {
        let rate = median(&measured.rates) / 2.0;
        for _ in 0..cli.rounds() {
            bench.reset(workload)?;
            let ceiling = bench.ceiling(recording, workload, duration, Some(rate))?;
            measured.ceiling_p99.push(percentile(&ceiling.latencies, 99.0));
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

/// Checks the bounds of a workload.
fn check(section: &mut Section, workload: Workload, measured: &Measured) {
    let spec = workload.spec();
    let title = spec.title;
    let [_, _, ratio, _, p99, .., ceiling_p99, _, _] = figures(measured);
    section.at_least(format_args!("{title}: ratio"), ratio, spec.min_ratio);
    let what = format!("{title}: p99, ms (pgbench alone: {})", figure(ceiling_p99));
    section.at_most(what, p99, spec.max_p99);
    if let Some(status) = measured.unexpected.first() {
        let count = measured.unexpected.len();
        let what = format!("{title}: {count} other answers at half the rate, as {status}");
        section.missed.push(what);
    }
}

/// The figures of a workload, as they stand in the table.
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

    #[test]
    fn a_row_must_keep_its_bounds() {
        let missed = |workload, rate, p99| {
            let mut section = Section::new("table");
            let latencies = [vec![], vec![p99], vec![]];
            let (rates, ceilings) = (vec![rate], vec![1000.0]);
            let measured = Measured { rates, ceilings, latencies, ..Measured::default() };
            check(&mut section, workload, &measured);
            section.missed.len()
        };
        assert_eq!(missed(Workload::GetOne, 400.0, 3.0), 0);
        assert_eq!(missed(Workload::GetOne, 399.0, 4.0), 2);
        assert_eq!(missed(Workload::Create, 500.0, 15.0), 0);
        assert_eq!(missed(Workload::Create, 499.0, 16.0), 2);
        assert_eq!(missed(Workload::Export, 332.0, 99.0), 1);
        assert_eq!(missed(Workload::Delete, 1.0, 99.0), 0);
    }
}
