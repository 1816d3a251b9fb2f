//! `orders cancel`

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::{Result, bail};
use orders_client::Client;
use orders_core::Order;

use crate::arguments::CancelArgs;
use crate::exit::Rejected;
use crate::print::{Printer, print_message};

/// Cancels an order, if the user says yes, and prints it as it last was.
pub(super) async fn run(client: &Client, printer: &Printer, arguments: &CancelArgs) -> Result<()> {
    let order = client.get(&arguments.id).await?;
    let mut version = arguments.if_version;
    if !arguments.yes {
        if !io::stdin().is_terminal() {
            bail!("nobody can be asked, because the input is not a terminal; repeat it with --yes");
        }
        if !is_confirmed(printer, &order)? {
            print_message("not cancelled");
            return Err(Rejected.into());
        }
        // What was confirmed is this state of the order.
        version = version.or(Some(order.version));
    }
    let mut delete = client.delete(&arguments.id);
    if let Some(version) = version {
        delete = delete.if_version(version);
    }
    delete.await?;
    Ok(printer.print(&order, || format!("cancelled {}", printer.summary(&order)))?)
}

fn is_confirmed(printer: &Printer, order: &Order) -> io::Result<bool> {
    write!(io::stderr(), "Cancel {}? [y/N] ", printer.summary(order))?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
