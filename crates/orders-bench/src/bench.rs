//! A service with its data, ready to be measured: [`Bench`].

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail, ensure};

use crate::database::Database;
use crate::dataset::Dataset;
use crate::generator::{self, Answers, Sample};
use crate::pgbench;
use crate::row::Row;
use crate::schedule::{Phase, Schedule};
use crate::service::Service;

/// No service and no pgbench is faster than so many writes a second.
const MOST_WRITES_A_SECOND: u64 = 25_000;

/// The most connections of an open loop.
const MOST_CONNECTIONS: usize = 8_000;

/// A service on a database with orders, and the load on it.
pub struct Bench {
    /// What is in the database.
    pub dataset: Dataset,
    /// The database.
    pub database: Database,
    /// The service.
    pub service: Service,
    connections: usize,
    threads: usize,
    random: fastrand::Rng,
    /// The number of the next order that is created.
    next: u64,
}

impl Bench {
    /// Starts the service, which makes the schema, and fills the database.
    ///
    /// # Errors
    /// When one of them does not work.
    pub fn start(
        program: &Path,
        database: Database,
        dataset: Dataset,
        connections: usize,
        threads: usize,
    ) -> Result<Self> {
        let service = Service::start(program, &database)?;
        database.fill(&dataset)?;
        let random = fastrand::Rng::with_seed(dataset.orders);
        let threads = threads.min(connections);
        Ok(Self { dataset, database, service, connections, threads, random, next: 0 })
    }

    /// Sends one request, and fails when its answer is not the row's.
    ///
    /// # Errors
    /// When it is another one.
    pub fn probe(&mut self, row: Row) -> Result<()> {
        self.prepare(row, 1)?;
        let mut request = Vec::new();
        row.write(&self.dataset, self.next, &mut self.random, &mut request);
        self.next += 1;
        let answer = self.service.client()?.send_raw(&request)?;
        let body = String::from_utf8_lossy(&answer.body);
        ensure!(answer.status == row.status(), "it is answered {} {body}", answer.status);
        Ok(())
    }

    /// Sends requests of a row as fast as they are answered, and tells how many were answered a second.
    ///
    /// # Errors
    /// When an answer is not the row's.
    pub fn load(&mut self, row: Row, duration: Duration) -> Result<f64> {
        self.prepare(row, MOST_WRITES_A_SECOND * duration.as_secs().max(1))?;
        let answers = self.send(row, Schedule::Closed(duration), self.connections)?;
        if let Some(body) = &answers.unexpected {
            let other = |sample: &&Sample| sample.status != row.status();
            let count = answers.samples.iter().filter(other).count();
            bail!("{count} of {} answers have another status: {body}", answers.samples.len());
        }
        let in_time = answers.samples.iter().filter(|one| one.due + one.latency <= duration);
        Ok(in_time.count() as f64 / duration.as_secs_f64())
    }

    /// Puts the statements of a row straight to the database: so many a second, or as fast as they are answered.
    ///
    /// # Errors
    /// When pgbench fails.
    pub fn ceiling(
        &mut self,
        row: Row,
        clients: usize,
        duration: Duration,
        rate: Option<f64>,
    ) -> Result<pgbench::Ran> {
        let first = if row == Row::Delete { 0 } else { self.next };
        let stock = MOST_WRITES_A_SECOND * duration.as_secs().max(1);
        self.prepare(row, stock)?;
        let (script, threads) = (row.script(), self.threads);
        let run = pgbench::Run { script, clients, threads, duration, rate, first };
        let ran = run.on(&self.database, &self.dataset)?;
        // Some clients get further than others.
        self.next += ran.transactions * 3 / 2 + clients as u64;
        if row == Row::Delete {
            let left = self.database.stock_left()?;
            ensure!(left == stock - ran.transactions, "pgbench ran out of orders to delete");
        }
        Ok(ran)
    }

    /// Sends requests of a row when they are due.
    ///
    /// # Errors
    /// When the service stops answering.
    pub fn arrive(&mut self, row: Row, phases: Vec<Phase>) -> Result<Vec<Sample>> {
        let total: f64 = phases.iter().map(|phase| phase.rate * phase.duration.as_secs_f64()).sum();
        self.prepare(row, total.ceil() as u64 + 1)?;
        Ok(self.send(row, Schedule::open(phases), MOST_CONNECTIONS)?.samples)
    }

    fn send(&mut self, row: Row, schedule: Schedule, connections: usize) -> Result<Answers> {
        let Self { dataset, random, next, .. } = self;
        generator::run(self.service.address(), schedule, connections, row.status(), |_, out| {
            row.write(dataset, *next, random, out);
            *next += 1;
        })
    }

    /// Leaves nothing but the fill.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn sweep(&mut self, row: Row) -> Result<()> {
        match row {
            Row::Create | Row::Delete | Row::Import => {
                self.next = 0;
                self.database.sweep()
            }
            Row::Replace => self.database.settle(),
            _ => Ok(()),
        }
    }

    /// How many connections the load has.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections
    }

    /// Makes so many orders to be deleted, if that is the row.
    fn prepare(&mut self, row: Row, count: u64) -> Result<()> {
        if row == Row::Delete {
            self.database.stock(&self.dataset, count)?;
            self.next = 0;
        }
        Ok(())
    }
}
