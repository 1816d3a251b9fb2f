//! All orders as lines, in constant memory: [`Export`].

use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::web::block;
use orders_core::{Cursor, Direction, Order, OrderFilter, Orders as _, StoreError};
use tokio::runtime::Handle;

use crate::Store;
use crate::http::ndjson::{self, Chunks, ClientGone, channel};
use crate::places::Place;
use crate::problem::Problem;

/// How many bytes of orders may wait for the client.
const CAPACITY: usize = 512 << 10;

/// An export that is about to start.
pub(super) struct Export {
    pub(super) filter: OrderFilter,
    pub(super) direction: Direction,
    /// Whether there are lines, or only what stands in the head of the response.
    pub(super) with_lines: bool,
    /// The longest time that it may take: its snapshot keeps the database from removing dead rows.
    pub(super) total_timeout: Duration,
    /// Given back when the export does not need its connection to the database any more.
    pub(super) place: Place,
}

impl Export {
    /// The lines of all orders that match, and the cursor after which changes follow, if it is known. The first lines are read
    /// before this returns, so that an unavailable database is reported by the status.
    pub(super) async fn stream(self, store: &Store) -> Result<(Option<Cursor>, Chunks), Problem> {
        let Self { filter, direction, with_lines, total_timeout, place } = self;
        let orders = store.store();
        let (sender, mut body) = channel(CAPACITY);
        let mut sender = sender.limited_to(total_timeout);
        let handle = Handle::current();
        let known_cursor = Arc::new(OnceLock::new());
        let found_cursor = Arc::clone(&known_cursor);
        let work = actix_web::rt::spawn(block(move || -> Result<(), StoreError> {
            let (mut sent, mut started) = (Ok(Ok(())), false);
            let exported = orders.export(&filter, direction, &mut |cursor, chunk| {
                // Each chunk has the same.
                let _ = found_cursor.set(cursor);
                if !with_lines {
                    return ControlFlow::Break(());
                }
                sent = lines(&chunk).map(|lines| handle.block_on(sender.send(&lines)));
                let continues = matches!(sent, Ok(Ok(())));
                started |= continues;
                if continues { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            });
            // Before the body ends, so that a client may begin with the next export at once.
            drop(place);
            match exported.and(sent) {
                // If the client has gone, the log learns it from the end of the body.
                Ok(Ok(())) => sender.end(),
                Ok(Err(ClientGone)) => {}
                // The status is sent, so the cause goes to the log with the end of the body.
                Err(error) if started => sender.fail(error.to_string()),
                Err(error) => return Err(error),
            }
            Ok(())
        }));
        let first = Pin::new(&mut body).peek().await;
        let Some(Err(cut_off)) = first else {
            return Ok((known_cursor.get().copied().flatten(), body));
        };
        let cut_off = cut_off.to_string();
        Err(match work.await {
            Ok(Ok(Err(error))) => Problem::from(error),
            Ok(Ok(Ok(()))) => {
                Problem::unavailable("the export did not begin in time").with_source(cut_off)
            }
            Ok(Err(error)) => Problem::internal(error.to_string()),
            Err(error) => Problem::internal(error.to_string()),
        })
    }
}

fn lines(orders: &[Order]) -> Result<Vec<u8>, StoreError> {
    let mut lines = Vec::with_capacity(orders.len() * 256);
    for order in orders {
        ndjson::push(&mut lines, order).map_err(|error| StoreError::Bug(error.into()))?;
    }
    Ok(lines)
}
