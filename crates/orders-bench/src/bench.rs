//! A service with its data, ready to be measured: [`Bench`].

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use orders_testkit::Service;

use crate::dataset::{Dataset, FIRST_CREATED_ID, FIRST_DELETED_ID};
use crate::http;
use crate::load::{self, Sample};
use crate::pgbench::{self, Ceiling, Script};
use crate::postgres::Database;
use crate::procfs::Process;
use crate::recording::Recording;
use crate::schedule::{Phase, Schedule};
use crate::statistics::Throughput;
use crate::workload::{Numbers, Value, Workload};

/// No service and no pgbench is faster than so many writes a second.
const MAX_WRITES_PER_SECOND: u64 = 25_000;

/// The most connections of an open loop.
const MAX_CONNECTIONS: usize = 8_000;

/// How many clients of pgbench an import is compared with.
const IMPORT_CLIENTS: usize = 8;

/// A service on a database with orders, and the load on it.
pub(crate) struct Bench {
    pub(crate) dataset: Dataset,
    // Ends before its database.
    pub(crate) service: Service,
    pub(crate) database: Database,
    /// How many orders an export or import is of.
    pub(crate) bulk: u64,
    pub(crate) numbers: Numbers,
    /// How many connections a closed loop and pgbench have.
    pub(crate) connections: u16,
}

impl Bench {
    /// Starts the service, which makes the schema, and fills the database.
    pub(crate) fn start(
        program: &Path,
        database: Database,
        dataset: Dataset,
        connections: u16,
    ) -> Result<Self> {
        let service = database.start_service(program)?;
        database.fill(&dataset)?;
        let numbers = Numbers { random: fastrand::Rng::with_seed(dataset.orders), next: 0 };
        let bulk = dataset.orders;
        Ok(Self { dataset, database, service, bulk, numbers, connections })
    }

    /// What the service's process uses.
    pub(crate) fn process(&self) -> Process {
        Process(self.service.id())
    }

    /// Sends one request, and fails if its answer has not the workload's status.
    pub(crate) fn probe(&mut self, workload: Workload) -> Result<()> {
        self.prepare(workload, 1)?;
        self.send(workload, Schedule::once(), 1, Some(workload.spec().status)).map(drop)
    }

    /// Sends requests of a workload as fast as they are answered, or one request for many orders.
    pub(crate) fn throughput(
        &mut self,
        workload: Workload,
        duration: Duration,
    ) -> Result<Throughput> {
        let (address, dataset, bulk) = (self.service.address(), self.dataset, self.bulk);
        match workload {
            Workload::Export => {
                let end = Value::Midnight(dataset.day(bulk)).text("T", "Z");
                let query =
                    if bulk < dataset.orders { format!("?to={end}") } else { String::new() };
                let exported = http::export(address, &query)?;
                ensure!(exported.count == bulk, "{} of {bulk} orders are exported", exported.count);
                Ok(exported)
            }
            Workload::Import => {
                let imported = http::import(address, bulk, import_lines(dataset))?;
                let found = self.database.count_from(FIRST_CREATED_ID)?;
                ensure!(found == bulk, "{found} of {bulk} imported orders are there");
                self.numbers.next = bulk;
                Ok(imported)
            }
            _ => {
                let samples = self.closed_loop(workload, duration)?;
                let in_time = samples.iter().filter(|one| one.due + one.latency <= duration);
                Ok(Throughput { count: in_time.count() as u64, duration })
            }
        }
    }

    /// Sends requests of a workload as fast as they are answered.
    pub(crate) fn closed_loop(
        &mut self,
        workload: Workload,
        duration: Duration,
    ) -> Result<Vec<Sample>> {
        self.prepare(workload, MAX_WRITES_PER_SECOND * duration.as_secs().max(1))?;
        let (schedule, status) = (Schedule::Closed(duration), workload.spec().status);
        self.send(workload, schedule, self.connections.into(), Some(status))
    }

    /// Sends requests of a workload when they are due, whatever is answered.
    pub(crate) fn open_loop(
        &mut self,
        workload: Workload,
        phases: &[Phase],
    ) -> Result<Vec<Sample>> {
        let total: f64 = phases.iter().map(|phase| phase.rate * phase.duration.as_secs_f64()).sum();
        self.prepare(workload, total.ceil() as u64 + 1)?;
        self.send(workload, Schedule::open(phases), MAX_CONNECTIONS, None)
    }

    /// Puts the statements of a workload straight to the database: so many a second, or as fast as they are answered.
    pub(crate) fn ceiling(
        &mut self,
        recording: &Recording,
        workload: Workload,
        duration: Duration,
        rate: Option<f64>,
    ) -> Result<Ceiling> {
        if workload == Workload::Export {
            let (copied, latencies) = (self.database.copy_out()?, Vec::new());
            return Ok(Ceiling { rate: copied.rate(), transactions: copied.count, latencies });
        }
        // Arrivals at a rate are random, and not the same for all clients.
        let most = rate.map_or(MAX_WRITES_PER_SECOND, |rate| 2 * rate.ceil() as u64 + 100);
        let available = most * duration.as_secs().max(1);
        self.prepare(workload, available)?;
        let clients =
            if workload == Workload::Import { IMPORT_CLIENTS } else { self.connections.into() };
        let (statements, first) = (recording.of(workload)?, self.numbers.next);
        let script = Script::new(workload, &self.dataset, statements, clients, first);
        let ceiling = pgbench::run(&self.database, &script, duration, rate)?;
        // Some clients get further than others.
        self.numbers.next += ceiling.transactions * 3 / 2 + clients as u64;
        if workload == Workload::Delete {
            let left = self.database.count_from(FIRST_DELETED_ID)?;
            let deleted = available - left;
            ensure!(deleted == ceiling.transactions, "pgbench ran out of orders to delete");
        }
        Ok(ceiling)
    }

    /// Undoes what the requests of a workload did.
    pub(crate) fn reset(&mut self, workload: Workload) -> Result<()> {
        match workload {
            Workload::Create | Workload::Delete | Workload::Import => {
                self.numbers.next = 0;
                self.database.remove_added_orders()
            }
            Workload::Replace => self.database.vacuum(),
            _ => Ok(()),
        }
    }

    fn send(
        &mut self,
        workload: Workload,
        schedule: Schedule,
        connections: usize,
        expected: Option<u16>,
    ) -> Result<Vec<Sample>> {
        let Self { dataset, numbers, .. } = self;
        load::run(self.service.address(), schedule, connections, expected, |_, out| {
            workload.write(&workload.values(dataset, numbers), out);
        })
    }

    /// Adds orders to be deleted, if that is the workload.
    fn prepare(&mut self, workload: Workload, count: u64) -> Result<()> {
        if workload == Workload::Delete {
            self.database.add_orders_to_delete(&self.dataset, count)?;
            self.numbers.next = 0;
        }
        Ok(())
    }
}

/// The lines of an import, without end.
fn import_lines(dataset: Dataset) -> impl Iterator<Item = String> + Send {
    let mut numbers = Numbers { random: fastrand::Rng::new(), next: 0 };
    std::iter::repeat_with(move || {
        Workload::Import.body(&Workload::Import.values(&dataset, &mut numbers))
    })
}

#[cfg(test)]
mod tests {
    use orders_testkit::program;

    use super::*;

    fn bench() -> Bench {
        let dataset = Dataset { orders: 1000, calendars: 10 };
        let database = Database::start(&[]).unwrap();
        Bench::start(&program::build().unwrap(), database, dataset, 1).unwrap()
    }

    #[test]
    fn a_replacement_leaves_the_services_as_they_are() {
        let mut bench = bench();
        let services = |bench: &Bench| bench.database.sql("SELECT ctid, * FROM order_services");
        let before = services(&bench).unwrap();
        bench.probe(Workload::Replace).unwrap();
        let replaced = "SELECT count(*) FROM orders WHERE version = 2";
        assert_eq!(bench.database.number(replaced).unwrap(), 1);
        assert_eq!(services(&bench).unwrap(), before);
    }

    #[test]
    fn one_insert_creates_what_an_import_creates() {
        let mut bench = bench();
        bench.bulk = 20;
        let created = |bench: &Bench| {
            let columns = "id, calendar, datetime, totalfee, services, updated_by, version";
            let created =
                format!("SELECT {columns} FROM orders WHERE id < '{FIRST_DELETED_ID}' ORDER BY id");
            bench.database.sql(&created).unwrap()
        };
        bench.throughput(Workload::Import, Duration::ZERO).unwrap();
        let imported = created(&bench);
        assert_eq!(imported.lines().count(), 20);
        bench.reset(Workload::Import).unwrap();
        bench.database.insert_orders(&bench.dataset, 20).unwrap();
        assert_eq!(created(&bench), imported);
    }

    #[test]
    fn a_reset_undoes_deletions_and_their_versions() {
        let mut bench = bench();
        for _ in 0..2 {
            bench.probe(Workload::Delete).unwrap();
            bench.reset(Workload::Delete).unwrap();
            let versions = "SELECT count(*) FROM order_versions JOIN orders ON id = order_id";
            assert_eq!(bench.database.number(versions).unwrap(), 1000);
            let all = "SELECT count(*) FROM order_versions WHERE position IS NOT NULL";
            assert_eq!(bench.database.number(all).unwrap(), 1000);
        }
    }
}
