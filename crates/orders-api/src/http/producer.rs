//! A body that a thread writes while it is sent: [`produce`].

use std::ops::ControlFlow;
use std::pin::Pin;
use std::time::Duration;

use actix_web::web::block;
use orders_core::StoreError;
use tokio::runtime::Handle;

use super::channel::{Chunks, ClientGone, Sender, channel};
use crate::places::Place;
use crate::problem::Problem;

/// How many bytes of a body may wait for the client.
const CAPACITY: usize = 512 << 10;

/// Where the thread writes the body.
pub(crate) struct Writer {
    sender: Sender,
    runtime: Handle,
    written: Result<(), ClientGone>,
    /// Whether any part was sent.
    started: bool,
}

impl Writer {
    /// Sends a part of the body, as soon as there is capacity for it. Breaks if the client takes no more.
    pub(crate) fn send(&mut self, part: &[u8]) -> ControlFlow<()> {
        self.written = self.runtime.block_on(self.sender.send(part));
        self.started |= self.written.is_ok();
        if self.written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

/// The body that `write` writes on a thread of its own, within `total`. Its beginning is written before this returns, so that
/// an unavailable database is reported by the status. The place is given back when all is written, and not only when the
/// client has read it.
pub(crate) async fn produce(
    place: Place,
    total: Duration,
    write: impl FnOnce(&mut Writer) -> Result<(), StoreError> + Send + 'static,
) -> Result<Chunks, Problem> {
    let (sender, mut body) = channel(CAPACITY);
    let sender = sender.limited_to(total);
    let mut writer = Writer { sender, runtime: Handle::current(), written: Ok(()), started: false };
    let work = actix_web::rt::spawn(block(move || -> Result<(), StoreError> {
        let result = write(&mut writer);
        // Before the body ends, so that a client may begin with the next one at once.
        drop(place);
        let Writer { sender, written, started, .. } = writer;
        match result.map(|()| written) {
            Ok(Ok(())) => sender.end(),
            // If the client has gone, the log learns it from the end of the body.
            Ok(Err(ClientGone)) => {}
            // The status is sent, so the cause goes to the log with the end of the body.
            Err(error) if started => sender.fail(error.to_string()),
            Err(error) => return Err(error),
        }
        Ok(())
    }));
    let first = Pin::new(&mut body).peek().await;
    let Some(Err(cut_off)) = first else { return Ok(body) };
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
