//! Many clients on one time: exactly one of them wins it, and nobody waits long.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::cli::Cli;
use crate::client::Client;
use crate::database::Server;
use crate::dataset::{Dataset, Day, FIRST_ID};
use crate::modes::Section;
use crate::samples::Latencies;
use crate::service::Service;
use crate::table::{Table, figure};

/// How many clients there are.
const CLIENTS: u64 = 32;

/// How long one time stays hot.
const STAYS: Duration = Duration::from_millis(100);

/// How many orders each client has to move: one for each time that it may win.
const ORDERS_EACH: u64 = 200;

/// The highest p99 on hot times, as a ratio to that on times that nobody else wants.
const MOST_TIMES: f64 = 5.0;

/// The longest that anybody may wait on hot times, in milliseconds.
const MOST_WORST: f64 = 250.0;

/// The day of the first hot time; the times that nobody else wants come after those of the moved orders.
const HOT: u64 = 1_000_000;
const COLD: u64 = 100_000;

/// What the clients do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Write {
    Create,
    Move,
}

/// One request and its answer.
struct Attempt {
    /// Which hot time; the clients' own times have none.
    time: Option<u64>,
    status: u16,
    latency: Duration,
}

/// Lets the clients loose, on their own times and on hot ones.
///
/// # Errors
/// When service or database do not work.
pub fn run(cli: &Cli, program: &Path) -> Result<Section> {
    let server = Server::start()?;
    let database = server.database();
    let service = Service::start(program, &database)?;
    database.fill(&Dataset { orders: CLIENTS * ORDERS_EACH, calendars: 1 })?;
    let long = Duration::from_secs(if cli.quick { 3 } else { 10 });
    let mut table = Table::new(&[
        "write",
        "hot times",
        "won",
        "refused",
        "other",
        "p50 ms",
        "p99 ms",
        "worst ms",
        "p99 own times",
        "ratio",
    ]);
    let mut failures = Vec::new();
    for write in [Write::Create, Write::Move] {
        let race = Race { address: service.address(), write, long };
        // Half of the comparison before, half after.
        let before = Race { long: long / 2, ..race }.run(false, 0)?;
        let hot = race.run(true, 0)?;
        let after = Race { long: long / 2, ..race }.run(false, 1)?;
        let name = if write == Write::Create { "create (POST)" } else { "move (PUT)" };

        let own: Latencies = before.iter().chain(&after).map(|attempt| attempt.latency).collect();
        let all: Latencies = hot.iter().map(|attempt| attempt.latency).collect();
        let ratio = all.percentile(99.0) / own.percentile(99.0);
        let count = |status| hot.iter().filter(|attempt| attempt.status == status).count();
        let (won, refused) = (count(write.won()), count(409));
        let winners = winners(&hot, write.won());
        table.row([
            name.to_owned(),
            winners.len().to_string(),
            won.to_string(),
            refused.to_string(),
            (hot.len() - won - refused).to_string(),
            figure(all.percentile(50.0)),
            figure(all.percentile(99.0)),
            figure(all.worst()),
            figure(own.percentile(99.0)),
            figure(ratio),
        ]);
        let wrong: Vec<_> = winners.iter().filter(|(_, winners)| **winners != 1).collect();
        let odd = before.iter().chain(&after).find(|attempt| attempt.status != write.won());
        for (failed, what) in [
            (hot.len() > won + refused, format!("{} other answers", hot.len() - won - refused)),
            (!wrong.is_empty(), format!("times with other than one winner: {wrong:?}")),
            (odd.is_some(), format!("on own times, an answer was {:?}", odd.map(|odd| odd.status))),
            (ratio > MOST_TIMES, format!("p99 is {} times that on own times", figure(ratio))),
            (all.worst() > MOST_WORST, format!("the worst took {} ms", figure(all.worst()))),
        ] {
            if failed {
                failures.push(format!("{name}: {what}"));
            }
        }
    }
    let text = format!(
        "{CLIENTS} clients on one time of one calendar that moves on every {} ms, for {} s, and on times of \
         their own in the same calendar for as long, half before and half after. Of those on a time exactly one \
         wins it.\n\n{table}",
        STAYS.as_millis(),
        long.as_secs(),
    );
    Ok(Section { name: "contended", text, failures })
}

/// How many winners each time had.
fn winners(attempts: &[Attempt], won: u16) -> BTreeMap<u64, usize> {
    let mut winners = BTreeMap::new();
    for attempt in attempts {
        if let Some(time) = attempt.time {
            *winners.entry(time).or_default() += usize::from(attempt.status == won);
        }
    }
    winners
}

impl Write {
    fn won(self) -> u16 {
        if self == Self::Create { 201 } else { 200 }
    }
}

#[derive(Clone, Copy)]
struct Race {
    address: SocketAddr,
    write: Write,
    long: Duration,
}

impl Race {
    /// All attempts of all clients, on hot times or on their own. No two runs on own times share a number.
    fn run(self, hot: bool, number: u64) -> Result<Vec<Attempt>> {
        let start = Instant::now();
        thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|client| scope.spawn(move || self.client(client, hot, number, start)))
                .collect();
            let mut attempts = Vec::new();
            for client in clients {
                attempts.extend(client.join().map_err(|_| anyhow!("a client panicked"))??);
            }
            Ok(attempts)
        })
    }

    fn client(self, client: u64, hot: bool, number: u64, start: Instant) -> Result<Vec<Attempt>> {
        let mut connection = Client::connect(self.address)?;
        let mut attempts = Vec::new();
        let mut won = 0;
        let mut tried = 0;
        while start.elapsed() < self.long {
            let time = hot.then(|| (start.elapsed().as_millis() / STAYS.as_millis()) as u64);
            // Creations and moves have hot times of their own; so has each client on its own.
            let write = u64::from(self.write == Write::Move);
            let day = match time {
                Some(time) => HOT + 1000 * write + time,
                None => COLD + ((write * 2 + number) * CLIENTS + client) * 5000 + tried,
            };
            let order = FIRST_ID + client * ORDERS_EACH + if hot { won } else { 0 };
            let (method, path) = match self.write {
                Write::Create => ("POST", "/orders".to_owned()),
                Write::Move => ("PUT", format!("/orders/{order}")),
            };
            let sent = Instant::now();
            let answer = connection.send(method, &path, Some(&body(Day(day))))?;
            attempts.push(Attempt { time, status: answer.status, latency: sent.elapsed() });
            tried += 1;
            won += u64::from(answer.status == self.write.won());
        }
        Ok(attempts)
    }
}

fn body(day: Day) -> String {
    format!(
        r#"{{"calendar":"1","datetime":"{day}T00:00:00Z","totalfee":100,"services":[{{"id":"1"}}]}}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn winners_are_counted_by_time() {
        let attempt = |time, status| Attempt { time, status, latency: Duration::ZERO };
        let attempts = [
            attempt(Some(1), 201),
            attempt(Some(1), 409),
            attempt(Some(2), 409),
            attempt(None, 201),
        ];
        assert_eq!(winners(&attempts, 201), BTreeMap::from([(1, 1), (2, 0)]));
    }

    #[test]
    fn own_times_and_hot_times_stay_apart() {
        let last_own = COLD + (3 * CLIENTS + CLIENTS - 1) * 5000 + 4999;
        assert!(last_own < HOT && HOT + 2000 < 2_600_000);
    }
}
