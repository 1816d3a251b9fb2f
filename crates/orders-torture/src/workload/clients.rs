//! The clients of a run: [`Clients`].

use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use crate::cluster::Endpoint;
use crate::history::{Clock, Moment, Operation};
use crate::http::Connections;

use super::burst::BURST_SIZE;
use super::generator::Generator;
use super::known_orders::KnownOrders;

/// Clients that together send the operations of one generator, burst by burst.
pub struct Clients {
    /// The operations.
    pub generator: Generator,
    /// The number of clients.
    pub count: usize,
    /// The highest average number of operations per second.
    pub rate: u32,
    /// The highest number of operations.
    pub operations: u32,
    /// No operation starts after this moment.
    pub deadline: Moment,
    /// The clock of the run.
    pub clock: Clock,
    /// The endpoints of the service processes.
    pub endpoints: Vec<Arc<Endpoint>>,
    /// The API key.
    pub key: String,
}

impl Clients {
    /// Sends operations until the deadline, and returns them sorted by their invocation.
    #[must_use]
    pub fn run(&self) -> Vec<Operation> {
        let next = AtomicU32::new(0);
        let known = KnownOrders::default();
        let mut operations = thread::scope(|scope| {
            let clients: Vec<_> = (0..self.count)
                .map(|client| {
                    let (next, known) = (&next, &known);
                    scope.spawn(move || self.run_client(client, next, known))
                })
                .collect();
            // A panic of a client is a bug of this program.
            let operations = clients
                .into_iter()
                .map(|client| client.join().unwrap_or_else(|panic| panic::resume_unwind(panic)));
            operations.flatten().collect::<Vec<_>>()
        });
        operations.sort_by_key(|operation| operation.invoked);
        operations
    }

    fn run_client(&self, client: usize, next: &AtomicU32, known: &KnownOrders) -> Vec<Operation> {
        let mut operations = Vec::new();
        let mut connections = Connections::new(&self.endpoints, &self.key);
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let start = self.earliest_start(index);
            if index >= self.operations || start >= self.deadline {
                return operations;
            }
            self.clock.sleep_until(start);
            let planned = self.generator.operation(index);
            let Some((process, connection)) =
                connections.wait(planned.process, || self.clock.now() >= self.deadline)
            else {
                return operations;
            };
            let id = planned.id;
            let request = known.request(&planned);
            let invoked = self.clock.now();
            let outcome = connection.execute(&request, id);
            let completed = self.clock.now();
            let operation = Operation { id, client, process, invoked, completed, request, outcome };
            known.update(&operation);
            operations.push(operation);
        }
    }

    /// The earliest start of an operation; it is the same for all operations of a burst.
    fn earliest_start(&self, index: u32) -> Moment {
        let before_the_burst = u64::from(index / BURST_SIZE * BURST_SIZE);
        Moment(before_the_burst * 1_000_000 / u64::from(self.rate.max(1)))
    }
}
