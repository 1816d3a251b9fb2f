//! A service with its data, ready to be measured: [`Bench`].

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail, ensure};

use crate::database::Database;
use crate::dataset::Dataset;
use crate::open_loop::{self, Sample};
use crate::pgbench;
use crate::row::Row;
use crate::schedule::{Phase, Schedule};
use crate::service::Service;
use crate::wrk::{Ran, Requests};

/// No service and no pgbench is faster than so many writes a second.
const MOST_WRITES_A_SECOND: u64 = 25_000;

/// So many different requests are sent at least before they are repeated.
const DIFFERENT: u64 = 100_000;

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
        if row == Row::Delete {
            self.database.stock(&self.dataset, 1)?;
            self.next = 0;
        }
        let mut request = Vec::new();
        row.write(&self.dataset, self.next, &mut self.random, &mut request);
        self.next += 1;
        let answer = self.service.client()?.send_raw(&request)?;
        let body = String::from_utf8_lossy(&answer.body);
        ensure!(answer.status == row.status(), "it is answered {} {body}", answer.status);
        Ok(())
    }

    /// Sends requests of a row as fast as they are answered.
    ///
    /// # Errors
    /// When an answer is not the row's.
    pub fn load(&mut self, row: Row, duration: Duration) -> Result<Ran> {
        let count = self.prepare(row, duration)?;
        let Self { dataset, random, next, .. } = self;
        let requests = Requests::write(self.threads, count, |number, out| {
            row.write(dataset, *next + number, random, out);
        })?;
        self.next += count;
        let ran = requests.send(self.service.address, self.connections, duration, row.repeats())?;
        let refusals = if row.status() < 400 { 0 } else { ran.requests };
        if ran.refused != refusals || ran.broken > 0 {
            bail!(
                "of {} answers {} were errors, {} broken; with ORDERS_LOG=warn the service says why",
                ran.requests,
                ran.refused,
                ran.broken
            );
        }
        Ok(ran)
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
        let stock = self.prepare(row, duration)?;
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
        if row == Row::Delete {
            self.database.stock(&self.dataset, total.ceil() as u64 + 1)?;
            self.next = 0;
        }
        let Self { dataset, random, next, .. } = self;
        open_loop::run(self.service.address, Schedule::new(phases), MOST_CONNECTIONS, |out| {
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

    /// Makes orders to be deleted, if that is the row, and tells how many requests to prepare.
    fn prepare(&mut self, row: Row, duration: Duration) -> Result<u64> {
        let most = MOST_WRITES_A_SECOND * duration.as_secs().max(1);
        if row == Row::Delete {
            self.database.stock(&self.dataset, most)?;
            self.next = 0;
        }
        Ok(if row.repeats() { DIFFERENT.min(most * 2) } else { most })
    }
}
