//! `orders export`

use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum, ValueHint};
use orders_client::Client;
use orders_core::Direction;

use super::check_exist;
use crate::arguments::FilterArgs;
use crate::interrupt::{Interrupted, Interrupts};
use crate::output::Output;
use crate::print::Printer;
use crate::printable::json_line;
use crate::progress::Progress;

/// How many bytes are written at a time.
const BUFFER_SIZE: usize = 64 << 10;

/// Which orders are exported, and where to.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// What they have in common.
    #[command(flatten)]
    filter: FilterArgs,
    /// The order of the lines by time
    #[arg(long, value_enum, default_value = "asc")]
    order: SortOrder,
    /// The file to write, which appears only when it is complete; standard output by default, or if it is -
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
    /// Overwrite the file if it exists
    #[arg(long)]
    force: bool,
}

impl ExportArgs {
    /// The file; none for standard output, which may also be named `-`.
    fn path(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| *path != Path::new("-"))
    }
}

/// How exported orders are sorted.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum SortOrder {
    /// Earliest first
    Asc,
    /// Latest first
    Desc,
}

/// Exports the orders, one per line.
pub(crate) async fn run(client: &Client, printer: &Printer, arguments: &ExportArgs) -> Result<()> {
    let output = match arguments.path() {
        None => Output::stdout(),
        Some(path) => {
            Output::open(path, arguments.force).with_context(|| cannot_write(arguments))?
        }
    };
    // A stream needs no clean-up, and writing to it may block. So an interrupt ends the process by itself.
    if !matches!(output, Output::File { .. }) {
        return export(client, printer, arguments, output).await;
    }
    let mut interrupts = Interrupts::listen()?;
    tokio::select! {
        result = export(client, printer, arguments, output) => result,
        () = interrupts.next() => Err(Interrupted("nothing was written".to_owned()).into()),
    }
}

fn cannot_write(arguments: &ExportArgs) -> String {
    let name = arguments.path().map_or("standard output".into(), Path::to_string_lossy);
    format!("cannot write {name}")
}

async fn export(
    client: &Client,
    printer: &Printer,
    arguments: &ExportArgs,
    output: Output,
) -> Result<()> {
    let filter = arguments.filter.filter(&printer.zone)?;
    check_exist(client, filter.calendar.as_ref(), filter.service.as_ref()).await?;
    let direction = match arguments.order {
        SortOrder::Asc => Direction::Ascending,
        SortOrder::Desc => Direction::Descending,
    };
    let mut export = client.export(&filter, direction).await?;
    // If the orders are on the terminal, there is no place for the progress.
    let is_hidden = arguments.path().is_none() && io::stdout().is_terminal();
    let progress = if is_hidden { Progress::hidden() } else { Progress::new(None) };
    let mut output = BufWriter::with_capacity(BUFFER_SIZE, output);
    loop {
        let order = match export.try_next().await {
            Ok(Some(order)) => order,
            Ok(None) => break,
            Err(error) => {
                progress.end();
                // What is there is shown, with the error after it.
                output.flush().with_context(|| cannot_write(arguments))?;
                return Err(error.into());
            }
        };
        let line = json_line(&order)?;
        output.write_all(line.as_bytes()).with_context(|| cannot_write(arguments))?;
        progress.add(1, line.len() as u64);
    }
    progress.end();
    let output = output.into_inner().map_err(io::IntoInnerError::into_error);
    output.and_then(Output::finish).with_context(|| cannot_write(arguments))
}
