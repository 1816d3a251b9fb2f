//! `orders-api import`

mod exchange;
mod input;
mod lines;
mod rejected;
mod summary;

use std::path::PathBuf;

use actix_web::rt::System;
use anyhow::{Context as _, Result};
use clap::Args;

use super::interrupt::Interrupted;
use super::{ServiceArgs, print_message};
use exchange::Exchange;
use input::Input;
use rejected::RejectedFile;

/// Which orders are placed.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ImportArgs {
    /// The orders as JSON, one per line; - is standard input
    #[arg(value_name = "FILE|-")]
    pub file: PathBuf,
    /// Write the rejected lines to this file, each with its problem, as one JSON object per line
    #[arg(long = "refused", value_name = "FILE")]
    pub rejected: Option<PathBuf>,
    /// Overwrite the file of --refused if it exists
    #[arg(long)]
    pub force: bool,
    /// Which service is used.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// Places the orders and prints a summary. Returns whether all orders were placed.
pub(super) fn run(arguments: &ImportArgs) -> Result<bool> {
    let rejected = arguments.rejected.as_deref().map(|path| {
        RejectedFile::create(path, arguments.force)
            .with_context(|| format!("cannot write {}", path.display()))
    });
    let mut exchange = Exchange::new(rejected.transpose()?);
    let input = Input::open(&arguments.file)?;
    let result = System::new().block_on(exchange.run(&arguments.service.url, input));
    let Exchange { summary, rejected, progress, .. } = exchange;
    progress.end();
    let has_answers = result.is_ok() || !summary.is_empty();
    if has_answers || result.as_ref().is_err_and(anyhow::Error::is::<Interrupted>) {
        print_message(&summary.to_string());
    }
    let written = match rejected {
        Some(file) if has_answers => file.finish().context("cannot write the rejected lines"),
        Some(_) | None => Ok(()),
    };
    result.and(written)?;
    Ok(summary.all_placed())
}
