//! A body that is written while it is sent: [`channel`].

use std::io;
use std::time::{Duration, Instant};

use actix_web::http::Method;
use actix_web::rt::time::timeout;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use futures_util::stream::{BoxStream, Peekable};
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::io::{AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::oneshot;
use tokio_util::io::ReaderStream;

/// The most bytes that are handed to the connection at once.
const CHUNK: usize = 64 << 10;

/// The chunks of a body. Unless [`Sender::end`] was called, the last one is an error, which cuts the body off, so
/// that the client does not take it for complete.
pub(crate) type Chunks = Peekable<BoxStream<'static, Result<Bytes, CutOff>>>;

/// Where a body is written to.
pub(crate) struct Sender {
    pipe: DuplexStream,
    end: Option<oneshot::Sender<Result<(), CutOff>>>,
    /// When the body is cut off, and how long it may take in total.
    end_at: Option<(Instant, Duration)>,
}

/// The client has disconnected, does not read any more, or takes too long.
#[derive(Debug, thiserror::Error)]
#[error("the client has gone or takes nothing any more")]
pub(crate) struct ClientGone;

/// Why the body ends early.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct CutOff(String);

impl CutOff {
    /// The end of a body for this reason, which is logged.
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// A body, and where to write it. Up to `capacity` bytes may wait for the client. Then the writer waits until
/// the client reads more, or the server ends its connection because it does not.
pub(crate) fn channel(capacity: usize) -> (Sender, Chunks) {
    let (pipe, reader) = duplex(capacity);
    let (end, ended) = oneshot::channel();
    let chunks = ReaderStream::with_capacity(reader, CHUNK)
        .map(|chunk| chunk.map_err(|error| CutOff(error.to_string())));
    let end_of_chunks = ended.into_stream().filter_map(|ended| async {
        let dropped = |_| Err(CutOff("the service gave up".to_owned()));
        ended.unwrap_or_else(dropped).err().map(Err)
    });
    let sender = Sender { pipe, end: Some(end), end_at: None };
    (sender, chunks.chain(end_of_chunks).boxed().peekable())
}

/// The same body, which keeps `held` until it has been sent or is dropped.
pub(crate) fn holding(body: Chunks, held: impl Send + 'static) -> Chunks {
    let keep = move |chunk| {
        let _ = &held;
        chunk
    };
    body.map(keep).boxed().peekable()
}

/// The response to this request with this body.
pub(crate) fn streamed(
    mut response: HttpResponseBuilder,
    request: &HttpRequest,
    body: Chunks,
) -> HttpResponse {
    // The framework would read the whole body of a response to HEAD only to throw it away.
    let most = if request.method() == Method::HEAD { 0 } else { usize::MAX };
    response.streaming(body.take(most))
}

impl Sender {
    /// Cuts the body off if it takes longer than this.
    pub(crate) fn limited_to(self, total: Duration) -> Self {
        Self { end_at: Instant::now().checked_add(total).map(|end| (end, total)), ..self }
    }

    /// Sends a part of the body, as soon as there is capacity for it.
    pub(crate) async fn send(&mut self, part: &[u8]) -> Result<(), ClientGone> {
        let write = self.pipe.write_all(part);
        let written = match self.end_at {
            None => write.await,
            Some((end_at, total)) => {
                let left = end_at.saturating_duration_since(Instant::now());
                let written = if left.is_zero() { None } else { timeout(left, write).await.ok() };
                written.unwrap_or_else(|| {
                    self.finish(Err(CutOff(format!("it took longer than {total:?}"))));
                    Err(io::ErrorKind::TimedOut.into())
                })
            }
        };
        written.map_err(|_| ClientGone)
    }

    /// Ends the body, which is complete.
    pub(crate) fn end(mut self) {
        self.finish(Ok(()));
    }

    /// Cuts the body off for this reason.
    pub(crate) fn fail(mut self, reason: String) {
        self.finish(Err(CutOff(reason)));
    }

    fn finish(&mut self, result: Result<(), CutOff>) {
        if let Some(end) = self.end.take() {
            // If the client has gone, there is no one to tell.
            let _ = end.send(result);
        }
    }
}
