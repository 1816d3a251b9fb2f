//! The feed of changes: what it costs those who write, and how soon those who follow see a change.

use std::net::SocketAddr;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Instant;

use anyhow::{anyhow, ensure};
use orders_db::{Heartbeat, Settings};
use orders_testkit::program;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::*;
use crate::dataset::{FIRST_CHANGED_ID, FIRST_CREATED_ID};
use crate::follow::{Streams, arrivals, delays};

/// How many event streams are open while orders are created.
const STREAMS: [usize; 3] = [0, 1, 100];

/// The lowest rate of creates, as a ratio to that before the feed: without an event stream, and with a hundred.
const MIN_RATIO: f64 = 0.80;
const MIN_RATIO_OF_100: f64 = 0.70;

/// The longest median from the acknowledgement to the event, in milliseconds: on the same instance and on another.
const MAX_DELAY: f64 = 5.0;
const MAX_DELAY_ELSEWHERE: f64 = 150.0;

/// How many streams are opened to see what one takes; the most memory for one, in KiB, and connections for all.
const MANY_STREAMS: usize = 1000;
const MAX_MEMORY: f64 = 64.0;
const MAX_CONNECTIONS: f64 = 1.0;

/// How many changes are in the feeds whose pages are compared, and how much longer a page may take in the longer one.
const FEW: u64 = 10_000;
const MANY: u64 = 5_000_000;
const MAX_PAGE_RATIO: f64 = 2.0;

/// Less than half of the bytes of an event, because the last ones may still be on their way.
const MIN_BYTES: u64 = 150;

/// How often changes expire.
const EXPIRY: Duration = Duration::from_millis(100);

/// Measures one after the other, on one server.
pub(super) fn run(cli: &Cli, program: &Path) -> Result<Section> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    let server = Database::start(&[])?;
    let orders = cli.orders.unwrap_or(if cli.quick { 50_000 } else { 100_000 });
    let dataset = Dataset { orders, calendars: cli.calendars };
    let start = |program: &Path, name: &str| {
        Bench::start(program, server.beside(name.to_owned())?, dataset, cli.connections)
    };
    let mut section = Section::new("feed");
    let mut bench = start(program, "followed")?;
    let before = match &cli.before {
        Some(before) => Some(start(&program::find(Some(before))?, "before")?),
        None => None,
    };
    let (created, rate) = creates(cli, &mut bench, before, &mut section)?;
    let delays = events(cli, program, &mut bench, rate / 2.0, &mut section)?;
    bench.service = bench.database.start_service(program)?;
    let mut costs = streams(cli, &mut bench, &mut section)?;
    // The changes of its orders would not expire.
    let empty = Dataset { orders: 0, ..dataset };
    let aging = server.beside("aging".to_owned())?;
    let aged = retention(cli, Bench::start(program, aging, empty, cli.connections)?)?;
    let (pages, size) = pages(cli, program, &server, &mut section)?;
    costs.row("bytes on disk for a change", &[size]);
    section.text = format!(
        "{} orders in {} calendars; {} connections; {} runs of {} s each, alternating; medians.\n\n{created}\n\
         Creates at {} a second, half of what one stream allows; and how long after its acknowledgement a change comes:\n\n\
         {delays}\n{aged}\nPages from anywhere in the feed, one client:\n\n{pages}\n{costs}",
        figure(orders as f64),
        cli.calendars,
        cli.connections,
        cli.rounds(),
        cli.duration().as_secs(),
        figure(rate / 2.0),
    );
    Ok(section)
}

/// Creates with event streams, and by a release before the feed. Also the rate with one stream.
fn creates(
    cli: &Cli,
    bench: &mut Bench,
    mut before: Option<Bench>,
    section: &mut Section,
) -> Result<(Table, f64)> {
    for bench in before.iter_mut().chain([&mut *bench]) {
        bench.throughput(Workload::Create, Duration::from_secs(1))?;
    }
    let (mut rates, mut rates_before) = ([const { Vec::new() }; STREAMS.len()], Vec::new());
    for _ in 0..cli.rounds() {
        if let Some(before) = &mut before {
            rates_before.push(create(before, 0, cli.duration())?);
        }
        for (count, rates) in STREAMS.into_iter().zip(&mut rates) {
            rates.push(create(bench, count, cli.duration())?);
        }
    }
    let (rates, before) = (rates.map(|rates| median(&rates)), median(&rates_before));
    let mut table = Table::new("event streams | creates/s | ratio to none | ratio to before");
    if !before.is_nan() {
        table.row("before the feed", &[before, before / rates[0], 1.0]);
    }
    for (count, rate) in STREAMS.into_iter().zip(rates) {
        table.row(count.to_string(), &[rate, rate / rates[0], rate / before]);
    }
    section.at_least("creates as a ratio to before", rates[0] / before, MIN_RATIO);
    section.at_least(
        "creates with 100 streams as a ratio to before",
        rates[2] / before,
        MIN_RATIO_OF_100,
    );
    Ok((table, rates[1]))
}

/// The rate of creates while so many event streams are open, on each of which they come.
fn create(bench: &mut Bench, streams: usize, duration: Duration) -> Result<f64> {
    let streams = Streams::open(bench.service.address(), streams)?;
    let created = bench.throughput(Workload::Create, duration)?;
    let (count, received) = (created.count, streams.close()? as u64);
    ensure!(received > count * MIN_BYTES, "only {received} bytes came of {count} changes");
    Ok(created.rate())
}

/// How long after its acknowledgement a change comes on an event stream.
fn events(
    cli: &Cli,
    program: &Path,
    bench: &mut Bench,
    rate: f64,
    section: &mut Section,
) -> Result<Table> {
    let other = bench.database.start_service(program)?;
    let addresses = [bench.service.address(), other.address()];
    let mut figures = [const { [const { Vec::new() }; 2] }; 2];
    for _ in 0..cli.rounds() {
        for (address, figures) in addresses.into_iter().zip(&mut figures) {
            let (delays, refused) = delays_of_creates(bench, rate, cli.duration(), address)?;
            section.at_most("creates refused at half the rate", refused as f64, 0.0);
            for (percent, values) in [50.0, 99.0].into_iter().zip(figures) {
                values.push(percentile(&delays, percent));
            }
        }
    }
    let mut table = Table::new("event stream | p50 ms | p99 ms");
    let rows = [("same instance", MAX_DELAY), ("another instance", MAX_DELAY_ELSEWHERE)];
    for ((title, bound), figures) in rows.into_iter().zip(figures) {
        let figures = figures.map(|values| median(&values));
        table.row(title, &figures);
        section.at_most(format_args!("event on the {title}: p50 ms"), figures[0], bound);
    }
    Ok(table)
}

/// The delays of all creates but the first tenth, on an event stream at this address; and how many were refused.
fn delays_of_creates(
    bench: &mut Bench,
    rate: f64,
    duration: Duration,
    address: SocketAddr,
) -> Result<(Vec<f64>, usize)> {
    let arrived = arrivals(address)?;
    let (first, start) = (FIRST_CREATED_ID + bench.numbers.next, Instant::now());
    let mut samples = bench.open_loop(Workload::Create, &[Phase { rate, duration }])?;
    // In the order in which they were due, orders have consecutive ids.
    samples.sort_by_key(|sample| sample.due);
    let created = (first..).zip(&samples).filter(|(_, sample)| sample.status == 201);
    let acknowledged: Vec<_> =
        created.map(|(id, sample)| (id, start + sample.due + sample.latency)).collect();
    let refused = samples.len() - acknowledged.len();
    let arrived = arrived.join().map_err(|_| anyhow!("the follower panicked"))?;
    let delays = delays(&acknowledged, &arrived)?;
    Ok((delays[delays.len() / 10..].to_vec(), refused))
}

/// What event streams take of a new service.
fn streams(cli: &Cli, bench: &mut Bench, section: &mut Section) -> Result<Table> {
    let used = |bench: &Bench| {
        let connections = "SELECT count(*) FROM pg_stat_activity
                            WHERE datname = current_database() AND backend_type = 'client backend'";
        let memory = bench.process().memory()? * 1024.0 / MANY_STREAMS as f64;
        anyhow::Ok((memory, bench.database.number(connections)? as f64))
    };
    create(bench, 0, cli.duration())?;
    let (memory, connections) = used(bench)?;
    let streams = Streams::open(bench.service.address(), MANY_STREAMS)?;
    let (memory_at_rest, _) = used(bench)?;
    bench.throughput(Workload::Create, cli.duration())?;
    let (memory_used, connections_used) = used(bench)?;
    streams.close()?;
    let mut table = Table::new("what is taken | figure");
    for (what, value, bound) in [
        ("memory for an event stream, KiB", memory_at_rest - memory, MAX_MEMORY),
        ("the same after many creates, KiB", memory_used - memory, MAX_MEMORY),
        ("database connections for 1,000 of them", connections_used - connections, MAX_CONNECTIONS),
    ] {
        table.row(what, &[value]);
        section.at_most(what, value, bound);
    }
    Ok(table)
}

/// Creates while as many changes expire as are added.
fn retention(cli: &Cli, mut bench: Bench) -> Result<Table> {
    bench.database.add_changes(10_000 * u64::from(cli.rounds()) * cli.duration().as_secs())?;
    let left =
        format!("SELECT count(*) FROM order_versions WHERE order_id >= '{FIRST_CHANGED_ID}'");
    let (mut kept, mut expiring, mut deleted) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..cli.rounds() {
        kept.push(create(&mut bench, 0, cli.duration())?);
        let before = bench.database.number(&left)?;
        let (stop, stopped) = mpsc::channel::<()>();
        let heartbeat = Heartbeat::new(&Settings::new(bench.database.url(), 1));
        let expiry = thread::spawn(move || expire(heartbeat, &stopped));
        expiring.push(create(&mut bench, 0, cli.duration())?);
        drop(stop);
        expiry.join().map_err(|_| anyhow!("the expiry panicked"))??;
        let count = before - bench.database.number(&left)?;
        deleted.push(count as f64 / cli.duration().as_secs_f64());
    }
    let (kept, expiring) = (median(&kept), median(&expiring));
    let mut table = Table::new("retention | creates/s | changes deleted/s | ratio");
    table.row("no change expires", &[kept, 0.0, 1.0]);
    table.row("as many expire as are made", &[expiring, median(&deleted), expiring / kept]);
    Ok(table)
}

/// Lets as many changes expire, each time, as were added since the last time.
fn expire(mut heartbeat: Heartbeat, stopped: &Receiver<()>) -> Result<()> {
    let (mut last, mut most) = (heartbeat.complete_feed()?.position, 0);
    while stopped.recv_timeout(EXPIRY) == Err(RecvTimeoutError::Timeout) {
        let position = heartbeat.complete_feed()?.position;
        heartbeat.expire_changes(Duration::ZERO, most)?;
        (last, most) = (position, position - last);
    }
    Ok(())
}

/// Pages of a short and of a long feed; and how many bytes a change takes on disk.
fn pages(
    cli: &Cli,
    program: &Path,
    server: &Database,
    section: &mut Section,
) -> Result<(Table, f64)> {
    let counts = [FEW, if cli.quick { 200_000 } else { MANY }];
    let start = |count: u64| {
        let database = server.beside(format!("changes_{count}"))?;
        // Its start makes the schema.
        drop(database.start_service(program)?);
        database.add_changes(count)?;
        Ok((database.start_service(program)?, database.cursors(count - 1000)?, database))
    };
    let feeds = counts.into_iter().map(start).collect::<Result<Vec<_>>>()?;
    let mut latencies = [Vec::new(), Vec::new()];
    for _ in 0..cli.rounds() {
        for ((service, cursors, _), latencies) in feeds.iter().zip(&mut latencies) {
            let (schedule, mut cursors) =
                (Schedule::Closed(cli.duration()), cursors.iter().cycle());
            let samples = load::run(service.address(), schedule, 1, Some(200), |_, out| {
                let cursor = cursors.next().map_or("", String::as_str);
                let target = format!("/changes?limit=1000&after={cursor}");
                let request = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
                out.extend_from_slice(request.as_bytes());
            })?;
            latencies.extend(samples.iter().map(|sample| millis(sample.latency)));
        }
    }
    let latencies = latencies.map(|latencies| median(&latencies));
    let mut table = Table::new("changes in the feed | page of 1,000, ms | ratio");
    for (count, latency) in counts.into_iter().zip(latencies) {
        table.row(figure(count as f64), &[latency, latency / latencies[0]]);
    }
    let ratio = latencies[1] / latencies[0];
    section.at_most("a page of the long feed: ratio", ratio, MAX_PAGE_RATIO);
    let size = feeds[1].2.number("SELECT pg_total_relation_size('order_versions')")?;
    Ok((table, size as f64 / counts[1] as f64))
}
