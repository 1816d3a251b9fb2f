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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_details_of_an_order_have_one_line_each_and_control_no_terminal() {
        let order = r#"{"id":"223","calendar":"default","datetime":"2026-11-24T08:00:00Z","totalfee":99.95,
            "services":[{"id":"123"}],"metadata":{"gate":"\u001b[2JB\nversion    9"},"version":1,
            "created_at":"2026-11-23T08:00:00Z","updated_at":"2026-11-23T08:00:00Z"}"#;
        let order: Order = serde_json::from_str(order).unwrap();
        let details = details(&Printer::for_people(), &order);
        let expected = [
            "id         223",
            "time       Tue 2026-11-24 08:00 +00:00",
            "calendar   default",
            "services   123",
            "fee        99.95",
            r"metadata   gate=\u{1b}[2JB\u{a}version    9",
            "version    1",
            "booked     Mon 2026-11-23 08:00 +00:00",
            "changed    Mon 2026-11-23 08:00 +00:00",
        ];
        assert_eq!(details.lines().collect::<Vec<_>>(), expected);
    }
}
