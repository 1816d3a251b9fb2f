//! All orders as lines, in constant memory: [`stream`].

use std::ops::ControlFlow;
use std::time::Duration;

use actix_web::web::block;
use orders_core::{Direction, Order, OrderFilter, Orders as _, StoreError};
use tokio::runtime::Handle;

use crate::Store;
use crate::ndjson::{self, CutOff, Lines};
use crate::problem::Problem;

/// How many bytes of orders may wait for the client.
const ROOM: usize = 512 << 10;

/// Lines of all orders that match. The first of them are read before this returns, so that a database
/// which cannot answer is told by the status.
pub(crate) async fn stream(
    store: &Store,
    filter: OrderFilter,
    direction: Direction,
    patience: Duration,
) -> Result<Lines, Problem> {
    let orders = store.store();
    let (sender, mut body) = Lines::channel(ROOM, patience);
    let handle = Handle::current();
    let work = actix_web::rt::spawn(block(move || -> Result<(), StoreError> {
        let (mut sent, mut begun) = (Ok(()), false);
        let exported = orders.export(&filter, direction, &mut |portion| {
            sent = lines(&portion).and_then(|lines| {
                handle.block_on(sender.send(lines)).map_err(|gone| StoreError::Bug(gone.into()))
            });
            begun |= sent.is_ok();
            if sent.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        match (exported, sent) {
            (Ok(()), Ok(())) => drop(sender.end()),
            (Ok(()), Err(error)) => log::info!("an export ends early: {error}"),
            // The status is sent, so only the log can tell.
            (Err(error), _) if begun => log::warn!("an export is cut off: {error}"),
            (Err(error), _) => return Err(error),
        }
        Ok(())
    }));
    match body.begin().await {
        Ok(()) => Ok(body),
        Err(CutOff) => Err(match work.await {
            Ok(Ok(Err(error))) => Problem::from(error),
            Ok(Ok(Ok(()))) => Problem::internal("an export ended without an end"),
            Ok(Err(error)) => Problem::internal(error.to_string()),
            Err(error) => Problem::internal(error.to_string()),
        }),
    }
}

fn lines(orders: &[Order]) -> Result<Vec<u8>, StoreError> {
    let mut lines = Vec::with_capacity(orders.len() * 256);
    for order in orders {
        ndjson::push(&mut lines, order).map_err(|error| StoreError::Bug(error.into()))?;
    }
    Ok(lines)
}
