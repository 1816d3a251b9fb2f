//! A client that sends few requests, beside clients that import as fast as they can.

use std::process::Command;
use std::thread;
use std::time::Instant;

use super::*;
use crate::importers::Importers;
use crate::postgres::output;

/// How many clients import, and how many imports each runs at a time.
const CLIENTS: usize = 8;
const IMPORTS: usize = 2;

/// How many different lines are imported. All are refused, because their times are taken.
const LINES: usize = 500;

/// How often the quiet client sends a request.
const RATE: f64 = 200.0;

/// How long the importers run before the quiet client is measured, and how long they are gone before it is again.
const PAUSE: Duration = Duration::from_secs(1);

/// The highest p99 of the quiet client's reads beside the importers, in milliseconds.
const MAX_P99: f64 = 50.0;

/// Measures the quiet client alone and beside the importers, by turns.
pub(super) fn run(cli: &Cli, program: &Path) -> Result<Section> {
    let orders = cli.orders.unwrap_or(if cli.quick { 50_000 } else { 100_000 });
    let dataset = Dataset { orders, calendars: cli.calendars };
    let mut bench = Bench::start(program, Database::start(&[])?, dataset, cli.connections)?;
    let lines = refused_lines(&mut bench);
    let quiet = add_client(program, &bench.database, "quiet")?;
    let add = |number| add_client(program, &bench.database, &format!("importer-{number}"));
    let keys = (0..CLIENTS).map(add).collect::<Result<Vec<_>>>()?;
    let heads = [&keys[..]; IMPORTS].concat();

    let workloads = [Workload::GetOne, Workload::Create];
    let mut alone = [const { Vec::new() }; 2];
    let mut beside = [const { Vec::new() }; 2];
    let (mut imported, mut ended) = (Vec::new(), 0);
    for _ in 0..cli.rounds() {
        for (workload, samples) in workloads.into_iter().zip(&mut alone) {
            samples.extend(send(&mut bench, workload, &quiet, cli.duration())?);
        }
        let importers = Importers::start(bench.service.address(), &heads, &lines);
        thread::sleep(PAUSE);
        let (start, results) = (Instant::now(), importers.results());
        for (workload, samples) in workloads.into_iter().zip(&mut beside) {
            samples.extend(send(&mut bench, workload, &quiet, cli.duration())?);
        }
        let results = importers.results() - results;
        imported.push(results as f64 / start.elapsed().as_secs_f64());
        ended += importers.stop()?;
        thread::sleep(PAUSE);
    }

    let mut section = Section::new("fair");
    let mut table = Table::new(
        "quiet client | alone: p50 ms | p99 ms | worst ms | beside importers: p50 ms | p99 ms | worst ms | other answers",
    );
    for ((workload, alone), beside) in workloads.into_iter().zip(&alone).zip(&beside) {
        let spec = workload.spec();
        let others = [alone, beside].map(|samples| {
            samples.iter().filter(|sample| sample.status != spec.status).count() as f64
        });
        let [alone, beside] = [alone, beside].map(|samples| latencies(samples));
        let others = others[0] + others[1];
        table.row(spec.title, &[&alone[..], &beside, &[others]].concat());
        section.at_most(format_args!("{}: other answers", spec.title), others, 0.0);
        if workload == Workload::GetOne {
            let what = format_args!("{}: p99 beside importers, ms", spec.title);
            section.at_most(what, beside[1], MAX_P99);
        }
    }
    section.text = format!(
        "{} orders in {} calendars. A client that sends a request every {} ms, alone and beside {CLIENTS} others that run \
         {IMPORTS} imports each, all of whose orders are refused (409); {} runs of {} s each, alternating. The service \
         answered {} lines a second, and refused or ended {ended} imports.\n\n{table}",
        figure(orders as f64),
        cli.calendars,
        figure(1e3 / RATE),
        cli.rounds(),
        cli.duration().as_secs(),
        figure(median(&imported)),
    );
    Ok(section)
}

/// Lines of an import whose orders are at times that are taken.
fn refused_lines(bench: &mut Bench) -> String {
    let Bench { dataset, numbers, .. } = bench;
    let line = || Workload::Refused.body(&Workload::Refused.values(dataset, numbers)) + "\n";
    std::iter::repeat_with(line).take(LINES).collect()
}

/// Adds a client, and returns the line of the head with its key.
fn add_client(program: &Path, database: &Database, name: &str) -> Result<String> {
    let command = |arguments: &[&str]| {
        output(Command::new(program).args(arguments).env("DATABASE_URL", database.url()))
    };
    command(&["clients", "add", name, "--scope", "write"])?;
    let key = command(&["keys", "create", name])?;
    Ok(format!("Authorization: Bearer {}\r\n", key.trim()))
}

/// Sends the requests of the quiet client when they are due. While answers are late, it opens further connections.
fn send(
    bench: &mut Bench,
    workload: Workload,
    head: &str,
    duration: Duration,
) -> Result<Vec<Sample>> {
    let Bench { dataset, numbers, service, .. } = bench;
    let schedule = Schedule::open(&[Phase { rate: RATE, duration }]);
    load::run(service.address(), schedule, usize::MAX, None, |_, out| {
        workload.write_with(head, &workload.values(dataset, numbers), out);
    })
}

/// The median, the p99 and the worst of the latencies, in milliseconds.
fn latencies(samples: &[Sample]) -> [f64; 3] {
    let latencies: Vec<_> = samples.iter().map(|sample| millis(sample.latency)).collect();
    [50.0, 99.0, 100.0].map(|percent| percentile(&latencies, percent))
}
