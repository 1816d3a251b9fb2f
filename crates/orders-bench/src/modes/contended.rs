//! Many clients on one time: exactly one of them gets it, and none waits long.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::*;
use crate::dataset::{Dataset, FIRST_CREATED_ID, FIRST_ID};

/// How many clients there are.
const CLIENTS: usize = 32;

/// How long all clients ask for one time before they go on to the next.
const PERIOD: Duration = Duration::from_millis(100);

/// How many orders there are to be moved: more than requests are sent in a period, so that no order is moved twice in one.
const ORDERS: u64 = 6400;

/// The highest p99 on contended times, as a ratio to that on times that nobody else asks for.
const MAX_RATIO: f64 = 5.0;

/// The longest that a client may wait on contended times, in milliseconds.
const MAX_WORST: f64 = 250.0;

/// The first of the days that all clients ask for, and of those that nobody else does.
const CONTENDED_DAY: u64 = 1_000_000;
const OWN_DAY: u64 = 100_000;

/// Sends the requests, for times of their own and for contended ones.
pub(super) fn run(cli: &Cli, program: &Path) -> Result<Section> {
    let database = Database::start(&[])?;
    let service = database.start_service(program)?;
    database.fill(&Dataset { orders: ORDERS, calendars: 1 })?;
    let duration = Duration::from_secs(if cli.quick { 3 } else { 10 });
    let mut section = Section::new("contended");
    let mut table = Table::new(
        "write | contended times | won | refused | other | p50 ms | p99 ms | worst ms | p99 own times | ratio",
    );
    let mut clients = Clients { address: service.address(), number: 0 };
    for (title, workload) in
        [("create (POST)", Workload::Create), ("move (PUT)", Workload::Replace)]
    {
        let success = workload.spec().status;
        // Half of the comparison before, half after.
        let mut own = clients.run(workload, None, duration / 2)?;
        let first_day = CONTENDED_DAY + 1000 * u64::from(workload == Workload::Replace);
        let contended = clients.run(workload, Some(first_day), duration)?;
        own.extend(clients.run(workload, None, duration / 2)?);

        let [all, own] = [&contended, &own]
            .map(|samples| samples.iter().map(|one| millis(one.latency)).collect::<Vec<_>>());
        let [p50, p99, worst] = [50.0, 99.0, 100.0].map(|percent| percentile(&all, percent));
        let own_p99 = percentile(&own, 99.0);
        let count = |status| contended.iter().filter(|one| one.status == status).count() as f64;
        let (won, refused) = (count(success), count(409));
        let others = contended.len() as f64 - won - refused;
        let winners = winners(&contended, success);
        let times = winners.len() as f64;
        let ratio = p99 / own_p99;
        table.row(title, &[times, won, refused, others, p50, p99, worst, own_p99, ratio]);

        let wrong: Vec<_> = winners.iter().filter(|(_, winners)| **winners != 1).collect();
        if !wrong.is_empty() {
            section.missed.push(format!("{title}: times with other than one winner: {wrong:?}"));
        }
        for (what, value, bound) in [
            ("other answers", others, 0.0),
            ("p99 as a ratio to that of own times", ratio, MAX_RATIO),
            ("worst, ms", worst, MAX_WORST),
        ] {
            section.at_most(format_args!("{title}: {what}"), value, bound);
        }
    }
    section.text = format!(
        "{CLIENTS} clients on one time of one calendar that moves on every {} ms, for {} s, and on times of \
         their own in the same calendar for as long, half before and half after. Of those on a time exactly one \
         wins it.\n\n{table}",
        PERIOD.as_millis(),
        duration.as_secs(),
    );
    Ok(section)
}

/// The clients, and how many requests they have sent.
struct Clients {
    address: SocketAddr,
    number: u64,
}

impl Clients {
    /// Sends creates or moves: each to a day of its own, or all of a period to one day, the first to this one.
    fn run(
        &mut self,
        workload: Workload,
        contended: Option<u64>,
        duration: Duration,
    ) -> Result<Vec<Sample>> {
        // Of those who want one time, all but one are refused.
        let expected = if contended.is_none() { Some(workload.spec().status) } else { None };
        load::run(self.address, Schedule::Closed(duration), CLIENTS, expected, |due, out| {
            self.number += 1;
            let id = match workload {
                Workload::Create => FIRST_CREATED_ID + self.number,
                _ => FIRST_ID + self.number % ORDERS,
            };
            let day = contended.map_or(OWN_DAY + self.number, |first| first + period(due));
            workload.write(&values(id, day), out);
        })
    }
}

/// The values of a request to create this order on this day, or to move it there.
fn values(id: u64, day: u64) -> [(&'static str, Value<u64>); 6] {
    [
        ("id", Value::Plain(id)),
        ("calendar", Value::Plain(1)),
        ("datetime", Value::Midnight(day)),
        ("totalfee", Value::Plain(100)),
        ("service", Value::Plain(1)),
        ("other", Value::Plain(2)),
    ]
}

/// The number of the period in which a request is due.
fn period(due: Duration) -> u64 {
    (due.as_nanos() / PERIOD.as_nanos()) as u64
}

/// How many requests of each period succeeded.
fn winners(samples: &[Sample], success: u16) -> BTreeMap<u64, usize> {
    let mut winners = BTreeMap::new();
    for sample in samples {
        *winners.entry(period(sample.due)).or_default() += usize::from(sample.status == success);
    }
    winners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_a_request_has_a_value() {
        for workload in [Workload::Create, Workload::Replace] {
            let mut out = Vec::new();
            workload.write(&values(1, 2), &mut out);
            let request = String::from_utf8(out).unwrap();
            assert!(!request.contains("\"\""), "{request}");
        }
    }

    #[test]
    fn winners_are_counted_by_period() {
        let at = |millis, status| Sample {
            due: Duration::from_millis(millis),
            late: Duration::ZERO,
            latency: Duration::ZERO,
            status,
        };
        let samples = [at(100, 201), at(199, 409), at(200, 409)];
        assert_eq!(winners(&samples, 201), BTreeMap::from([(1, 1), (2, 0)]));
    }
}
