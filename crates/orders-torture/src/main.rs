//! Runs the orders service under faults, and reports whether it kept its contract.

mod cli;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser as _;
use orders_torture::run::run;

use cli::{Arguments, report};

fn main() -> Result<ExitCode> {
    let settings = Arguments::parse().into_settings()?;
    report::print_settings(&settings);
    let result = run(&settings).with_context(|| format!("seed {}", settings.seed))?;
    report::print_result(&settings, &result);
    Ok(if result.violations() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
