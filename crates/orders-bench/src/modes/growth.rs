//! How the rates of the workloads depend on the number of orders.

use std::thread::{self, ScopedJoinHandle};

use anyhow::Context as _;

use super::*;
use crate::statistics::Throughput;

/// How many times slower a workload of [`BOUNDED`] may be than with the fewest orders; and an import, as a ratio to how many
/// times slower one `INSERT` is.
const MAX_TIMES: f64 = 1.5;

/// The workloads that have a bound of their own.
const BOUNDED: [Workload; 5] =
    [Workload::GetOne, Workload::Create, Workload::Replace, Workload::List, Workload::Availability];

/// How many orders are exported and imported, whatever the size.
const BULK: u64 = 10_000;

/// Measures the workloads at each size, in many calendars and in one. The sizes take turns.
pub(super) fn run(cli: &Cli, program: &Path) -> Result<Section> {
    let server = &Database::start(&[])?;
    // To fill the databases takes longer than all else, and a core each.
    let layouts: Vec<_> = thread::scope(|scope| {
        let fill = |&calendars| scope.spawn(move || fill(cli, program, server, calendars));
        let filling: Vec<_> = cli.layouts.iter().map(fill).collect();
        let filled = filling.into_iter().map(ScopedJoinHandle::join);
        filled.map(|filled| filled.expect("filling does not panic")).collect()
    });
    let mut section = Section::new("growth");
    section.text = format!(
        "Requests a second (orders a second for export and import, of {BULK} orders), and how many times slower \
         than with the fewest orders. One service and one database for each size, which take turns: {} runs of \
         {} s each; medians. Every order was read once before; PostgreSQL's cache is an eighth of the memory, at most 4 GB.\n",
        cli.rounds(),
        cli.duration().as_secs(),
    );
    for (calendars, benches) in cli.layouts.iter().zip(layouts) {
        let name = match calendars {
            1 => "one calendar".to_owned(),
            _ => format!("{calendars} calendars"),
        };
        let table = measure(cli, &mut benches?, &name, &mut section)?;
        section.text += &format!("\nOver {name}:\n\n{table}");
    }
    Ok(section)
}

/// A service and a database for each size, with so many calendars.
fn fill(cli: &Cli, program: &Path, server: &Database, calendars: u64) -> Result<Vec<Bench>> {
    let sizes = cli.sizes.iter().map(|&orders| {
        let dataset = Dataset { orders, calendars };
        let database = server.beside(format!("size_{orders}_{calendars}"))?;
        let bench = Bench::start(program, database, dataset, cli.connections);
        let mut bench = bench.with_context(|| format!("{orders} orders in {calendars}"))?;
        bench.bulk = BULK;
        Ok(bench)
    });
    sizes.collect()
}

fn measure(cli: &Cli, benches: &mut [Bench], name: &str, section: &mut Section) -> Result<Table> {
    for bench in &*benches {
        bench.database.warm_up()?;
    }
    let sizes: Vec<_> = cli.sizes.iter().map(|orders| figure(*orders as f64)).collect();
    // The first size is not compared with itself.
    let mut table = Table::new(
        &format!("row | {} | times", sizes.join(" | times | ")).replacen(" | times", "", 1),
    );
    for workload in cli.rows(Workload::value_variants()) {
        let title = workload.spec().title;
        let what = format!("{title} in {name}: times slower");
        let measure = |bench: &mut Bench| bench.throughput(workload, cli.duration());
        let found = match rates(cli, benches, workload, measure) {
            Ok(found) => found,
            Err(error) => {
                section.missed.push(format!("{title} in {name}: {error:#}"));
                continue;
            }
        };
        table.row(title, &compared(&found));
        if workload == Workload::Import {
            let inserted = rates(cli, benches, workload, |bench| {
                bench.database.insert_orders(&bench.dataset, BULK)
            })?;
            table.row("the same, one INSERT", &compared(&inserted));
            let ratio = slowest(&found) / slowest(&inserted);
            section.at_most(format_args!("{what}, as a ratio to one INSERT"), ratio, MAX_TIMES);
        } else if BOUNDED.contains(&workload) {
            section.at_most(what, slowest(&found), MAX_TIMES);
        }
    }
    Ok(table)
}

/// The median rate at each size of what is measured.
fn rates(
    cli: &Cli,
    benches: &mut [Bench],
    workload: Workload,
    measure: impl Fn(&mut Bench) -> Result<Throughput>,
) -> Result<Vec<f64>> {
    let mut rates = vec![Vec::new(); benches.len()];
    if !workload.is_bulk() {
        benches.iter_mut().try_for_each(|bench| bench.probe(workload))?;
    }
    for _ in 0..cli.rounds() {
        for (bench, rates) in benches.iter_mut().zip(&mut rates) {
            bench.reset(workload)?;
            rates.push(measure(bench)?.rate());
        }
    }
    benches.iter_mut().try_for_each(|bench| bench.reset(workload))?;
    Ok(rates.iter().map(|rates| median(rates)).collect())
}

/// The rates, and how many times slower all but the first are than that.
fn compared(rates: &[f64]) -> Vec<f64> {
    let (first, others) = (rates[0], &rates[1..]);
    [first].into_iter().chain(others.iter().flat_map(|rate| [*rate, first / rate])).collect()
}

/// How many times slower the slowest is than the first.
fn slowest(rates: &[f64]) -> f64 {
    rates.iter().map(|rate| rates[0] / rate).fold(1.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_compared_with_the_first() {
        assert_eq!(compared(&[1000.0, 500.0, 2000.0]), [1000.0, 500.0, 2.0, 2000.0, 0.5]);
        assert_eq!([slowest(&[1000.0, 500.0, 2000.0]), slowest(&[1000.0, 2000.0])], [2.0, 1.0]);
    }

    #[test]
    fn the_orders_of_an_export_begin_before_a_midnight() {
        for calendars in [1, 1000] {
            let dataset = Dataset { orders: 1_000_000, calendars };
            assert!(dataset.day(BULK - 1) < dataset.day(BULK), "{calendars}");
        }
    }
}
