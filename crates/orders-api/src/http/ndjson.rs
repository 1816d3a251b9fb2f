//! Lines of JSON that are made while they are sent: [`Lines`].

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::rt::time::timeout;
use actix_web::web::Bytes;
use serde::Serialize;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The media type of lines of JSON.
pub(crate) const NDJSON: &str = "application/x-ndjson";

/// A body whose pieces come from elsewhere, at the client's pace. It ends well only when that is said;
/// otherwise it is cut off, so that the client does not take it for whole.
pub(crate) struct Lines {
    pieces: UnboundedReceiver<Piece>,
    /// The first piece, once it was waited for.
    first: Option<Bytes>,
    ended: bool,
}

enum Piece {
    /// Lines, and the room that they take.
    Lines(Bytes, OwnedSemaphorePermit),
    End,
    Failed(CutOff),
}

/// Where the pieces of a body go.
pub(crate) struct Sender {
    pieces: UnboundedSender<Piece>,
    /// How many bytes there is room for.
    room: Arc<Semaphore>,
    /// How many there are when all of it is free.
    rooms: u32,
    stall_timeout: Duration,
}

/// The client has gone, or takes nothing any more.
#[derive(Debug)]
pub(crate) struct ClientGone;

/// The body ends before its end, for this reason.
#[derive(Debug)]
pub(crate) struct CutOff(Cow<'static, str>);

impl Sender {
    /// Hands lines over, and waits for room while the client has not taken those before. Whoever stops
    /// reading must not hold anything for ever.
    pub(crate) async fn send(&self, lines: Vec<u8>) -> Result<(), ClientGone> {
        // To HTTP an empty piece would be the end.
        if lines.is_empty() {
            return Ok(());
        }
        let rooms = u32::try_from(lines.len()).map_or(self.rooms, |length| length.min(self.rooms));
        let room = Arc::clone(&self.room).acquire_many_owned(rooms);
        match timeout(self.stall_timeout, room).await {
            Ok(Ok(room)) => self.pass(Piece::Lines(lines.into(), room)),
            Ok(Err(_)) => Err(ClientGone),
            Err(_) => {
                self.pass(Piece::failed(format!(
                    "the client read nothing for {:?}",
                    self.stall_timeout
                )))?;
                Err(ClientGone)
            }
        }
    }

    /// Says that there is no more.
    pub(crate) fn end(self) -> Result<(), ClientGone> {
        self.pass(Piece::End)
    }

    /// Says that there is no more, although the body is not whole, and why.
    pub(crate) fn fail(self, reason: String) -> Result<(), ClientGone> {
        self.pass(Piece::failed(reason))
    }

    fn pass(&self, piece: Piece) -> Result<(), ClientGone> {
        self.pieces.send(piece).map_err(|_| ClientGone)
    }
}

impl Piece {
    fn failed(reason: String) -> Self {
        Self::Failed(CutOff(reason.into()))
    }
}

impl Lines {
    /// A body, and where its pieces go: `room` bytes of them, or one piece that is larger, may wait for
    /// the client, and then the producer waits for at most `stall_timeout`.
    pub(crate) fn channel(room: usize, stall_timeout: Duration) -> (Sender, Self) {
        let (sender, pieces) = mpsc::unbounded_channel();
        let rooms = u32::try_from(room).unwrap_or(u32::MAX);
        let room = Arc::new(Semaphore::new(rooms as usize));
        let sender = Sender { pieces: sender, room, rooms, stall_timeout };
        (sender, Self { pieces, first: None, ended: false })
    }

    /// A body without lines.
    pub(crate) fn nothing() -> Self {
        let (_, pieces) = mpsc::unbounded_channel();
        Self { pieces, first: None, ended: true }
    }

    /// Waits until there is something to send, or the end.
    pub(crate) async fn begin(&mut self) -> Result<(), CutOff> {
        match poll_fn(|context| self.poll_piece(context)).await {
            Some(Ok(first)) => self.first = Some(first),
            Some(Err(cut_off)) => return Err(cut_off),
            None => {}
        }
        Ok(())
    }

    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, CutOff>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        Poll::Ready(match ready!(self.pieces.poll_recv(context)) {
            Some(Piece::Lines(lines, _room)) => Some(Ok(lines)),
            Some(Piece::End) => {
                self.ended = true;
                None
            }
            Some(Piece::Failed(cut_off)) => {
                self.ended = true;
                Some(Err(cut_off))
            }
            None => {
                self.ended = true;
                Some(Err(CutOff("the service gave up".into())))
            }
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
            None => self.poll_piece(context),
        }
    }
}

impl fmt::Display for ClientGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the client has gone or takes nothing any more")
    }
}

impl Error for ClientGone {}

impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for CutOff {}

/// Appends a value as one line.
pub(crate) fn push(lines: &mut Vec<u8>, value: &impl Serialize) -> Result<(), serde_json::Error> {
    serde_json::to_writer(&mut *lines, value)?;
    lines.push(b'\n');
    Ok(())
}
