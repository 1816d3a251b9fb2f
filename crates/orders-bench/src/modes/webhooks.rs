//! Webhooks: how many changes a second one gets, and what many of them cost those who write.

use std::net::SocketAddr;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, anyhow, ensure};
use orders_testkit::{Receiver, Reply};
use serde_json::json;

use super::*;

/// How many changes wait for one webhook.
const CHANGES: u64 = 10_000;

/// How many of them it gets in a second, at least.
const MIN_RATE: f64 = 1000.0;

/// How many webhooks follow everything while orders are created, and the lowest rate of creates, as a ratio to none.
const MANY: usize = 100;
const MIN_RATIO: f64 = 0.90;

/// How often and how long orders are created without and with them. Each pair of runs gives a ratio, of which the median
/// counts: so a pause of the machine in one run does not matter.
const PAIRS: u32 = 11;
const RUN: Duration = Duration::from_secs(3);

/// How long changes may take to arrive.
const PATIENCE: Duration = Duration::from_secs(120);

/// How much lower the priority of the receiver is, because it stands for other machines.
const NICE: i32 = 19;

/// Measures one after the other.
pub(super) fn run(cli: &Cli, program: &Path) -> Result<Section> {
    let database = Database::start(&[])?;
    let orders = cli.orders.unwrap_or(if cli.quick { 50_000 } else { 100_000 });
    let dataset = Dataset { orders, calendars: cli.calendars };
    let mut bench = Bench::start(program, database, dataset, cli.connections)?;
    let mut section = Section::new("webhooks");
    let mut table = Table::new("what | figure");
    let after = bench.database.sql(
        "SELECT position || '_' || (extract(epoch FROM assigned_at) * 1000000)::bigint FROM change_feed",
    )?;
    bench.database.add_changes(CHANGES)?;
    let rates = (0..cli.rounds()).map(|_| deliver(&bench, after.trim()));
    let rates = rates.collect::<Result<Vec<_>>>()?;
    table.row("changes delivered to one webhook a second", &[median(&rates)]);
    section.at_least("changes delivered to one webhook a second", median(&rates), MIN_RATE);

    let pairs = if cli.quick { cli.rounds() } else { PAIRS };
    // The first pair only warms up. In every second one, those with webhooks come first.
    let mut runs = Vec::new();
    for pair in 0..=pairs {
        let order = if pair % 2 == 0 { [0, MANY] } else { [MANY, 0] };
        let [first, second] =
            [create(&mut bench, order[0], RUN)?, create(&mut bench, order[1], RUN)?];
        let [(alone, _), (beside, delivered)] =
            if order[0] == 0 { [first, second] } else { [second, first] };
        if pair > 0 {
            runs.push([alone, beside, beside / alone, delivered]);
        }
    }
    let [alone, beside, ratio, delivered] =
        [0, 1, 2, 3].map(|column| median(&runs.iter().map(|run| run[column]).collect::<Vec<_>>()));
    table.row("creates a second, without webhooks", &[alone]);
    table.row(format!("creates a second, {MANY} webhooks follow everything"), &[beside]);
    table.row("ratio of two runs beside each other", &[ratio]);
    table.row("changes delivered to them a second meanwhile", &[delivered]);
    section.at_least(
        format_args!("creates with {MANY} webhooks as a ratio to none"),
        ratio,
        MIN_RATIO,
    );
    section.text = format!(
        "{} orders in {} calendars; {} connections; {pairs} pairs of runs of {} s; medians.\n\n{table}",
        figure(orders as f64),
        cli.calendars,
        cli.connections,
        RUN.as_secs(),
    );
    Ok(section)
}

/// A receiver that accepts everything.
fn receiver() -> Result<Receiver> {
    let start = || {
        rustix::process::nice(NICE)?;
        Receiver::start(|_| Reply::Status(204))
    };
    Ok(thread::spawn(start).join().map_err(|_| anyhow!("the receiver panicked"))??)
}

/// How many changes a second a webhook gets that has many to get, which come after a cursor.
fn deliver(bench: &Bench, after: &str) -> Result<f64> {
    let (address, receiver) = (bench.service.address(), receiver()?);
    let url = format!("http://{}/", receiver.address());
    let webhook = json!({ "id": "one", "url": url, "after": after });
    send(address, "POST", "/webhooks", &webhook.to_string())?;
    receiver.wait_until(PATIENCE, |received| !received.is_empty()).context("nothing arrives")?;
    let start = Instant::now();
    let all = receiver.wait_until(PATIENCE, |received| received.len() as u64 >= CHANGES);
    let duration = start.elapsed();
    all.with_context(|| format!("only {} of {CHANGES} arrived", receiver.count()))?;
    send(address, "DELETE", "/webhooks/one", "")?;
    Ok(CHANGES as f64 / duration.as_secs_f64())
}

/// The rate of creates while so many webhooks follow everything, and that of their deliveries.
fn create(bench: &mut Bench, webhooks: usize, duration: Duration) -> Result<(f64, f64)> {
    let (address, receiver) = (bench.service.address(), receiver()?);
    for n in 0..webhooks {
        let webhook =
            json!({ "id": format!("{n}"), "url": format!("http://{}/{n}", receiver.address()) });
        send(address, "POST", "/webhooks", &webhook.to_string())?;
    }
    // One change that each of them gets, so that all are at work.
    bench.throughput(Workload::Create, Duration::from_millis(100))?;
    let all = receiver.wait_until(PATIENCE, |received| {
        let paths: std::collections::HashSet<_> = received.iter().map(|it| &it.path).collect();
        paths.len() >= webhooks
    });
    all.context("not all webhooks get changes")?;
    let before = receiver.count();
    let created = bench.throughput(Workload::Create, duration)?;
    let delivered = receiver.count() - before;
    ensure!(webhooks == 0 || delivered > 0, "the webhooks get no changes meanwhile");
    for n in 0..webhooks {
        send(address, "DELETE", &format!("/webhooks/{n}"), "")?;
    }
    Ok((created.rate(), delivered as f64 / created.duration.as_secs_f64()))
}

/// Sends a request that must succeed.
fn send(address: SocketAddr, method: &str, path: &str, body: &str) -> Result<()> {
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("http://{address}{path}"))
        .header("Content-Type", "application/json")
        .body(body)?;
    ureq::run(request).with_context(|| format!("{method} {path}"))?;
    Ok(())
}
