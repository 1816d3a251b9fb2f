//! `orders show`, `orders history`

use anyhow::Result;
use orders_client::Client;
use orders_core::{Order, OrderId};

use super::now;
use crate::arguments::ShowArgs;
use crate::print::{Printer, reference, services, what_happened};
use crate::printable::printable;

/// Prints an order with all its fields.
pub(super) async fn order(client: &Client, printer: &Printer, arguments: &ShowArgs) -> Result<()> {
    let mut get = client.get(&arguments.id);
    if let Some(version) = arguments.version {
        get = get.version(version);
    }
    if let Some(at) = &arguments.at {
        get = get.at(at.boundary(&printer.zone, now())?);
    }
    let order = get.await?;
    Ok(printer.print(&order, || details(printer, &order))?)
}

fn details(printer: &Printer, order: &Order) -> String {
    let time = |at| printer.zone.format_with_weekday(at);
    let mut lines = vec![
        ("id", order.id.to_string()),
        ("time", time(order.datetime)),
        ("calendar", order.calendar.to_string()),
        ("services", services(order)),
        ("fee", order.totalfee.to_string()),
        ("reference", reference(order)),
    ];
    let metadata = order.metadata.entries();
    lines.extend(metadata.iter().map(|(key, value)| ("metadata", format!("{key}={value}"))));
    lines.extend([
        ("version", order.version.to_string()),
        ("booked", time(order.created_at)),
        ("changed", time(order.updated_at)),
    ]);
    lines.retain(|(_, value)| !value.is_empty());
    let lines = lines.iter().map(|(name, value)| format!("{name:9}  {}", printable(value)));
    lines.collect::<Vec<_>>().join("\n")
}

/// Prints what happened to an order.
pub(super) async fn history(client: &Client, printer: &Printer, id: &OrderId) -> Result<()> {
    let changes = client.history(id).all().await?;
    let titles = ["WHEN", "WHAT", "VERSION", "BY", "TIME", "CALENDAR", "SERVICES", "FEE"];
    Ok(printer.print_all(&changes, titles, |change| {
        [
            printer.zone.format(change.timestamp),
            what_happened(change.change_type).to_owned(),
            change.data.version.to_string(),
            change.client.clone().unwrap_or_default(),
            printer.zone.format_with_weekday(change.data.datetime),
            change.data.calendar.to_string(),
            services(&change.data),
            change.data.totalfee.to_string(),
        ]
    })?)
}
