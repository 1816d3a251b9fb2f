//! The clients: [`Traffic`].

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use crate::client::Connection;
use crate::cluster::Door;
use crate::history::{Clock, Moment, Record};
use crate::plan::{BURST, Operation, Plan};
use crate::targets::Targets;

/// How long a client waits before it looks again for a service that is up.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// Many clients that work through one plan together, burst by burst.
pub struct Traffic {
    /// What they do.
    pub plan: Plan,
    /// How many there are.
    pub clients: usize,
    /// How many operations begin in a second at most, on average.
    pub rate: u32,
    /// How many operations there are at most.
    pub operations: u32,
    /// When the last one begins.
    pub until: Moment,
    /// The clock of the run.
    pub clock: Clock,
    /// Where the services are.
    pub doors: Vec<Arc<Door>>,
}

impl Traffic {
    /// Lets the clients work until the time or the operations are over, and answers their logs by
    /// start.
    #[must_use]
    pub fn run(&self) -> Vec<Record> {
        let next = AtomicU32::new(0);
        let targets = Targets::default();
        let mut records = thread::scope(|scope| {
            let clients: Vec<_> = (0..self.clients)
                .map(|client| {
                    scope.spawn({
                        let (next, targets) = (&next, &targets);
                        move || self.client(client, next, targets)
                    })
                })
                .collect();
            // A client that panics is a bug of the harness, and is passed on.
            let logs = clients.into_iter().map(|client| {
                client.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            logs.flatten().collect::<Vec<_>>()
        });
        records.sort_by_key(|record| record.start);
        records
    }

    fn client(&self, client: usize, next: &AtomicU32, targets: &Targets) -> Vec<Record> {
        let mut log = Vec::new();
        let mut connections = HashMap::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let begin = self.begin(number);
            if number >= self.operations || begin >= self.until {
                return log;
            }
            self.clock.sleep_until(begin);
            let operation = self.plan.operation(number);
            let Some((process, connection)) = self.connect(&operation, &mut connections) else {
                return log;
            };
            let request = targets.request(&operation);
            let start = self.clock.now();
            let answer = connection.ask(&request, operation.mark);
            let end = self.clock.now();
            let mark = operation.mark;
            let record = Record { mark, client, process, start, end, request, answer };
            targets.learn(&record);
            log.push(record);
        }
    }

    /// When this operation begins at the earliest: together with the others of its burst.
    fn begin(&self, number: u32) -> Moment {
        let before = u64::from(number / BURST * BURST);
        Moment(before * 1_000_000 / u64::from(self.rate.max(1)))
    }

    /// A connection to the operation's service, or to the next one that is up; none when the time is
    /// over.
    fn connect<'a>(
        &self,
        operation: &Operation,
        connections: &'a mut HashMap<usize, (u32, Connection)>,
    ) -> Option<(usize, &'a Connection)> {
        let count = self.doors.len();
        while self.clock.now() < self.until {
            for process in (0..count).map(|offset| (operation.process + offset) % count) {
                let entrance = self.doors[process].entrance();
                let Some(address) = entrance.address else { continue };
                let known =
                    connections.get(&process).is_some_and(|(life, _)| *life == entrance.life);
                if !known {
                    connections.insert(process, (entrance.life, Connection::new(address)));
                }
                return connections.get(&process).map(|(_, connection)| (process, connection));
            }
            thread::sleep(LOOK_AGAIN);
        }
        None
    }
}
