//! A calendar that is booked solid for decades against one that is for days.

use super::*;
use crate::dataset::FIRST_KEY;

const FEW: u64 = 100;
const MANY: u64 = 100_000;

/// The month that is asked for, and the day in it around which both calendars are booked.
const MONTH: u64 = 500 * 12 * 28;
const MIDDLE: u64 = MONTH + 14;

/// The highest latency in the large calendar, as a ratio to that in the small one.
const MAX_RATIO: f64 = 3.0;

/// Asks both calendars the same, by turns.
pub(super) fn run(cli: &Cli, program: &Path) -> Result<Section> {
    let database = Database::start(&[])?;
    let service = database.start_service(program)?;
    database.add_calendars(2)?;
    let many = cli.orders.unwrap_or(MANY);
    let middle = Value::Midnight(MIDDLE).text("T", "Z");
    for (calendar, orders) in [(1, FEW), (2, many)] {
        database.sql(&format!(
            "SET session_replication_role = replica;
             INSERT INTO orders (id, calendar, minimum_gap, datetime, totalfee, services)
             SELECT ({calendar} * 50000000 + number)::text, {FIRST_KEY} + {calendar}, interval '3 hours',
                    timestamptz '{middle}' + (number - {orders} / 2) * interval '3 hours', 100, ARRAY['1']
               FROM generate_series(0, {orders}::bigint - 1) AS number;
             INSERT INTO order_services (service, datetime, order_id, calendar)
             SELECT '1', datetime, id, calendar FROM orders WHERE calendar = {FIRST_KEY} + {calendar}"
        ))?;
    }
    database.vacuum()?;
    let duration = Duration::from_secs(if cli.quick { 1 } else { 5 });

    let mut section = Section::new("solid");
    let mut table =
        Table::new("asked in the middle | few, ms | many, ms | first in many, ms | ratio");
    for workload in [Workload::Availability, Workload::Refused] {
        let (schedule, spec) = (Schedule::Closed(duration), workload.spec());
        let mut calendars = [1, 2].into_iter().cycle();
        let samples = load::run(service.address(), schedule, 1, Some(spec.status), |_, out| {
            let values = [
                ("calendar", Value::Plain(calendars.next().unwrap_or_default())),
                ("from", Value::Midnight(MONTH)),
                ("to", Value::Midnight(MONTH + 28)),
                ("id", Value::Plain(1)),
                ("datetime", Value::Midnight(MIDDLE)),
            ];
            workload.write(&values, out);
        })?;
        let latencies: Vec<_> = samples.iter().map(|sample| millis(sample.latency)).collect();
        // There is one connection, so the answers come in the order of the requests.
        let [few, many] = [0, 1]
            .map(|first| latencies.iter().skip(first).step_by(2).copied().collect::<Vec<_>>());
        let ratio = median(&many) / median(&few);
        let first = many.first().copied().unwrap_or(f64::NAN);
        table.row(spec.title, &[median(&few), median(&many), first, ratio]);
        section.at_most(format_args!("{}: ratio", spec.title), ratio, MAX_RATIO);
    }
    section.text = format!(
        "Calendars with {FEW} and {} orders back to back; one client asks both in turn, for {} s; medians.\n\n{table}",
        figure(many as f64),
        duration.as_secs()
    );
    Ok(section)
}
