//! What the service needs when nobody asks, and how soon it answers.

use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::Result;

use crate::database::Server;
use crate::modes::Section;
use crate::samples::median;
use crate::service::Service;
use crate::table::{Table, figure};

/// How often the service is started.
const STARTS: usize = 10;

/// The longest start, in milliseconds.
const MOST_START: f64 = 150.0;

/// The most memory, in MiB.
const MOST_MEMORY: f64 = 30.0;

/// Starts the service several times on a migrated database.
///
/// # Errors
/// When it does not start.
pub fn run(program: &Path) -> Result<Section> {
    let server = Server::start()?;
    let database = server.database();
    // The first start makes the schema.
    drop(Service::start(program, &database)?);
    let (mut starts, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let service = Service::start(program, &database)?;
        starts.push(service.first_answer().as_secs_f64() * 1e3);
        thread::sleep(Duration::from_millis(300));
        memory.push(service.process().memory()?);
    }
    let mut table = Table::new(&["at rest", "median", "worst"]);
    let worst = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
    let mut failures = Vec::new();
    let rows =
        [("start to first answer, ms", &starts, MOST_START), ("memory, MiB", &memory, MOST_MEMORY)];
    for (name, values, most) in rows {
        let (median, worst) = (figure(median(values)), worst(values));
        table.row([name.to_owned(), median, figure(worst)]);
        if worst > most {
            failures.push(format!("{name}: {}, not {most}", figure(worst)));
        }
    }
    let text = format!("{STARTS} starts on a migrated database.\n\n{table}");
    Ok(Section { name: "idle", text, failures })
}
