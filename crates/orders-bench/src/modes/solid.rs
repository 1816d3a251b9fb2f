//! A calendar that is booked solid for decades against one that is for days.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};

use crate::cli::Cli;
use crate::client::Client;
use crate::database::{Database, Server};
use crate::modes::Section;
use crate::samples::median;
use crate::service::Service;
use crate::table::{Table, figure};

/// Orders back to back from 2000 on.
const FILL: &str = include_str!("../../sql/solid.sql");

const FEW: u64 = 100;
const MANY: u64 = 100_000;

/// The most that the large calendar may cost, as a ratio to the small one.
const MOST_TIMES: f64 = 3.0;

/// A calendar with so many orders back to back, and what is asked in the middle of them.
struct Calendar {
    id: u64,
    month: String,
    body: String,
}

/// Asks both calendars the same, by turns.
///
/// # Errors
/// When service or database do not work.
pub fn run(cli: &Cli, program: &Path) -> Result<Section> {
    let server = Server::start()?;
    let database = server.database();
    let service = Service::start(program, &database)?;
    database.add_base(2)?;
    let few = calendar(&database, 1, FEW)?;
    let many = calendar(&database, 2, cli.orders.unwrap_or(MANY))?;
    database.settle()?;
    let mut client = service.client()?;
    let times = if cli.quick { 200 } else { 2000 };

    let mut table =
        Table::new(&["asked in the middle", "few, ms", "many, ms", "first in many, ms", "ratio"]);
    let mut failures = Vec::new();
    let asks: [(&str, Ask); 2] =
        [("availability of a month", availability), ("refused create", refused)];
    for (name, ask) in asks {
        let mut medians = [Vec::new(), Vec::new()];
        for _ in 0..times {
            for (calendar, millis) in [&few, &many].into_iter().zip(&mut medians) {
                let began = Instant::now();
                ask(&mut client, calendar)?;
                millis.push(began.elapsed().as_secs_f64() * 1e3);
            }
        }
        let ratio = median(&medians[1]) / median(&medians[0]);
        table.row([
            name.to_owned(),
            figure(median(&medians[0])),
            figure(median(&medians[1])),
            figure(medians[1][0]),
            figure(ratio),
        ]);
        if ratio > MOST_TIMES {
            failures.push(format!("{name}: {} times as slow in the large calendar", figure(ratio)));
        }
    }
    let text = format!(
        "Calendars with {FEW} and {} orders back to back; one client asks both in turn, {times} times; medians.\n\n{table}",
        figure(cli.orders.unwrap_or(MANY) as f64)
    );
    Ok(Section { name: "solid", text, failures })
}

type Ask = fn(&mut Client, &Calendar) -> Result<()>;

fn availability(client: &mut Client, calendar: &Calendar) -> Result<()> {
    let answer = client.send("GET", &calendar.month, None)?;
    ensure!(answer.status == 200, "the availability is answered {}", answer.status);
    Ok(())
}

fn refused(client: &mut Client, calendar: &Calendar) -> Result<()> {
    let answer = client.send("POST", "/orders", Some(&calendar.body))?;
    ensure!(
        answer.status == 409,
        "calendar {}: a taken time is answered {}",
        calendar.id,
        answer.status
    );
    Ok(())
}

fn calendar(database: &Database, id: u64, orders: u64) -> Result<Calendar> {
    let middle = database.sql(FILL, &[("calendar", id), ("count", orders)])?;
    let times: Vec<_> = middle.trim().split('|').collect();
    let [at, from, to] = times[..] else { anyhow::bail!("no times in {middle:?}") };
    Ok(Calendar {
        id,
        month: format!("/availability?calendar={id}&from={from}&to={to}"),
        body: format!(
            r#"{{"calendar":"{id}","datetime":"{at}","totalfee":100,"services":[{{"id":"1"}}]}}"#
        ),
    })
}
