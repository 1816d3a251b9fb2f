//! `orders import`

mod input;
mod lines;
mod rejected;
mod summary;
mod transfer;

use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow};
use clap::{Args, ValueHint};
use orders_client::Client;

use self::input::Input;
use self::rejected::RejectedFile;
use self::transfer::Transfer;
use crate::exit::Rejected;
use crate::interrupt::Interrupted;
use crate::print::print_message;

/// Which orders are booked.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The orders as JSON, one per line, which may be compressed with gzip; - is standard input
    #[arg(value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    file: PathBuf,
    /// Write the rejected lines to this file, each with the reason, as one JSON object per line
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    rejected: Option<PathBuf>,
    /// Overwrite the file of --rejected if it exists
    #[arg(long)]
    force: bool,
}

/// Books the orders and prints a summary.
pub(crate) async fn run(client: &Client, arguments: &ImportArgs) -> Result<()> {
    let rejected = arguments.rejected.as_deref().map(|path| {
        RejectedFile::create(path, arguments.force)
            .with_context(|| format!("cannot write {}", path.display()))
    });
    let mut transfer = Transfer::new(rejected.transpose()?);
    let result = transfer.run(client, Input::open(&arguments.file)?).await;
    let Transfer { summary, rejected, progress, .. } = transfer;
    progress.end();
    let has_answers = result.is_ok() || !summary.is_empty();
    if has_answers || result.as_ref().is_err_and(anyhow::Error::is::<Interrupted>) {
        print_message(&summary.to_string());
    }
    let written = match rejected {
        Some(file) if has_answers => {
            file.finish().map_err(|error| anyhow!("cannot write the rejected lines: {error}"))
        }
        Some(_) | None => Ok(()),
    };
    result.and(written)?;
    if summary.all_booked() { Ok(()) } else { Err(Rejected.into()) }
}
