//! How the rows grow with the number of orders.

use std::path::Path;
use std::thread::{self, ScopedJoinHandle};

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

/// How many times slower a row of [`STEADY`] may be than with the fewest orders.
const MOST_TIMES: f64 = 1.5;

/// The rows that must not grow.
const STEADY: [Row; 4] = [Row::GetOne, Row::Create, Row::List, Row::Availability];

/// How many orders are exported and imported, whatever the size.
const BULK: u64 = 10_000;

/// Measures the rows at each size, in many calendars and in one. The sizes take turns.
///
/// # Errors
/// When services or databases do not work.
pub fn run(cli: &Cli, program: &Path) -> Result<Section> {
    let server = &Server::start()?;
    let mut text = format!(
        "Requests a second (orders a second for export and import, of {BULK} orders), and how many times slower \
         than with the fewest orders. One service and one database for each size, which take turns: {} runs of \
         {} s each; medians. Every order was read once before; PostgreSQL's cache is an eighth of the memory, at most 4 GB.\n",
        cli.rounds(),
        cli.duration().as_secs(),
    );
    // To fill them takes longer than all else, and a core each.
    let layouts: Vec<_> = thread::scope(|scope| {
        let fill = |&calendars| scope.spawn(move || Layout::fill(cli, program, server, calendars));
        let filling: Vec<_> = cli.layouts.iter().map(fill).collect();
        let filled = filling.into_iter().map(ScopedJoinHandle::join);
        filled.map(|filled| filled.expect("filling does not panic")).collect()
    });
    let mut failures = Vec::new();
    for layout in layouts {
        let mut layout = layout?;
        let (table, failed) = layout.measure(cli)?;
        text += &format!("\nOver {}:\n\n{table}", layout.name);
        failures.extend(failed);
    }
    Ok(Section { name: "growth", text, failures })
}

/// A service and a database for each size, with so many calendars.
struct Layout {
    name: String,
    sizes: Vec<Bench>,
}

impl Layout {
    fn fill(cli: &Cli, program: &Path, server: &Server, calendars: u64) -> Result<Self> {
        let name =
            if calendars == 1 { "one calendar".into() } else { format!("{calendars} calendars") };
        let sizes = cli.sizes().into_iter().map(|orders| {
            let dataset = Dataset { orders, calendars };
            let database = server.create(&format!("size_{orders}_{calendars}"))?;
            let (connections, threads) = (cli.connections.into(), cli.threads.into());
            Bench::start(program, database, dataset, connections, threads)
                .with_context(|| format!("with {orders} orders in {name}"))
        });
        Ok(Self { sizes: sizes.collect::<Result<_>>()?, name })
    }

    /// The table, and what fell short.
    fn measure(&mut self, cli: &Cli) -> Result<(Table, Vec<String>)> {
        for bench in &self.sizes {
            bench.database.warm_up()?;
        }
        let mut head = vec!["row".to_owned()];
        for (number, orders) in cli.sizes().into_iter().enumerate() {
            head.push(figure(orders as f64));
            if number > 0 {
                head.push("times".to_owned());
            }
        }
        let head: Vec<_> = head.iter().map(String::as_str).collect();
        let mut table = Table::new(&head);
        let mut failures = Vec::new();
        for row in cli.rows() {
            let failure = match rates(cli, &mut self.sizes, row) {
                Ok(rates) => {
                    table.row(cells(row, &rates));
                    let slowest = rates.iter().map(|rate| rates[0] / rate).fold(1.0, f64::max);
                    (STEADY.contains(&row) && slowest > MOST_TIMES)
                        .then(|| format!("{} times slower, not {MOST_TIMES}", figure(slowest)))
                }
                Err(error) => Some(format!("{error:#}")),
            };
            failures.extend(failure.map(|what| format!("{} in {}: {what}", row.name(), self.name)));
        }
        Ok((table, failures))
    }
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
                _ => bench.load(row, cli.duration())?,
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
    let exported = transfer::export(bench.service.address(), &path)?;
    ensure!(exported.orders == BULK, "{} orders exported", exported.orders);
    Ok(exported.rate())
}

fn import(bench: &Bench) -> Result<f64> {
    let dataset = bench.dataset;
    let line = |number| new_order(&dataset, number);
    Ok(transfer::import(bench.service.address(), BULK, line)?.rate())
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
