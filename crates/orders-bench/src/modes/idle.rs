//! What the service needs while it has no requests, and how soon it answers after its start.

use std::thread;

use super::*;
use crate::procfs::Process;

/// How often the service is started.
const STARTS: usize = 10;

/// The longest start, in milliseconds.
const MAX_START: f64 = 150.0;

/// The most memory, in MiB.
const MAX_MEMORY: f64 = 30.0;

/// Starts the service several times on a migrated database.
pub(super) fn run(_: &Cli, program: &Path) -> Result<Section> {
    let database = Database::start(&[])?;
    // The first start makes the schema.
    drop(database.start_service(program)?);
    let (mut starts, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let service = database.start_service(program)?;
        starts.push(millis(service.startup()));
        thread::sleep(Duration::from_millis(300));
        memory.push(Process(service.id()).memory()?);
    }
    let mut section = Section::new("idle");
    let mut table = Table::new("at rest | median | worst");
    for (name, values, bound) in
        [("start to first answer, ms", &starts, MAX_START), ("memory, MiB", &memory, MAX_MEMORY)]
    {
        let worst = percentile(values, 100.0);
        table.row(name, &[median(values), worst]);
        section.at_most(name, worst, bound);
    }
    section.text = format!("{STARTS} starts on a migrated database.\n\n{table}");
    Ok(section)
}
