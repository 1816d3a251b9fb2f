//! All orders as lines, in constant memory: [`Export`].

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use orders_core::{Cursor, Direction, Order, OrderFilter, Orders as _, StoreError};

use super::csv::CsvRows;
use crate::Store;
use crate::http::channel::Chunks;
use crate::http::ndjson;
use crate::http::producer::produce;
use crate::places::Place;
use crate::problem::Problem;

/// An export that is about to start.
pub(super) struct Export {
    pub(super) filter: OrderFilter,
    pub(super) direction: Direction,
    /// How the orders are written; `None` if only what stands in the head of the response is wanted.
    pub(super) lines: Option<Lines>,
    /// The longest time that it may take: its snapshot keeps the database from removing dead rows.
    pub(super) total_timeout: Duration,
    /// Given back when the export does not need its connection to the database any more.
    pub(super) place: Place,
}

/// How orders are written.
pub(super) enum Lines {
    Ndjson,
    Csv(CsvRows),
}

impl Export {
    /// The lines of all orders that match, and the cursor after which changes follow, if it is known.
    pub(super) async fn stream(self, store: &Store) -> Result<(Option<Cursor>, Chunks), Problem> {
        let Self { filter, direction, mut lines, total_timeout, place } = self;
        let orders = store.store();
        let known_cursor = Arc::new(OnceLock::new());
        let found_cursor = Arc::clone(&known_cursor);
        let body = produce(place, total_timeout, move |writer| {
            let mut formatted = Ok(());
            orders.export(&filter, direction, &mut |cursor, chunk| {
                // Each chunk has the same.
                let _ = found_cursor.set(cursor);
                let Some(lines) = &mut lines else { return ControlFlow::Break(()) };
                match lines.of(&chunk) {
                    Ok(lines) => writer.send(&lines),
                    Err(error) => {
                        formatted = Err(error);
                        ControlFlow::Break(())
                    }
                }
            })?;
            formatted
        });
        let body = body.await?;
        Ok((known_cursor.get().copied().flatten(), body))
    }
}

impl Lines {
    /// The next orders, which are written after those of earlier calls.
    fn of(&mut self, orders: &[Order]) -> Result<Vec<u8>, StoreError> {
        match self {
            Self::Ndjson => {
                let mut lines = Vec::with_capacity(orders.len() * 256);
                for order in orders {
                    ndjson::push(&mut lines, order)
                        .map_err(|error| StoreError::Bug(error.into()))?;
                }
                Ok(lines)
            }
            Self::Csv(rows) => rows.of(orders).map_err(|error| StoreError::Bug(error.into())),
        }
    }
}
