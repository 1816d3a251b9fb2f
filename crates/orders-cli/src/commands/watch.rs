//! `orders watch`

use std::io::{self, Write as _};

use anyhow::Result;
use orders_client::{After, ChangeFilter, Client};

use super::check_exist;
use crate::arguments::WatchArgs;
use crate::print::{Printer, print_message};

/// Prints changes as they happen.
pub(super) async fn run(client: &Client, printer: &Printer, arguments: &WatchArgs) -> Result<()> {
    check_exist(client, arguments.calendar.as_ref(), arguments.service.as_ref()).await?;
    let filter =
        ChangeFilter { calendar: arguments.calendar.clone(), service: arguments.service.clone() };
    let after = arguments.after.map_or(After::Now, After::Cursor);
    let mut changes = client.changes(after, &filter).await?;
    if !printer.is_json() {
        print_message(&format!("watching {}; Ctrl-C ends this", client.url()));
    }
    while let Some(change) = changes.try_next().await? {
        printer.print(&change, || printer.change(&change))?;
        // A pipe is not flushed line by line.
        io::stdout().flush()?;
    }
    Ok(())
}
