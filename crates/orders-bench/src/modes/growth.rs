//! How the rows grow with the number of orders.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::bench::Bench;
use crate::cli::Cli;
use crate::database::Server;
use crate::dataset::{Dataset, Day};
use crate::modes::Section;
use crate::row::{Row, new_order};
use crate::samples::median;
use crate::table::{Table, figure};
use crate::transfer;

/// How many orders are exported and imported, whatever the size.
const BULK: u64 = 10_000;

/// Measures the rows at each size, in many calendars and in one. The sizes take turns.
///
/// # Errors
/// When services or databases do not work.
pub fn run(cli: &Cli, program: &Path) -> Result<Section> {
    let server = Server::start()?;
    let mut text = format!(
        "Requests a second (orders a second for export and import, of {BULK} orders), and how many times slower \
         than with the fewest orders. One service and one database for each size, which take turns: {} runs of \
         {} s each; medians.\n",
        cli.rounds(),
        cli.duration().as_secs(),
    );
    let mut failures = Vec::new();
    for calendars in [cli.calendars.max(2), 1] {
        let (table, failed) = layout(cli, program, &server, calendars)?;
        let calendars = if calendars == 1 {
            "one calendar".to_owned()
        } else {
            format!("{calendars} calendars")
        };
        text += &format!("\nOver {calendars}:\n\n{table}");
        failures.extend(failed);
    }
    Ok(Section { name: "growth", text, failures })
}

fn layout(
    cli: &Cli,
    program: &Path,
    server: &Server,
    calendars: u64,
) -> Result<(Table, Vec<String>)> {
    let mut benches = Vec::new();
    let mut head = vec!["row".to_owned()];
    for (number, &orders) in cli.sizes.iter().enumerate() {
        let dataset = Dataset { orders, calendars };
        let database = server.create(&format!("size_{orders}"))?;
        let bench =
            Bench::start(program, database, dataset, cli.connections.into(), cli.threads.into());
        benches.push(bench.with_context(|| format!("with {orders} orders"))?);
        head.push(figure(orders as f64));
        if number > 0 {
            head.push("times".to_owned());
        }
    }
    let head: Vec<_> = head.iter().map(String::as_str).collect();
    let mut table = Table::new(&head);
    let mut failures = Vec::new();
    for row in cli.rows() {
        match rates(cli, &mut benches, row) {
            Ok(rates) => table.row(cells(row, &rates)),
            Err(error) => {
                failures.push(format!("{} in {calendars} calendars: {error:#}", row.name()));
            }
        }
    }
    drop(benches);
    for orders in &cli.sizes {
        server.remove(&format!("size_{orders}"))?;
    }
    Ok((table, failures))
}

/// The median rate at each size.
fn rates(cli: &Cli, benches: &mut [Bench], row: Row) -> Result<Vec<f64>> {
    let mut rates = vec![Vec::new(); benches.len()];
    if !row.is_bulk() {
        for bench in &mut *benches {
            bench.probe(row)?;
        }
    }
    for _ in 0..cli.rounds() {
        for (bench, rates) in benches.iter_mut().zip(&mut rates) {
            rates.push(match row {
                Row::Export => export(bench)?,
                Row::Import => import(bench)?,
                _ => bench.load(row, cli.duration())?.rate(),
            });
            bench.sweep(row)?;
        }
    }
    Ok(rates.iter().map(|rates| median(rates)).collect())
}

fn export(bench: &Bench) -> Result<f64> {
    let Day(days) = bench.dataset.day_of(BULK);
    let to = Day(days);
    let path = format!("/orders?from=2000-01-01T00:00:00Z&to={to}T00:00:00Z");
    let exported = transfer::export(bench.service.address, &path)?;
    ensure!(exported.orders == BULK, "{} orders exported", exported.orders);
    Ok(exported.rate())
}

fn import(bench: &Bench) -> Result<f64> {
    let dataset = bench.dataset;
    let line = |number| new_order(&dataset, number);
    Ok(transfer::import(bench.service.address, BULK, line)?.rate())
}

fn cells(row: Row, rates: &[f64]) -> Vec<String> {
    let mut cells = vec![row.name().to_owned()];
    for (number, rate) in rates.iter().enumerate() {
        cells.push(figure(*rate));
        if number > 0 {
            cells.push(figure(rates[0] / rate));
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_compared_with_the_first() {
        let cells = cells(Row::GetOne, &[1000.0, 500.0, 2000.0]);
        assert_eq!(cells, ["get one", "1,000", "500", "2.00", "2,000", "0.50"]);
    }

    #[test]
    fn the_orders_of_an_export_begin_before_a_midnight() {
        for calendars in [1, 1000] {
            let dataset = Dataset { orders: 1_000_000, calendars };
            let end = dataset.day_of(BULK);
            assert!(dataset.day_of(BULK - 1) < end, "{calendars}");
        }
    }
}
