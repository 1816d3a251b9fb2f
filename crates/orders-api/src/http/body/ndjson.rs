//! A body of newline-delimited JSON: [`NdjsonBody`].

use std::io;
use std::marker::PhantomData;
use std::mem;

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::rt::time::timeout;
use actix_web::web::{Bytes, BytesMut};
use futures_util::stream::{MapErr, TryStreamExt as _};
use futures_util::{FutureExt as _, StreamExt as _};
use tokio_util::codec::{AnyDelimiterCodec, AnyDelimiterCodecError, Decoder, FramedRead};
use tokio_util::io::StreamReader;

use super::media_type::check_ndjson;
use super::{BodyLimits, FromFields, parse};
use crate::http::endpoint::{Argument, Reply};
use crate::http::ndjson::{LinesOf, NDJSON};
use crate::openapi::Operation;
use crate::problem::{Problem, ProblemType};

/// What some programs write at the start of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A request's body as values, one a line. A line that cannot be read has a problem in place of its value; a body that
/// breaks off or stalls ends with a problem.
pub(crate) struct NdjsonBody<T> {
    lines: FramedRead<StreamReader<Chunks, Bytes>, LineDecoder>,
    limits: BodyLimits,
    /// Whether no line was read yet.
    at_start: bool,
    ended: bool,
    values: PhantomData<T>,
}

type Chunks = MapErr<Payload, fn(PayloadError) -> io::Error>;

/// A value, or why there is none.
pub(crate) struct Line<T> {
    pub(crate) value: Result<T, Problem>,
    /// How many bytes the line has.
    pub(crate) bytes: usize,
}

/// A line without its end, or that it is too long.
type Split = Result<Bytes, AnyDelimiterCodecError>;

impl<T: FromFields> NdjsonBody<T> {
    /// The values in this payload.
    pub(crate) fn new(payload: Payload, limits: BodyLimits) -> Self {
        let codec = AnyDelimiterCodec::new_with_max_length(b"\n".into(), [].into(), limits.bytes);
        let chunks: Chunks = payload.map_err(io::Error::other);
        let lines = FramedRead::new(StreamReader::new(chunks), LineDecoder(codec));
        Self { lines, limits, at_start: true, ended: false, values: PhantomData }
    }

    /// The next line that is not blank; none at the end. Each line has to arrive as a whole within the stall timeout from now on.
    pub(crate) async fn next(&mut self) -> Option<Line<T>> {
        while !self.ended {
            let line = timeout(self.limits.stall_timeout, self.lines.next()).await;
            let line = line.unwrap_or_else(|_| Some(Err(io::ErrorKind::TimedOut.into())));
            if let Some(line) = self.read(line) {
                return Some(line);
            }
        }
        None
    }

    /// The next line that is not blank, if it has arrived already.
    pub(crate) fn ready(&mut self) -> Option<Line<T>> {
        while !self.ended {
            let line = self.lines.next().now_or_never()?;
            if let Some(line) = self.read(line) {
                return Some(line);
            }
        }
        None
    }

    /// Whether everything was read.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// The line; none if it is blank or the end. The first line may start with a byte order
    /// mark.
    fn read(&mut self, line: Option<io::Result<Split>>) -> Option<Line<T>> {
        let is_first = mem::replace(&mut self.at_start, false);
        self.ended = !matches!(line, Some(Ok(_)));
        let problem = match line? {
            Ok(Ok(line)) => {
                let line = match line.strip_prefix(BYTE_ORDER_MARK) {
                    Some(rest) if is_first => rest,
                    _ => &line[..],
                };
                let is_blank = line.trim_ascii().is_empty();
                return (!is_blank).then(|| Line { value: parse(line, None), bytes: line.len() });
            }
            Ok(Err(_)) => {
                let detail = format!("the line has more than {} bytes", self.limits.bytes);
                Problem::new(ProblemType::TooLarge, detail)
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                let detail =
                    format!("no complete line arrived within {:?}", self.limits.stall_timeout);
                Problem::new(ProblemType::RequestTimeout, detail)
            }
            Err(_) => Problem::malformed("the body broke off"),
        };
        Some(Line { value: Err(problem), bytes: 0 })
    }
}

impl<T: FromFields> Argument for NdjsonBody<T> {
    async fn extract(request: &HttpRequest, payload: &mut Payload) -> Reply<Self> {
        check_ndjson(request.headers())?;
        Ok(Self::new(payload.take(), BodyLimits::of(request)))
    }

    fn describe(operation: &mut Operation) {
        operation.request_body::<LinesOf<T>>(&[NDJSON]);
        operation.problems(&[ProblemType::UnsupportedMediaType]);
    }
}

/// Splits lines like the codec, except that a line which is too long does not end them.
struct LineDecoder(AnyDelimiterCodec);

impl Decoder for LineDecoder {
    type Item = Split;
    type Error = io::Error;

    fn decode(&mut self, buffer: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        Ok(self.0.decode(buffer).transpose())
    }

    fn decode_eof(&mut self, buffer: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        Ok(self.0.decode_eof(buffer).transpose())
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::time::Duration;

    use actix_web::rt::spawn;
    use actix_web::rt::time::sleep;
    use futures_util::stream;
    use orders_core::OrderDraft;
    use tokio::sync::oneshot;

    use super::*;

    #[actix_web::test]
    async fn time_in_which_nobody_waits_for_a_line_does_not_count() {
        let stall_timeout = Duration::from_secs(1);
        let limits = BodyLimits { bytes: 100, arrival: stall_timeout, stall_timeout };
        let (send, sent) = oneshot::channel();
        let first = stream::once(ready(Ok(Bytes::from("first\n"))));
        let second = stream::once(sent.map(|line| Ok(line.unwrap_or_default())));
        let payload = Payload::Stream { payload: first.chain(second).boxed_local() };
        let mut body = NdjsonBody::<OrderDraft>::new(payload, limits);
        let is_line = |line: Option<Line<OrderDraft>>| {
            let problem = line.and_then(|line| line.value.err());
            problem.is_some_and(|it| it.problem_type() == ProblemType::MalformedRequest)
        };
        assert!(is_line(body.next().await));
        assert!(body.ready().is_none() && !body.has_ended());
        sleep(stall_timeout * 3 / 2).await;
        spawn(async { send.send(Bytes::from("second\n")) });
        assert!(is_line(body.next().await));
        assert!(body.next().await.is_none() && body.has_ended());
    }
}
