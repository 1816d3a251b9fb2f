//! `orders book`

use std::iter;

use anyhow::{Result, bail};
use orders_client::{Client, Error, IdempotencyKey, Unknown};
use orders_core::{Conflict, Order, OrderDraft, OrderedServices, Timestamp};

use super::now;
use crate::arguments::BookArgs;
use crate::exit::Rejected;
use crate::print::{Printer, print_message};
use crate::shell;

/// Books an order and prints it.
pub(super) async fn run(client: &Client, printer: &Printer, arguments: &BookArgs) -> Result<()> {
    let draft = OrderDraft {
        id: arguments.id.clone(),
        calendar: arguments.calendar.clone(),
        datetime: arguments.time.start(&printer.zone, now())?,
        totalfee: arguments.fee,
        services: OrderedServices::new(arguments.services.iter().cloned())?,
        reference: arguments.reference.clone(),
        metadata: arguments.metadata()?,
    };
    let mut create = client.create(&draft);
    if let Some(key) = &arguments.idempotency_key {
        create = create.idempotency_key(key.clone());
    }
    if arguments.dry_run {
        create = create.dry_run();
    }
    let done = if arguments.dry_run { "can be booked:" } else { "booked" };
    match create.await {
        Err(Error::Unknown(Unknown { cause, idempotency_key: Some(key) })) => {
            let time = printer.zone.format_rfc3339(draft.datetime);
            let again = command(printer, arguments, time, Some(&key));
            bail!(
                "it may be booked or not: {cause}; this command books it if it is not:\n  {again}"
            )
        }
        // Another time needs another key.
        result => {
            print_result(printer, result, done, |time| command(printer, arguments, time, None))
        }
    }
}

/// The command that books the same at this time.
fn command(
    printer: &Printer,
    arguments: &BookArgs,
    time: String,
    key: Option<&IdempotencyKey>,
) -> String {
    let mut options = vec![("--fee", arguments.fee.to_string())];
    let mut add = |name, value: Option<String>| options.extend(value.map(|value| (name, value)));
    add("--calendar", arguments.calendar.as_ref().map(ToString::to_string));
    add("--id", arguments.id.as_ref().map(ToString::to_string));
    add("--idempotency-key", key.map(ToString::to_string));
    add("--reference", arguments.reference.as_ref().map(ToString::to_string));
    for (key, value) in &arguments.metadata {
        add("--meta", Some(format!("{key}={value}")));
    }
    let services = arguments.services.iter().map(ToString::to_string);
    shell::command(printer.command("book"), iter::once(time).chain(services).collect(), options)
}

/// Prints the order that was written. If another one is too close, prints which, and the commands for the nearest free times.
///
/// # Errors
/// [`Rejected`] after a conflict, and other errors as they are.
pub(super) fn print_result(
    printer: &Printer,
    result: Result<Order, Error>,
    done: &str,
    instead: impl Fn(String) -> String,
) -> Result<()> {
    match result {
        Ok(order) => Ok(printer.print(&order, || format!("{done} {}", printer.summary(&order)))?),
        Err(Error::Conflict(conflict)) => {
            print_conflict(printer, &conflict, instead);
            Err(Rejected.into())
        }
        Err(other) => Err(other.into()),
    }
}

fn print_conflict(printer: &Printer, conflict: &Conflict, instead: impl Fn(String) -> String) {
    let Conflict { datetime, calendar, minimum_gap, conflicts_with, nearest_free } = conflict;
    let time = |at| printer.zone.format_with_weekday(at);
    let orders =
        conflicts_with.iter().map(|it| format!("order {} at {}", it.id, time(it.datetime)));
    print_message(&format!(
        "rejected: {} is less than {} from {} in {calendar}",
        time(*datetime),
        minimum_gap.in_words(),
        orders.collect::<Vec<_>>().join(" and "),
    ));
    let free: Vec<Timestamp> =
        [nearest_free.before, nearest_free.after].into_iter().flatten().collect();
    match free.as_slice() {
        [] => print_message("no time near it is free"),
        [_] => print_message("the nearest free time:"),
        _ => print_message("the nearest free times:"),
    }
    for at in free {
        print_message(&format!("  {}", instead(printer.zone.format_rfc3339(at))));
    }
}
