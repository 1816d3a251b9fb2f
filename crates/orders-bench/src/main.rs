//! Measures the orders service against what its PostgreSQL could do, from the outside.
//!
//! The service and its PostgreSQL are processes of their own. [`load`] sends requests to the one; [`pgbench`] puts the
//! statements that [`recording`] saw the service send straight to the other. The workloads are in [`workload`], the
//! orders that they are about in [`dataset`], and what can be measured in [`modes`].

mod bench;
mod cli;
mod dataset;
mod follow;
mod http;
mod importers;
mod load;
mod modes;
mod pgbench;
mod postgres;
mod procfs;
mod recording;
mod report;
mod schedule;
mod statistics;
mod workload;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser as _;
use orders_testkit::program;

fn main() -> Result<ExitCode> {
    let cli = cli::Cli::parse();
    let program = program::find(cli.orders_api.as_deref())?;
    let mut status = ExitCode::SUCCESS;
    for mode in modes::requested(&cli) {
        let section = mode(&cli, &program)?;
        section.print();
        if !section.missed.is_empty() {
            status = ExitCode::FAILURE;
        }
        if cli.write {
            section.write()?;
        }
    }
    Ok(status)
}
