//! A new database: whether it takes orders as fast after half a minute as at the start.
//!
//! Nothing is filled in or analyzed, so the service's prepared statements keep plans that were made while its
//! tables were empty.

use super::*;

/// How long one rate is measured.
const WINDOW: Duration = Duration::from_secs(3);

/// The lowest rate of the last window, as a ratio to that of the first.
const MIN_RATIO: f64 = 0.9;

/// How many different days there are.
const DAYS: u64 = 1 << 20;

/// An odd number near the golden section of [`DAYS`], so that its multiples are all days in a mixed order.
const STRIDE: u64 = 648_055;

/// Creates orders in one calendar of a new database.
pub(super) fn run(cli: &Cli, program: &Path) -> Result<Section> {
    let database = Database::start(&[])?;
    let service = database.start_service(program)?;
    database.add_calendars(1)?;
    let windows: u32 = if cli.quick { 4 } else { 10 };
    let (schedule, connections) = (Schedule::Closed(WINDOW * windows), cli.connections.into());
    let mut number = 0;
    let samples = load::run(service.address(), schedule, connections, Some(201), |_, out| {
        number += 1;
        let day = Value::Midnight(number * STRIDE % DAYS);
        let id = Value::Plain(number);
        Workload::Create
            .write(&[("id", id), ("calendar", Value::Plain(1)), ("datetime", day)], out);
    })?;
    let mut rates = vec![0.0; windows as usize];
    for sample in samples {
        let window = ((sample.due + sample.latency).as_nanos() / WINDOW.as_nanos()) as usize;
        if let Some(rate) = rates.get_mut(window) {
            *rate += 1.0 / WINDOW.as_secs_f64();
        }
    }

    let mut section = Section::new("fresh");
    let mut table = Table::new("seconds | creates/s | ratio to the first");
    for (start, rate) in (0..).step_by(WINDOW.as_secs() as usize).zip(&rates) {
        table.row(format!("{start} to {}", start + WINDOW.as_secs()), &[*rate, rate / rates[0]]);
    }
    let ratio = rates[rates.len() - 1] / rates[0];
    section.at_least("the last rate as a ratio to the first", ratio, MIN_RATIO);
    section.text = format!(
        "Creates in one calendar of a new database, each on a day of its own in a mixed order; {connections} \
         connections.\n\n{table}"
    );
    Ok(section)
}
