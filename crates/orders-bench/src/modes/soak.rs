//! A long run of everything at once, at half of the highest rate: whether memory stays flat and nothing fails.
#![expect(clippy::print_stderr, reason = "who waits for half an hour wants to see how it goes")]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use anyhow::{anyhow, ensure};

use super::*;
use crate::dataset::FIRST_CREATED_ID;
use crate::follow::Streams;
use crate::http;
use crate::procfs::Process;
use crate::workload::{Numbers, Source};

/// What is sent, and how much of each in a hundred requests. What was created is deleted again.
const MIX: [(Workload, u64); 7] = [
    (Workload::GetOne, 45),
    (Workload::List, 5),
    (Workload::Filtered, 10),
    (Workload::Availability, 10),
    (Workload::Create, 10),
    (Workload::Replace, 10),
    (Workload::Delete, 10),
];

/// How many orders are created before the first of them is deleted, so that they exist when they are.
const AHEAD: u64 = 20_000;

/// How many event streams are open.
const STREAMS: usize = 50;

/// The pause between two imports, of so many orders each, and between two exports of all orders.
const IMPORT_PAUSE: Duration = Duration::from_secs(1);
const IMPORTED: u64 = 100;
const EXPORT_PAUSE: Duration = Duration::from_secs(5);

/// How many connections the requests take at most. A pause of the machine opens all of them, and each takes memory: with more,
/// the memory would show the pauses.
const MAX_CONNECTIONS: usize = 64;

/// How long the highest rate is measured.
const CALIBRATION: Duration = Duration::from_secs(10);

/// How often memory is read, after how long it has to be flat, and by how many MiB it may grow from then on.
const INTERVAL: Duration = Duration::from_secs(60);
const SETTLED: Duration = Duration::from_secs(300);
const MAX_GROWTH: f64 = 16.0;
const MAX_BACKEND_GROWTH: f64 = 64.0;

/// Where the orders that are created, imported and deleted get their numbers.
struct Shared<'a> {
    random: fastrand::Rng,
    created: &'a AtomicU64,
    deleted: u64,
}

impl Source for Shared<'_> {
    type Number = u64;

    fn random(&mut self, below: u64) -> u64 {
        self.random.u64(..below)
    }

    fn next_number(&mut self) -> u64 {
        self.created.fetch_add(1, Ordering::Relaxed)
    }
}

impl Shared<'_> {
    /// Writes the next request.
    fn write(&mut self, dataset: &Dataset, out: &mut Vec<u8>) {
        let mut workload = pick(self.random.u64(..100));
        if workload == Workload::Delete {
            if self.created.load(Ordering::Relaxed) > self.deleted + AHEAD {
                let id = Value::Plain(FIRST_CREATED_ID + self.deleted);
                self.deleted += 1;
                return workload.write(&[("id", id)], out);
            }
            workload = Workload::GetOne;
        }
        workload.write(&workload.values(dataset, self), out);
    }
}

/// The workload of which this is a number below 100.
fn pick(mut number: u64) -> Workload {
    for (workload, share) in MIX {
        match number.checked_sub(share) {
            Some(rest) => number = rest,
            None => return workload,
        }
    }
    Workload::GetOne
}

/// Runs for as long as asked for, and reads the memory every minute.
pub(super) fn run(cli: &Cli, program: &Path) -> Result<Section> {
    let dataset = Dataset { orders: cli.orders.unwrap_or(20_000), calendars: cli.calendars };
    let bench = Bench::start(program, Database::start(&[])?, dataset, cli.connections)?;
    let (address, stop, created) =
        (bench.service.address(), AtomicBool::new(false), AtomicU64::new(0));
    let mut source = Shared { random: fastrand::Rng::with_seed(1), created: &created, deleted: 0 };
    let streams = Streams::open(address, STREAMS)?;
    let mut send = |schedule, connections| {
        load::run(address, schedule, connections, None, |_, out| source.write(&dataset, out))
    };
    let minutes = cli.soak.unwrap_or_default().div_ceil(INTERVAL.as_secs());
    let (rate, readings, bulk) = thread::scope(|scope| {
        let importer = scope.spawn(|| import_again(address, dataset, &created, &stop));
        let exporter = scope.spawn(|| export_again(address, &stop));
        let measured = (|| {
            let calibration = send(Schedule::Closed(CALIBRATION), cli.connections.into())?;
            let rate = calibration.len() as f64 / CALIBRATION.as_secs_f64() / 2.0;
            let mut readings = vec![Reading::of(&bench, &calibration)?];
            for minute in 1..=minutes {
                let phase = Phase { rate, duration: INTERVAL };
                let samples = send(Schedule::open(&[phase]), MAX_CONNECTIONS)?;
                let reading = Reading::of(&bench, &samples)?;
                eprintln!("minute {minute}: {reading:?}");
                readings.push(reading);
            }
            anyhow::Ok((rate, readings))
        })();
        stop.store(true, Ordering::Relaxed);
        let [imported, exported] = [importer, exporter].map(|thread| {
            thread.join().map_err(|_| anyhow!("an import or export panicked")).flatten()
        });
        let (rate, readings) = measured?;
        anyhow::Ok((rate, readings, [imported?, exported?]))
    })?;
    // Fails if one has ended.
    ensure!(streams.close()? > 0, "nothing came on an event stream");
    let mut section = Section::new("soak");
    let table = report(&readings, &mut section);
    section.text = format!(
        "{} requests a second, half of what {} connections can do beside the rest: {}; \
         at most {MAX_CONNECTIONS} connections; {STREAMS} event streams; {} orders imported, {IMPORTED} at a time; {} orders exported, all of them at a time. \
         Memory in MiB; of the PostgreSQL backends, what they do not share.\n\n{table}",
        figure(rate),
        cli.connections,
        MIX.map(|(workload, share)| format!("{share} % {}", workload.spec().title)).join(", "),
        figure(bulk[0] as f64),
        figure(bulk[1] as f64),
    );
    Ok(section)
}

/// Imports orders until it is to stop; how many.
fn import_again(
    address: SocketAddr,
    dataset: Dataset,
    created: &AtomicU64,
    stop: &AtomicBool,
) -> Result<u64> {
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        let next = created.fetch_add(IMPORTED, Ordering::Relaxed);
        let mut numbers = Numbers { random: fastrand::Rng::new(), next };
        let lines = std::iter::repeat_with(move || {
            Workload::Import.body(&Workload::Import.values(&dataset, &mut numbers))
        });
        count += http::import(address, IMPORTED, lines)?.count;
        thread::sleep(IMPORT_PAUSE);
    }
    Ok(count)
}

/// Exports all orders until it is to stop; how many.
fn export_again(address: SocketAddr, stop: &AtomicBool) -> Result<u64> {
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        count += http::export(address, "")?.count;
        thread::sleep(EXPORT_PAUSE);
    }
    Ok(count)
}

/// What was seen at the end of a minute.
#[derive(Debug, Clone, Copy, Default)]
struct Reading {
    /// The memory of the service, and what the backends of PostgreSQL have for themselves, in MiB.
    service: f64,
    backends: f64,
    /// How many requests were answered in the minute; how many with a 5xx, or not at all.
    answered: usize,
    failed: usize,
    p99: f64,
}

impl Reading {
    fn of(bench: &Bench, samples: &[Sample]) -> Result<Self> {
        let pids = bench.database.sql(
            "SELECT pid FROM pg_stat_activity
              WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
        )?;
        // One may have ended meanwhile.
        let memory = |pid: &str| Process(pid.parse().ok()?).own_memory().ok();
        let latencies: Vec<_> = samples.iter().map(|sample| millis(sample.latency)).collect();
        Ok(Self {
            service: bench.process().memory()?,
            backends: pids.lines().filter_map(memory).sum(),
            answered: samples.len(),
            failed: samples.iter().filter(|it| it.status == 0 || it.status >= 500).count(),
            p99: percentile(&latencies, 99.0),
        })
    }
}

/// The table of the readings, of which the first is from before the first minute.
fn report(readings: &[Reading], section: &mut Section) -> Table {
    let mut table = Table::new("minute | answers | 5xx or none | p99 ms | service | backends");
    for (minute, it) in readings.iter().enumerate() {
        let figures = [it.answered as f64, it.failed as f64, it.p99, it.service, it.backends];
        table.row(minute.to_string(), &figures);
    }
    let failed: usize = readings.iter().map(|reading| reading.failed).sum();
    section.at_most("answers with a 5xx, or none", failed as f64, 0.0);
    let settled = (SETTLED.as_secs() / INTERVAL.as_secs()) as usize;
    let later = readings.get(settled..).unwrap_or_default();
    let growth = |memory: fn(&Reading) -> f64| {
        let first = later.first().map_or(0.0, memory);
        later.iter().map(memory).fold(first, f64::max) - first
    };
    for (what, growth, bound) in [
        ("the service", growth(|reading| reading.service), MAX_GROWTH),
        ("the backends", growth(|reading| reading.backends), MAX_BACKEND_GROWTH),
    ] {
        section.at_most(format_args!("growth of {what} after 5 minutes, MiB"), growth, bound);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missed(service: &[f64], failed: usize) -> Vec<String> {
        let reading = |service: &f64| Reading { service: *service, failed, ..Reading::default() };
        let readings: Vec<_> = service.iter().map(reading).collect();
        let mut section = Section::new("soak");
        report(&readings, &mut section);
        section.missed
    }

    #[test]
    fn memory_has_to_be_flat_after_five_minutes() {
        let mut service = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 76.0, 60.0];
        assert!(missed(&service, 0).is_empty() && missed(&service[..3], 0).is_empty());
        service[6] += 1.0;
        let growth = "growth of the service after 5 minutes, MiB: 17 is more than 16";
        assert_eq!(missed(&service, 0), [growth]);
    }

    #[test]
    fn no_answer_may_be_missing_or_a_failure_of_the_service() {
        let failures = "answers with a 5xx, or none: 6.00 is more than 0";
        assert_eq!(missed(&[1.0, 1.0], 3), [failures]);
    }

    #[test]
    fn the_shares_of_the_mix_are_a_hundred_in_all() {
        assert_eq!(MIX.iter().map(|(_, share)| share).sum::<u64>(), 100);
        let [first, last] = [0, 99].map(pick);
        assert_eq!((first, last), (Workload::GetOne, Workload::Delete));
    }
}
