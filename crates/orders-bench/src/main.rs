//! Measures the orders service, and prints what came out.

mod report;

use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context, Result};
use clap::Parser;
use orders_bench::cli::Cli;
use orders_bench::document;
use orders_bench::modes::{Section, bulk, contended, fresh, growth, idle, overload, solid, table};
use orders_testkit::program;

fn main() -> Result<ExitCode> {
    let cli = Cli::parse();
    let program = program::find(cli.orders_api.as_deref())?;
    let mut good = true;
    for mode in modes(&cli) {
        let section = mode(&cli, &program)?;
        report::section(&section);
        good &= section.failures.is_empty();
        if cli.write {
            write(&section)?;
        }
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

type Mode = fn(&Cli, &Path) -> Result<Section>;

/// What was asked for, in the order of the page.
fn modes(cli: &Cli) -> Vec<Mode> {
    let all: [(bool, Mode); 8] = [
        (!cli.has_mode(), table::run),
        (cli.idle || !cli.has_mode(), |_, program| idle::run(program)),
        (cli.overload, overload::run),
        (cli.growth, growth::run),
        (cli.contended, contended::run),
        (cli.solid, solid::run),
        (cli.bulk, bulk::run),
        (cli.fresh, fresh::run),
    ];
    all.into_iter().filter(|(asked, _)| *asked).map(|(_, mode)| mode).collect()
}

fn write(section: &Section) -> Result<()> {
    let path = document::path();
    let shown = path.display();
    let page = std::fs::read_to_string(&path).with_context(|| format!("cannot read {shown}"))?;
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let block = document::block(section, &arguments, SystemTime::now());
    std::fs::write(&path, document::replace(&page, section.name, &block)?)
        .with_context(|| format!("cannot write {shown}"))
}
