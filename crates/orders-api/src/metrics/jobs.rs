//! What is counted of the jobs for the database threads: [`JobMetrics`].

use std::time::Duration;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::{Label, durations, observe};
use crate::db_threads::Kind;

/// The upper bounds of the sizes of batches. No batch is larger.
const JOBS: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

/// How long jobs wait, and how many are done together.
pub(crate) struct JobMetrics {
    wait: Histogram,
    batch_size: Family<Label, Histogram, fn() -> Histogram>,
    /// The same, resolved.
    batch_size_of: [Histogram; Kind::ALL.len()],
}

impl Default for JobMetrics {
    fn default() -> Self {
        let batch_size = Family::new_with_constructor((|| Histogram::new(JOBS)) as fn() -> _);
        let resolve = |kind: Kind| batch_size.get_or_create_owned(&[("kind", kind.name())]);
        let batch_size_of = Kind::ALL.map(resolve);
        Self { wait: durations(), batch_size, batch_size_of }
    }
}

impl JobMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "orders_queue_wait_seconds",
            "How long requests waited for a database thread, also those that gave up",
            self.wait.clone(),
        );
        registry.register(
            "orders_batch_size",
            "How many requests of a kind a database thread executed together",
            self.batch_size.clone(),
        );
    }

    /// Counts a batch that begins, with the time that each of its jobs has waited.
    pub(crate) fn count(&self, kind: Kind, waits: impl ExactSizeIterator<Item = Duration>) {
        self.batch_size_of[kind as usize].observe(waits.len() as f64);
        waits.for_each(|wait| observe(&self.wait, wait));
    }
}
