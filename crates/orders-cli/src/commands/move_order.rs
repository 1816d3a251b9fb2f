//! `orders move`

use anyhow::Result;
use orders_client::{Client, OrderPatch};

use super::{book, now};
use crate::arguments::MoveArgs;
use crate::print::Printer;
use crate::shell;

/// Moves an order and prints it.
pub(super) async fn run(client: &Client, printer: &Printer, arguments: &MoveArgs) -> Result<()> {
    let patch = OrderPatch {
        calendar: arguments.calendar.clone(),
        datetime: Some(arguments.time.start(&printer.zone, now())?),
        ..OrderPatch::default()
    };
    let mut call = client.patch(&arguments.id, &patch);
    if let Some(version) = arguments.if_version {
        call = call.if_version(version);
    }
    if arguments.dry_run {
        call = call.dry_run();
    }
    let done = if arguments.dry_run { "can be moved:" } else { "moved" };
    book::print_result(printer, call.await, done, |time| instead(printer, arguments, time))
}

/// The command that moves the order to another time.
fn instead(printer: &Printer, arguments: &MoveArgs, time: String) -> String {
    let calendar = arguments.calendar.as_ref().map(|id| ("--calendar", id.to_string()));
    let version = arguments.if_version.map(|version| ("--if-version", version.to_string()));
    let options = calendar.into_iter().chain(version).collect();
    shell::command(printer.command("move"), vec![arguments.id.to_string(), time], options)
}
