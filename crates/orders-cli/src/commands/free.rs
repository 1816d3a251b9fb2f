//! `orders free`

use anyhow::{Result, ensure};
use orders_client::Client;
use orders_core::{Interval, Timestamp};

use super::now;
use crate::arguments::FreeArgs;
use crate::print::{Printer, print_message};

const MINUTE_MICROS: i64 = 60 * 1_000_000;

/// The length of the window by default.
const WEEK_MICROS: i64 = 7 * 24 * 60 * MINUTE_MICROS;

/// Prints the intervals in which an order could start.
pub(super) async fn run(client: &Client, printer: &Printer, arguments: &FreeArgs) -> Result<()> {
    let FreeArgs { day, calendar, from, to } = arguments;
    let (now, zone) = (now(), &printer.zone);
    let (from, to) = match day {
        Some(day) => day.bounds(zone, now)?,
        None => {
            let from =
                from.as_ref().map_or(Ok(next_minute(now)), |from| from.boundary(zone, now))?;
            let week_later = || Ok(from.plus_micros(WEEK_MICROS).unwrap_or(Timestamp::MAX));
            (from, to.as_ref().map_or_else(week_later, |to| to.boundary(zone, now))?)
        }
    };
    ensure!(from < to, "there is no time from {} to {}", zone.format(from), zone.format(to));
    let free = client.availability(calendar, Interval { from, to }).await?;
    let time = |at| zone.format_with_weekday(at);
    // An interval does not include its end. The end of the window is not the last free time.
    let last = |it: &Interval| it.to.plus_micros(-1).filter(|_| it.to < to).unwrap_or(it.to);
    printer.print_all(&free, ["FROM", "TO"], |it| [time(it.from), time(last(it))])?;
    if free.is_empty() && !printer.is_json() {
        print_message(&format!("nothing is free from {} to {}", time(from), time(to)));
    }
    Ok(())
}

/// The first full minute that is not before this time.
fn next_minute(at: Timestamp) -> Timestamp {
    at.plus_micros((-at.as_micros()).rem_euclid(MINUTE_MICROS)).unwrap_or(at)
}
