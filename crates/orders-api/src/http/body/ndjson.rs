//! A body of newline-delimited JSON: [`NdjsonBody`].

use std::future::ready;
use std::io;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::rt::time::timeout;
use actix_web::web::{Bytes, BytesMut};
use futures_util::stream::{self, LocalBoxStream, Stream, StreamExt as _};
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

/// A request's body as a stream of values, one a line. A value that cannot be read is a problem in its place; a
/// body that breaks off or stalls ends with a problem.
pub(crate) struct NdjsonBody<T>(pub(crate) LocalBoxStream<'static, Result<T, Problem>>);

impl<T: FromFields> Argument for NdjsonBody<T> {
    async fn extract(request: &HttpRequest, payload: &mut Payload) -> Reply<Self> {
        check_ndjson(request.headers())?;
        let limits = BodyLimits::of(request);
        let reader = StreamReader::new(with_timeout(payload.take(), limits.stall_timeout));
        let codec = AnyDelimiterCodec::new_with_max_length(b"\n".into(), [].into(), limits.bytes);
        let lines = FramedRead::new(reader, LineDecoder(codec)).enumerate();
        let values = lines.filter_map(move |(index, line)| ready(read(index, line, limits)));
        Ok(Self(values.boxed_local()))
    }

    fn describe(operation: &mut Operation) {
        operation.request_body::<LinesOf<T>>(&[NDJSON]);
        operation.problems(&[ProblemType::UnsupportedMediaType]);
    }
}

/// The payload, with an error if no part of it arrives within `stall_timeout`.
fn with_timeout(
    payload: Payload,
    stall_timeout: Duration,
) -> impl Stream<Item = io::Result<Bytes>> {
    stream::unfold(payload, move |mut payload| async move {
        let next = match timeout(stall_timeout, payload.next()).await {
            Ok(next) => next?.map_err(io::Error::other),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        };
        Some((next, payload))
    })
}

/// Splits lines like the codec, except that a line which is too long does not end them.
struct LineDecoder(AnyDelimiterCodec);

impl Decoder for LineDecoder {
    type Item = Result<Bytes, AnyDelimiterCodecError>;
    type Error = io::Error;

    fn decode(&mut self, buffer: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        Ok(self.0.decode(buffer).transpose())
    }

    fn decode_eof(&mut self, buffer: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        Ok(self.0.decode_eof(buffer).transpose())
    }
}

/// The value in a line; none if the line is blank. The first line may start with a byte order mark.
fn read<T: FromFields>(
    index: usize,
    line: io::Result<Result<Bytes, AnyDelimiterCodecError>>,
    limits: BodyLimits,
) -> Option<Result<T, Problem>> {
    let problem = match line {
        Ok(Ok(line)) => {
            let line = match line.strip_prefix(BYTE_ORDER_MARK) {
                Some(rest) if index == 0 => rest,
                _ => &line[..],
            };
            return (!line.trim_ascii().is_empty()).then(|| parse(line, None));
        }
        Ok(Err(_)) => {
            let detail = format!("the line has more than {} bytes", limits.bytes);
            Problem::new(ProblemType::TooLarge, detail)
        }
        Err(error) if error.kind() == io::ErrorKind::TimedOut => {
            let detail = format!("no line arrived within {:?}", limits.stall_timeout);
            Problem::new(ProblemType::RequestTimeout, detail)
        }
        Err(_) => Problem::malformed("the body broke off"),
    };
    Some(Err(problem))
}
