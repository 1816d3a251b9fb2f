//! A million orders in, along the pages, and out, in constant memory.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::cli::Cli;
use crate::database::Server;
use crate::dataset::Dataset;
use crate::modes::Section;
use crate::pgbench;
use crate::row::{Row, new_order};
use crate::service::Service;
use crate::table::{Table, figure};
use crate::transfer;

/// The most that the memory may grow, in MiB.
const MOST_GROWTH: f64 = 32.0;

/// The lowest rates, as a ratio to COPY and to pgbench.
const LEAST_RATIO: f64 = 1.0 / 3.0;

/// How many clients of pgbench the import is compared with.
const CLIENTS: usize = 8;

/// Imports orders, lists them and exports them.
///
/// # Errors
/// When the service does not offer it.
pub fn run(cli: &Cli, program: &Path) -> Result<Section> {
    let server = Server::start()?;
    let database = server.database();
    let service = Service::start(program, &database)?;
    let dataset = Dataset { orders: 1, calendars: cli.calendars };
    database.add_base(dataset.calendars)?;
    let count = cli.orders.unwrap_or(1_000_000);
    let process = service.process();
    let address = service.address();

    let line = |number| new_order(&dataset, number);
    let (imported, import_growth) =
        process.growth_during(|| transfer::import(address, count, line))?;
    database.settle()?;
    let (listed, list_growth) =
        process.growth_during(|| transfer::list(address, "/orders?limit=1000"))?;
    ensure!(listed.orders == count, "{} of {count} orders are in the list", listed.orders);
    let (exported, export_growth) =
        process.growth_during(|| transfer::export(address, "/orders"))?;
    ensure!(exported.orders == count, "{} of {count} orders are in the export", exported.orders);
    let began = Instant::now();
    let copied = database.copy_out(Row::Export.script())?;
    let copy_rate = copied.count as f64 / began.elapsed().as_secs_f64();
    let insert_rate = pgbench::Run {
        script: Row::Create.script(),
        clients: CLIENTS,
        threads: cli.threads.into(),
        duration: Duration::from_secs(if cli.quick { 3 } else { 20 }),
        rate: None,
        first: count,
    }
    .on(&database, &dataset)?
    .rate;

    let mut table = Table::new(&[
        "of all orders",
        "orders/s",
        "against",
        "orders/s",
        "ratio",
        "memory grew, MiB",
    ]);
    let rows = [
        ("import", imported.rate(), "pgbench, 8 clients", insert_rate, import_growth),
        ("list, 1,000 a page", listed.rate(), "–", f64::NAN, list_growth),
        ("export", exported.rate(), "psql COPY", copy_rate, export_growth),
    ];
    let mut failures = Vec::new();
    for (name, rate, against, other, growth) in rows {
        let ratio = rate / other;
        table.row([
            name.to_owned(),
            figure(rate),
            against.to_owned(),
            figure(other),
            figure(ratio),
            figure(growth),
        ]);
        if ratio < LEAST_RATIO {
            failures.push(format!("{name}: {} of the rate of {against}", figure(ratio)));
        }
        if growth > MOST_GROWTH {
            failures.push(format!("{name}: the memory grew by {} MiB", figure(growth)));
        }
    }
    let text = format!(
        "{} orders in {} calendars. The first page took {} ms, the last {} ms.\n\n{table}",
        figure(count as f64),
        dataset.calendars,
        figure(listed.first.as_secs_f64() * 1e3),
        figure(listed.last.as_secs_f64() * 1e3),
    );
    Ok(Section { name: "bulk", text, failures })
}
