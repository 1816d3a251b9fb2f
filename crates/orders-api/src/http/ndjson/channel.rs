//! A body that is written while it is sent: [`Lines`], [`Sender`].

use std::borrow::Cow;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::rt::time::timeout;
use actix_web::web::Bytes;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A body whose chunks are written elsewhere, at the client's pace. Unless [`Sender::end`] was called, it is cut
/// off, so that the client does not take it for complete.
pub(crate) struct Lines {
    chunks: UnboundedReceiver<Chunk>,
    /// The first chunk, if it was waited for.
    first: Option<Bytes>,
    ended: bool,
}

enum Chunk {
    /// Lines, and the capacity that they take.
    Lines(Bytes, OwnedSemaphorePermit),
    End,
    Failed(CutOff),
}

/// Where the chunks of a body are written to.
pub(crate) struct Sender {
    chunks: UnboundedSender<Chunk>,
    /// One permit for each byte that may be sent now.
    free: Arc<Semaphore>,
    /// All permits, in bytes.
    capacity: u32,
    stall_timeout: Duration,
}

/// The client has disconnected, or does not read any more.
#[derive(Debug, thiserror::Error)]
#[error("the client has gone or takes nothing any more")]
pub(crate) struct ClientGone;

/// Why the body ends early.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct CutOff(Cow<'static, str>);

impl Sender {
    /// Sends lines. If the capacity is used up, waits until the client has read earlier ones, for at most the
    /// stall timeout: a client that stops reading must not hold resources for ever.
    pub(crate) async fn send(&self, lines: Vec<u8>) -> Result<(), ClientGone> {
        // In HTTP an empty chunk ends the body.
        if lines.is_empty() {
            return Ok(());
        }
        let length = u32::try_from(lines.len()).unwrap_or(u32::MAX).min(self.capacity);
        let permit = Arc::clone(&self.free).acquire_many_owned(length);
        match timeout(self.stall_timeout, permit).await {
            Ok(Ok(permit)) => self.push(Chunk::Lines(lines.into(), permit)),
            Ok(Err(_)) => Err(ClientGone),
            Err(_) => {
                let reason = format!("the client read nothing for {:?}", self.stall_timeout);
                self.push(Chunk::Failed(CutOff(reason.into())))?;
                Err(ClientGone)
            }
        }
    }

    /// Ends the body, which is complete.
    pub(crate) fn end(self) -> Result<(), ClientGone> {
        self.push(Chunk::End)
    }

    /// Cuts the body off for this reason.
    pub(crate) fn fail(self, reason: String) -> Result<(), ClientGone> {
        self.push(Chunk::Failed(CutOff(reason.into())))
    }

    fn push(&self, chunk: Chunk) -> Result<(), ClientGone> {
        self.chunks.send(chunk).map_err(|_| ClientGone)
    }
}

impl Lines {
    /// A body, and where to write it: up to `capacity` bytes, or one larger chunk, may wait for the client. Then
    /// the writer waits, for at most `stall_timeout`.
    pub(crate) fn channel(capacity: usize, stall_timeout: Duration) -> (Sender, Self) {
        let (sender, chunks) = mpsc::unbounded_channel();
        let capacity = u32::try_from(capacity).unwrap_or(u32::MAX);
        let free = Arc::new(Semaphore::new(capacity as usize));
        let sender = Sender { chunks: sender, free, capacity, stall_timeout };
        (sender, Self { chunks, first: None, ended: false })
    }

    /// Waits for the first chunk, or the end.
    pub(crate) async fn begin(&mut self) -> Result<(), CutOff> {
        self.first = poll_fn(|context| self.poll_chunk(context)).await.transpose()?;
        Ok(())
    }

    /// Ends the body at once.
    pub(super) fn close(&mut self) {
        (self.first, self.ended) = (None, true);
    }

    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, CutOff>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let chunk = ready!(self.chunks.poll_recv(context));
        self.ended = !matches!(chunk, Some(Chunk::Lines(..)));
        Poll::Ready(match chunk {
            Some(Chunk::Lines(lines, _permit)) => Some(Ok(lines)),
            Some(Chunk::End) => None,
            Some(Chunk::Failed(cut_off)) => Some(Err(cut_off)),
            None => Some(Err(CutOff("the service gave up".into()))),
        })
    }
}

impl MessageBody for Lines {
    type Error = CutOff;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, CutOff>>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(Ok(first))),
            None => self.poll_chunk(context),
        }
    }
}
