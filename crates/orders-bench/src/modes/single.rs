//! One client that sends one request at a time, to this release and to another.

use anyhow::Context as _;
use orders_testkit::program;

use super::*;

/// The highest median latency, as a ratio to that of the other release.
const MAX_RATIO: f64 = 1.05;

/// How long one release is asked before the other has its turn.
const TURN: Duration = Duration::from_millis(250);

/// Asks both releases the same, by turns, each with a database of its own on one server.
pub(super) fn run(cli: &Cli, program: &Path) -> Result<Section> {
    let before = program::find(Some(cli.before.as_deref().context("there is no --before")?))?;
    let server = Database::start(&[])?;
    let orders = cli.orders.unwrap_or(if cli.quick { 50_000 } else { 100_000 });
    let dataset = Dataset { orders, calendars: cli.calendars };
    let start = |program: &Path, name: &str| {
        Bench::start(program, server.beside(name.to_owned())?, dataset, 1)
    };
    let mut benches = [start(&before, "before")?, start(program, "present")?];
    let duration = cli.duration() * cli.rounds();

    let mut section = Section::new("single");
    let mut table = Table::new("row | p50 before, ms | p50, ms | ratio | p99 before, ms | p99, ms");
    for workload in [Workload::GetOne, Workload::Create] {
        benches.iter_mut().try_for_each(|bench| bench.probe(workload))?;
        let mut latencies = [Vec::new(), Vec::new()];
        for turn in turns(duration) {
            let samples = benches[turn].closed_loop(workload, TURN)?;
            latencies[turn].extend(samples.iter().map(|sample| millis(sample.latency)));
        }
        let [p50, p99] =
            [50.0, 99.0].map(|percent| latencies.each_ref().map(|all| percentile(all, percent)));
        let (title, ratio) = (workload.spec().title, p50[1] / p50[0]);
        table.row(title, &[p50[0], p50[1], ratio, p99[0], p99[1]]);
        section.at_most(format_args!("{title}: p50 as a ratio to before"), ratio, MAX_RATIO);
    }
    section.text = format!(
        "{} orders in {} calendars. One connection, on which the next request follows the last answer; {} s for each \
         release, which take turns of {} ms.\n\n{table}",
        figure(orders as f64),
        cli.calendars,
        duration.as_secs(),
        TURN.as_millis(),
    );
    Ok(section)
}

/// Whose turn it is, until each had so much time. Each is as often first as second, so that no trend favors one.
fn turns(duration: Duration) -> impl Iterator<Item = usize> {
    let pairs = duration.as_millis() / TURN.as_millis();
    (0..pairs).flat_map(|pair| if pair % 2 == 0 { [0, 1] } else { [1, 0] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_release_is_as_often_first_as_second() {
        assert_eq!(turns(Duration::from_secs(1)).collect::<Vec<_>>(), [0, 1, 1, 0, 0, 1, 1, 0]);
    }
}
