//! The body of a response, and the line that the log gets when it ends: [`LoggedBody`].

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use actix_web::HttpRequest;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::header::HeaderValue;
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;

use crate::http::log_text::LogText;

/// A body that writes one line to the log when it ends or is dropped: the request, the status, the time from the
/// request to that moment, how many bytes were handed to the connection, and whether the body was cut off.
pub(crate) struct LoggedBody {
    body: BoxBody,
    /// What the head announces.
    size: BodySize,
    exchange: Exchange,
    bytes: u64,
    outcome: Option<Outcome>,
}

/// A request and the head of its response.
pub(crate) struct Exchange {
    pub(crate) request: HttpRequest,
    pub(crate) status: StatusCode,
    pub(crate) began: Instant,
    /// Visible ASCII.
    pub(crate) id: HeaderValue,
}

/// How a body ended.
enum Outcome {
    Whole,
    /// The body failed for this reason.
    Failed(String),
}

impl LoggedBody {
    pub(crate) fn new(body: BoxBody, exchange: Exchange) -> Self {
        Self { size: body.size(), body, exchange, bytes: 0, outcome: None }
    }

    /// Whether everything was handed over that the head announced.
    fn is_whole(&self) -> bool {
        match self.size {
            BodySize::None => true,
            BodySize::Sized(length) => self.bytes >= length,
            BodySize::Stream => false,
        }
    }

    /// How many bytes of the body the client was sent: the body of a response to HEAD is made and thrown away.
    fn sent(&self) -> u64 {
        if self.exchange.request.method() == Method::HEAD { 0 } else { self.bytes }
    }
}

impl MessageBody for LoggedBody {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_next(context);
        match &polled {
            Poll::Ready(Some(Ok(bytes))) => self.bytes += bytes.len() as u64,
            Poll::Ready(Some(Err(error))) => {
                self.outcome = Some(Outcome::Failed(innermost(&**error).to_string()));
            }
            Poll::Ready(None) => self.outcome = Some(Outcome::Whole),
            Poll::Pending => {}
        }
        polled
    }
}

/// The error that all others came from; compression wraps those of the body that it compresses.
fn innermost<'a>(mut error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    while let Some(source) = error.source() {
        error = source;
    }
    error
}

impl Drop for LoggedBody {
    fn drop(&mut self) {
        let Exchange { request, status, began, id } = &self.exchange;
        let (method, path) = (LogText(request.method().as_str()), LogText(request.path()));
        let (status, time) = (status.as_u16(), began.elapsed());
        // OK because both kinds of request id are visible ASCII.
        let id = id.to_str().expect("visible ASCII");
        let bytes = self.sent();
        match &self.outcome {
            Some(Outcome::Failed(reason)) => log::warn!(
                "{method} {path} {status} {time:.1?} {bytes} bytes, cut off: {} {id}",
                LogText(reason)
            ),
            None if !self.is_whole() => log::info!(
                "{method} {path} {status} {time:.1?} {bytes} bytes, cut off: the client closed the connection or \
                 stopped reading {id}"
            ),
            Some(Outcome::Whole) | None => {
                log::info!("{method} {path} {status} {time:.1?} {bytes} bytes {id}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_error_is_the_cause() {
        let wrapped = anyhow::anyhow!("no route to host").context("io").context("body");
        assert_eq!(innermost(wrapped.as_ref()).to_string(), "no route to host");
    }
}
