//! All orders at once: [`Export`].

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use orders_core::{Cursor, Direction, Order, OrderFilter};

use super::Client;
use super::transport::StreamedBody;
use crate::error::{Cause, Error};
use crate::wire::{ExportOrders, Lines, Unexpected};

/// All orders that match a filter, as they were at one instant: a [`Stream`] of them.
///
/// It is complete if it ends without an error. [`Error::CutOff`] says that it was cut off; it is not repeated by itself,
/// because the next export is another snapshot.
#[must_use = "an export is received only when it is asked for orders"]
pub struct Export {
    monitor: Option<Cursor>,
    orders: BoxStream<'static, Result<Order, Error>>,
}

impl Export {
    pub(super) async fn open(
        client: &Client,
        filter: &OrderFilter,
        direction: Direction,
    ) -> Result<Self, Error> {
        let export = ExportOrders { filter: filter.clone(), direction };
        let body = client.0.open_read(|| export.request()).await?;
        let monitor = ExportOrders::monitor(&body.head()).map_err(Error::Unexpected)?;
        let start = (body, Lines::default());
        let orders = stream::try_unfold(start, async |(mut body, mut lines)| {
            let order = next(&mut body, &mut lines).await.map_err(Error::CutOff)?;
            Ok(order.map(|order| (order, (body, lines))))
        });
        Ok(Self { monitor, orders: orders.boxed() })
    }

    /// The position of the export in the feed of changes: [`Client::changes`] after it, with the same calendar and service,
    /// has all changes that the export does not contain. There is none if the filter has a reference or a time, by which
    /// changes cannot be selected, or if the database accepts no writes.
    #[must_use]
    pub fn monitor(&self) -> Option<Cursor> {
        self.monitor
    }

    /// The next order; `None` if these were all.
    ///
    /// # Errors
    /// [`Error::CutOff`].
    pub async fn try_next(&mut self) -> Result<Option<Order>, Error> {
        self.orders.try_next().await
    }
}

async fn next(body: &mut StreamedBody, lines: &mut Lines) -> Result<Option<Order>, Cause> {
    let unexpected =
        |body: &StreamedBody, what: String| Cause::Unexpected(Unexpected::new(&body.head(), what));
    loop {
        match lines.next_line() {
            Ok(Some(line)) if line.is_empty() => {}
            Ok(Some(line)) => {
                let order = serde_json::from_slice(&line);
                return order
                    .map(Some)
                    .map_err(|error| unexpected(body, format!("a line is not an order, {error}")));
            }
            Ok(None) => match body.next().await? {
                Some(bytes) => lines.push(&bytes),
                None if lines.has_part() => {
                    return Err(Cause::Disconnected("the last line is not complete".to_owned()));
                }
                None => return Ok(None),
            },
            Err(error) => return Err(unexpected(body, error.to_string())),
        }
    }
}

impl Stream for Export {
    type Item = Result<Order, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.orders.poll_next_unpin(context)
    }
}

impl fmt::Debug for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Export").field("monitor", &self.monitor).finish_non_exhaustive()
    }
}
