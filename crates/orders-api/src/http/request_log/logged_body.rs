//! The body of a response that writes the log line of its request: [`LoggedBody`].

use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::header::HeaderValue;
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use actix_web::{HttpMessage as _, HttpRequest};
use log::Level;

use super::as_text;
use crate::access::Caller;
use crate::endpoints::calendar_feeds::ReadFeed;
use crate::http::log_text::{LogText, has_secret};
use crate::http::trace_context::trace_id;
use crate::http::unread_body::UnreadBody;
use crate::metrics::ActiveRequest;
use crate::server::Answering;

/// A body that writes one line to the log when it ends or is dropped: the request, the status, the time since the
/// request, the bytes that were passed to the connection, whether and why the body was cut off, the client, the feed of
/// calendars, and the trace.
pub(crate) struct LoggedBody {
    body: Parts,
    /// The size according to the head of the response.
    size: BodySize,
    request: LoggedRequest,
    /// Dropped together with this.
    _unread: Option<UnreadBody>,
    _answering: Option<Answering>,
    bytes: u64,
    outcome: Option<Outcome>,
}

/// A request and the status of its response.
pub(crate) struct LoggedRequest {
    pub(crate) request: HttpRequest,
    pub(crate) status: StatusCode,
    pub(crate) start: Instant,
    pub(crate) id: HeaderValue,
    pub(crate) active: ActiveRequest,
}

/// How a body ended.
enum Outcome {
    Complete,
    /// The body failed with this error.
    Failed(String),
}

impl LoggedBody {
    pub(crate) fn new(
        body: BoxBody,
        request: LoggedRequest,
        unread: Option<UnreadBody>,
        answering: Option<Answering>,
    ) -> Self {
        Self {
            size: body.size(),
            body: Parts { body, rest: Bytes::new() },
            request,
            _unread: unread,
            _answering: answering,
            bytes: 0,
            outcome: None,
        }
    }

    /// Whether the body was passed to the connection as a whole. One of a known size may be dropped after its last byte,
    /// before it has an outcome.
    fn is_complete(&self) -> bool {
        let has_all_bytes = match self.size {
            BodySize::None => true,
            BodySize::Sized(length) => self.bytes >= length,
            BodySize::Stream => false,
        };
        has_all_bytes || matches!(self.outcome, Some(Outcome::Complete))
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
        let polled = self.body.poll_next(context);
        match &polled {
            Poll::Ready(Some(Ok(bytes))) => self.bytes += bytes.len() as u64,
            Poll::Ready(Some(Err(error))) => {
                self.outcome = Some(Outcome::Failed(root_cause(&**error).to_string()));
            }
            Poll::Ready(None) => self.outcome = Some(Outcome::Complete),
            Poll::Pending => {}
        }
        polled
    }
}

/// The most bytes of a body that are passed to the connection at once.
const MAX_PART: usize = 32 << 10;

/// A body that is passed on in parts. The connection copies what it gets until the client has taken it; so of a long body
/// that many clients do not read, each connection has a part and not a copy.
struct Parts {
    body: BoxBody,
    /// What comes next.
    rest: Bytes,
}

impl Parts {
    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Box<dyn Error>>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_next(context)) {
                Some(Ok(bytes)) => self.rest = bytes,
                end => return Poll::Ready(end),
            }
        }
        let part = self.rest.len().min(MAX_PART);
        Poll::Ready(Some(Ok(self.rest.split_to(part))))
    }
}

/// The innermost error: compression wraps the errors of the body that it compresses.
fn root_cause<'a>(mut error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    while let Some(source) = error.source() {
        error = source;
    }
    error
}

impl Drop for LoggedBody {
    fn drop(&mut self) {
        let LoggedRequest { request, status, start, id, active } = &self.request;
        let duration = start.elapsed();
        active.end(request, *status, duration);
        let (level, cut_off) = match &self.outcome {
            Some(Outcome::Failed(error)) => (Level::Warn, Some(&**error)),
            _ if self.is_complete() => (Level::Info, None),
            _ => (Level::Info, Some("the client closed the connection or stopped reading")),
        };
        let cut_off = cut_off.map(|reason| LogText(reason).to_string());
        let caller = request.extensions().get::<Caller>().and_then(|caller| caller.0.clone());
        let client = caller.as_ref().map(|client| client.id.as_str());
        let extensions = request.extensions();
        let feed = extensions.get::<ReadFeed>().map(|ReadFeed(id)| id.as_str());
        let trace_id = trace_id(request.headers());
        // The body of a response to HEAD is produced but not sent.
        let bytes = if request.method() == Method::HEAD { 0 } else { self.bytes };
        let (method, path) = (LogText(request.method().as_str()), LogText(shown_path(request)));
        let (status, request_id) = (status.as_u16(), as_text(id));
        log::log!(
            level,
            method:%, path:%, status, duration = duration.as_secs_f64(), bytes, cut_off = cut_off.as_deref(), client, feed, trace_id,
            request_id;
            "{method} {path} {status} {duration:.1?} {bytes} bytes{}{}{}{} {request_id}",
            Part(", cut off: ", cut_off.as_deref()),
            Part(" client ", client),
            Part(" feed ", feed),
            Part(" trace ", trace_id),
        );
    }
}

/// The path as it was sent; without its escapes if they hide a secret, which the log must find.
fn shown_path(request: &HttpRequest) -> &str {
    let unescaped = request.match_info().as_str();
    if has_secret(unescaped) { unescaped } else { request.path() }
}

/// A part of a line with what precedes it, or nothing.
struct Part<'a>(&'static str, Option<&'a str>);

impl Display for Part<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(before, part) = self;
        part.map_or(Ok(()), |part| write!(f, "{before}{part}"))
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[test]
    fn a_long_body_is_passed_on_in_parts() {
        let long: Vec<u8> = (0..3 * MAX_PART + 1).map(|n| n as u8).collect();
        let mut parts = Parts { body: BoxBody::new(long.clone()), rest: Bytes::new() };
        let (mut context, mut passed) = (Context::from_waker(Waker::noop()), Vec::new());
        while let Poll::Ready(Some(part)) = parts.poll_next(&mut context) {
            let part = part.unwrap();
            assert!(part.len() <= MAX_PART);
            passed.extend(part);
        }
        assert!(passed == long);
    }

    #[test]
    fn the_root_cause_is_the_innermost_error() {
        let wrapped = anyhow::anyhow!("no route to host").context("io").context("body");
        assert_eq!(root_cause(wrapped.as_ref()).to_string(), "no route to host");
    }
}
