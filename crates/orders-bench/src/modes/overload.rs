//! Twice the load that the service can carry: what it serves, what it refuses, and how soon it recovers.

use super::*;

/// How long the load is half of what can be carried, before and after.
const NORMAL: Duration = Duration::from_secs(5);

/// How finely the recovery is measured.
const WINDOW: Duration = Duration::from_millis(100);

/// A window after the overload is healthy if its p99 is within so many times the p99 before, or within so many milliseconds.
const HEALTHY_RATIO: f64 = 2.0;
const HEALTHY_P99: f64 = 10.0;

/// The longest p99 of the requests that are served and of those that are refused, and the longest recovery, in milliseconds.
const MAX_SERVED_P99: f64 = 500.0;
const MAX_REFUSED_P99: f64 = 100.0;
const MAX_RECOVERY: f64 = 1000.0;

/// The lowest share that is still served of what the service can carry next to an idle generator.
const MIN_SERVED: f64 = 0.5;

/// Overloads the service with reads, with creates and with lists.
pub(super) fn run(cli: &Cli, program: &Path) -> Result<Section> {
    let dataset = Dataset { orders: cli.orders.unwrap_or(100_000), calendars: cli.calendars };
    let mut bench = Bench::start(program, Database::start(&[])?, dataset, cli.connections)?;
    let process = bench.process();
    let overload = Duration::from_secs(if cli.quick { 4 } else { 10 });
    let mut section = Section::new("overload");
    let mut table = Table::new(
        "row | most/s | offered/s | served/s | refused/s (503) | other | p99 before, ms | p99 served, ms | p99 refused, ms | p99 sent late, ms | recovery, ms | peak MiB",
    );
    for workload in cli.rows(&[Workload::GetOne, Workload::Create, Workload::List]) {
        let spec = workload.spec();
        bench.probe(workload)?;
        bench.throughput(workload, Duration::from_secs(1))?;
        let most = bench.throughput(workload, cli.duration())?.rate();
        bench.reset(workload)?;
        process.reset_peak();
        let phases = [(0.5, NORMAL), (2.0, overload), (0.5, NORMAL)];
        let phases = phases.map(|(share, duration)| Phase { rate: most * share, duration });
        let samples = bench.open_loop(workload, &phases)?;
        let outcome = Outcome::new(&samples, spec.status, overload);
        table.row(
            spec.title,
            &[
                most,
                2.0 * most,
                outcome.served,
                outcome.refused,
                outcome.others,
                outcome.p99_before,
                outcome.p99_served,
                outcome.p99_refused,
                outcome.p99_late,
                outcome.recovery,
                process.peak_memory()?,
            ],
        );
        // A generator of that many reads is itself too slow, and measures itself.
        if workload != Workload::GetOne {
            outcome.check(&mut section, spec.title, most);
        }
        bench.reset(workload)?;
    }
    section.text = format!(
        "{} s at twice the most that the service answered a closed loop of {} connections; before and after at half \
         of it. Requests are sent when they are due, on up to 8,000 connections, by a process on the same cores.\n\n{table}",
        overload.as_secs(),
        cli.connections,
    );
    Ok(section)
}

/// What became of the requests during the overload. All times are in milliseconds.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    /// How many were served a second, and how many refused.
    served: f64,
    refused: f64,
    /// How many answers were neither, before and after too.
    others: f64,
    p99_before: f64,
    p99_served: f64,
    p99_refused: f64,
    /// How long after they were due requests were sent: what the generator itself could not do.
    p99_late: f64,
    /// From the end of the overload to the end of the last window that was not healthy.
    recovery: f64,
}

impl Outcome {
    fn new(samples: &[Sample], expected: u16, overload: Duration) -> Self {
        let end = NORMAL + overload;
        let latencies = |from: Duration, to: Duration, status: u16| -> Vec<f64> {
            let in_time = samples.iter().filter(|sample| (from..to).contains(&sample.due));
            let such = in_time.filter(|sample| sample.status == status);
            such.map(|sample| millis(sample.latency)).collect()
        };
        let p99 = |latencies: &[f64]| percentile(latencies, 99.0);
        let (served, refused) = (latencies(NORMAL, end, expected), latencies(NORMAL, end, 503));
        let during = samples.iter().filter(|sample| (NORMAL..end).contains(&sample.due));
        let late: Vec<_> = during.map(|sample| millis(sample.late)).collect();
        let others = samples.iter().filter(|sample| ![expected, 503].contains(&sample.status));
        let p99_before = p99(&latencies(NORMAL / 4, NORMAL, expected));
        let bound = HEALTHY_P99.max(p99_before * HEALTHY_RATIO);

        let last = samples.iter().map(|sample| sample.due).max().unwrap_or(end);
        let windows = (0..).map(|number| end + WINDOW * number).take_while(|start| *start <= last);
        let unhealthy = windows.filter(|start| {
            let window = *start..*start + WINDOW;
            let sent = samples.iter().filter(|sample| window.contains(&sample.due));
            let failed = sent.filter(|sample| sample.status != expected).count() > 0;
            failed || p99(&latencies(window.start, window.end, expected)) > bound
        });
        let recovery = unhealthy.last().map_or(Duration::ZERO, |start| start + WINDOW - end);
        Self {
            served: served.len() as f64 / overload.as_secs_f64(),
            refused: refused.len() as f64 / overload.as_secs_f64(),
            others: others.count() as f64,
            p99_before,
            p99_served: p99(&served),
            p99_refused: p99(&refused),
            p99_late: p99(&late),
            recovery: millis(recovery),
        }
    }

    /// Checks the bounds; `most` is the rate that the service can carry.
    fn check(&self, section: &mut Section, title: &str, most: f64) {
        let share = self.served / most;
        section.at_least(format_args!("{title}: served, of what it can carry"), share, MIN_SERVED);
        for (what, value, bound) in [
            ("p99 of the served, ms", self.p99_served, MAX_SERVED_P99),
            ("p99 of the refused, ms", self.p99_refused, MAX_REFUSED_P99),
            ("recovery, ms", self.recovery, MAX_RECOVERY),
            ("answers that are neither", self.others, 0.0),
        ] {
            section.at_most(format_args!("{title}: {what}"), value, bound);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_ends_with_the_last_window_that_is_not_healthy() {
        let at = |due, latency, status| {
            let [due, latency] = [due, latency].map(Duration::from_millis);
            Sample { due, late: Duration::ZERO, latency, status }
        };
        let samples = [
            at(2500, 1, 200),
            at(5100, 900, 200),
            at(5200, 1, 503),
            at(5300, 1, 0),
            at(6010, 50, 200),
            at(6110, 1, 200),
            at(6210, 1, 503),
            at(6310, 9, 200),
        ];
        let outcome = Outcome::new(&samples, 200, Duration::from_secs(1));
        assert_eq!((outcome.served, outcome.refused, outcome.others), (1.0, 1.0, 1.0));
        assert_eq!((outcome.p99_served, outcome.recovery), (900.0, 300.0));
        let mut section = Section::new("overload");
        outcome.check(&mut section, "row", 2.0);
        let served = "row: p99 of the served, ms: 900 is more than 500";
        let others = "row: answers that are neither: 1.00 is more than 0";
        assert_eq!(section.missed, [served, others]);
        outcome.check(&mut section, "row", 2.5);
        assert_eq!(section.missed[2], "row: served, of what it can carry: 0.40 is less than 0.50");
    }
}
