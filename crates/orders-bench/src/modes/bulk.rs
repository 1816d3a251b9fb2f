//! A million orders in, along the pages, and out, in constant memory.

use anyhow::ensure;

use super::*;
use crate::http;
use crate::recording::record;

/// The most that the memory may grow, in MiB.
const MAX_GROWTH: f64 = 32.0;

/// Imports orders, lists them and exports them.
pub(super) fn run(cli: &Cli, program: &Path) -> Result<Section> {
    let recording = record(program, &[Workload::Import])?;
    let dataset = Dataset { orders: 0, calendars: cli.calendars };
    let mut bench = Bench::start(program, Database::start(&[])?, dataset, cli.connections)?;
    let (process, address) = (bench.process(), bench.service.address());
    let count = cli.orders.unwrap_or(1_000_000);
    bench.bulk = count;

    let any = Duration::ZERO;
    let (imported, import_growth) =
        process.growth_during(|| bench.throughput(Workload::Import, any))?;
    bench.database.vacuum()?;
    let ((listed, first, last), list_growth) = process.growth_during(|| http::list(address))?;
    ensure!(listed.count == count, "{} of {count} orders are in the list", listed.count);
    let (exported, export_growth) =
        process.growth_during(|| bench.throughput(Workload::Export, any))?;
    let copied = bench.ceiling(&recording, Workload::Export, any, None)?;
    let long = Duration::from_secs(if cli.quick { 3 } else { 20 });
    let inserted = bench.ceiling(&recording, Workload::Import, long, None)?;

    let mut section = Section::new("bulk");
    let mut table = Table::new("of all orders | orders/s | ceiling/s | ratio | memory grew, MiB");
    let (import, export) = (Workload::Import.spec().min_ratio, Workload::Export.spec().min_ratio);
    for (name, throughput, ceiling, min_ratio, growth) in [
        ("import (pgbench, 8 clients)", imported, inserted.rate, import, import_growth),
        ("list, 1,000 a page", listed, f64::NAN, 0.0, list_growth),
        ("export (psql COPY)", exported, copied.rate, export, export_growth),
    ] {
        let ratio = throughput.rate() / ceiling;
        table.row(name, &[throughput.rate(), ceiling, ratio, growth]);
        section.at_least(format_args!("{name}: ratio"), ratio, min_ratio);
        section.at_most(format_args!("{name}: memory grew, MiB"), growth, MAX_GROWTH);
    }
    section.text = format!(
        "{} orders in {} calendars. The first page took {} ms, the last {} ms.\n\n{table}",
        figure(count as f64),
        cli.calendars,
        figure(millis(first)),
        figure(millis(last)),
    );
    Ok(section)
}
