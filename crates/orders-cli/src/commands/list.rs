//! `orders list`, `orders services`, `orders calendars`

use anyhow::{Result, ensure};
use orders_client::Client;
use orders_core::{Direction, OrderFilter};

use super::{check_exist, now};
use crate::arguments::{FilterArgs, ListArgs};
use crate::print::{Printer, print_message};
use crate::time::{Day, Zone};

/// Prints the first orders that match.
pub(super) async fn orders(client: &Client, printer: &Printer, arguments: &ListArgs) -> Result<()> {
    let now = now();
    let mut filter = arguments.filter.filter(&printer.zone)?;
    match arguments.day {
        Some(day) => {
            let (from, to) = day.bounds(&printer.zone, now)?;
            (filter.from, filter.to) = (Some(from), Some(to));
        }
        // In reverse they begin with the last order there is.
        None if !arguments.reverse && filter.from.is_none() => {
            filter.from = Some(Day::FromToday(0).bounds(&printer.zone, now)?.0);
        }
        None => {}
    }
    check_exist(client, filter.calendar.as_ref(), filter.service.as_ref()).await?;
    let direction = if arguments.reverse { Direction::Descending } else { Direction::Ascending };
    let (mut list, mut orders) = (client.orders(&filter, direction), Vec::new());
    let limit = arguments.limit as usize;
    while orders.len() <= limit
        && let Some(order) = list.try_next().await?
    {
        orders.push(order);
    }
    let has_more = orders.len() > limit;
    orders.truncate(limit);
    printer.print_orders(&orders)?;
    if has_more {
        print_message(&format!(
            "there are more than {limit} orders; see more with --limit, or all with orders export"
        ));
    } else if orders.is_empty() && !printer.is_json() {
        print_message("there are no such orders");
    }
    Ok(())
}

/// Prints all services.
pub(super) async fn services(client: &Client, printer: &Printer) -> Result<()> {
    let services = client.services().all().await?;
    Ok(printer
        .print_all(&services, ["ID", "NAME"], |it| [it.id.to_string(), it.name.to_string()])?)
}

/// Prints all calendars.
pub(super) async fn calendars(client: &Client, printer: &Printer) -> Result<()> {
    let calendars = client.calendars().all().await?;
    let titles = ["ID", "NAME", "MINIMUM GAP"];
    Ok(printer.print_all(&calendars, titles, |it| {
        [it.id.to_string(), it.name.to_string(), it.minimum_gap.in_words()]
    })?)
}

impl FilterArgs {
    /// The filter for the service.
    ///
    /// # Errors
    /// If a time does not exist in the zone, or twice.
    pub(super) fn filter(&self, zone: &Zone) -> Result<OrderFilter> {
        let time = |text: &Option<crate::time::TimeText>| {
            text.as_ref().map(|text| text.boundary(zone, now())).transpose()
        };
        let (from, to) = (time(&self.from)?, time(&self.to)?);
        if let (Some(from), Some(to)) = (from, to) {
            let (first, last) = (zone.format(from), zone.format(to));
            ensure!(from < to, "there is no time from {first} to {last}");
        }
        Ok(OrderFilter {
            calendar: self.calendar.clone(),
            service: self.service.clone(),
            reference: self.reference.clone(),
            from,
            to,
        })
    }
}
