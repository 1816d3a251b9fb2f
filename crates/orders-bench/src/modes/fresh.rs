//! A new database: whether it takes orders as fast after half a minute as at the start.
//!
//! Nothing is filled in or analyzed, so the service's prepared statements keep plans that were made while its
//! tables were empty.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};

use crate::cli::Cli;
use crate::client::Client;
use crate::database::Server;
use crate::dataset::Day;
use crate::modes::Section;
use crate::service::Service;
use crate::table::{Table, figure};

/// How long one rate is measured.
const WINDOW: Duration = Duration::from_secs(3);

/// The least rate of the last window, as a ratio to that of the first.
const LEAST_RATIO: f64 = 0.9;

/// How many different times there are; a power of two.
const TIMES: u64 = 1 << 20;

/// An odd number near the golden section of [`TIMES`], so that its multiples are all times in a mixed order.
const STRIDE: u64 = 648_055;

/// What the orders are for.
const SERVICE: &str = r#"{"id":"1","name":"Service 1"}"#;

/// Creates orders in the calendar `default` of a new database.
///
/// # Errors
/// When service or database do not work, or an order is refused.
pub fn run(cli: &Cli, program: &Path) -> Result<Section> {
    let server = Server::start()?;
    let service = Service::start(program, &server.database())?;
    let added = service.client()?.send("POST", "/services", Some(SERVICE))?;
    ensure!(added.status == 201, "the service to order is answered {}", added.status);
    let windows = if cli.quick { 4 } else { 10 };
    let rates = rates(service.address(), cli.connections, windows)?;

    let mut table = Table::new(&["seconds", "creates/s", "ratio to the first"]);
    for (number, rate) in rates.iter().enumerate() {
        let from = number as u64 * WINDOW.as_secs();
        let seconds = format!("{from} to {}", from + WINDOW.as_secs());
        table.row([seconds, figure(*rate), figure(rate / rates[0])]);
    }
    let text = format!(
        "Creates in the calendar `default` of a new database, at times of their own in a mixed order; {} \
         connections.\n\n{table}",
        cli.connections
    );
    Ok(Section { name: "fresh", text, failures: shortfall(&rates).into_iter().collect() })
}

/// Creates a second in each window.
fn rates(address: SocketAddr, connections: u16, windows: usize) -> Result<Vec<f64>> {
    let next = AtomicU64::new(0);
    let start = Instant::now();
    let end = WINDOW * u32::try_from(windows)?;
    let client = || -> Result<Vec<u64>> {
        let mut connection = Client::connect(address)?;
        let mut created = vec![0; windows];
        loop {
            let body = body(next.fetch_add(1, Ordering::Relaxed));
            let answer = connection.send("POST", "/orders", Some(&body))?;
            let text = String::from_utf8_lossy(&answer.body);
            ensure!(answer.status == 201, "{body} is answered {} {text}", answer.status);
            let now = start.elapsed();
            if now >= end {
                return Ok(created);
            }
            created[(now.as_nanos() / WINDOW.as_nanos()) as usize] += 1;
        }
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..connections).map(|_| scope.spawn(client)).collect();
        let mut rates = vec![0.0; windows];
        for client in clients {
            let created = client.join().map_err(|_| anyhow!("a client panicked"))??;
            for (rate, created) in rates.iter_mut().zip(created) {
                *rate += created as f64 / WINDOW.as_secs_f64();
            }
        }
        Ok(rates)
    })
}

/// An order at a time of its own, a gap or more from every other.
fn body(number: u64) -> String {
    let slot = number * STRIDE % TIMES;
    let (day, hour) = (Day(slot / 8), slot % 8 * 3);
    format!(r#"{{"datetime":"{day}T{hour:02}:00:00Z","totalfee":99.95,"services":[{{"id":"1"}}]}}"#)
}

fn shortfall(rates: &[f64]) -> Option<String> {
    let ratio = rates.last()? / rates.first()?;
    (ratio < LEAST_RATIO)
        .then(|| format!("the last {WINDOW:?}: {} of the first, not {LEAST_RATIO}", figure(ratio)))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_order_has_a_time_of_its_own() {
        let bodies: HashSet<_> = (0..TIMES / 8).map(body).collect();
        assert_eq!(bodies.len() as u64, TIMES / 8);
        assert!(bodies.contains(&body(TIMES)), "the times begin again only after all of them");
    }

    #[test]
    fn a_rate_that_falls_falls_short() {
        assert_eq!(shortfall(&[1000.0, 500.0, 900.0]), None);
        assert_eq!(shortfall(&[1000.0, 899.0]).unwrap(), "the last 3s: 0.90 of the first, not 0.9");
    }
}
