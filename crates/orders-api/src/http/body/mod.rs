//! Request bodies, parsed: [`Body`].
//!
//! The parser is written by hand because no library keeps the digits of numbers, notices repeated names and reports
//! all errors at once.

mod calendar;
mod calendar_feed;
mod fields;
mod json;
mod media_type;
mod metadata;
mod ndjson;
mod order;
mod patch;
mod service;
mod value;
mod webhook;

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::body::{BodyStream, to_bytes_limited};
use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::rt::time::timeout;
use actix_web::web::Bytes;
use serde_json::Value;

pub(crate) use self::fields::Fields;
pub(crate) use self::ndjson::{Line, NdjsonBody};
use crate::http::endpoint::{Argument, Reply};
use crate::http::path::path_id;
use crate::http::response::JSON;
use crate::openapi::{Components, Example, Model, Operation};
use crate::problem::{Problem, ProblemType};

/// The media type of a JSON Merge Patch (RFC 7396).
pub(crate) const MERGE_PATCH: &str = "application/merge-patch+json";

/// What the field `id` of a draft is.
const OWN_ID: &str = "The client's own id; without one, the service makes one. In a PUT it must be that of the path.";

/// A request's body as a value that keeps all the rules of its fields.
pub(crate) struct Body<T>(pub(crate) T);

/// A type that a JSON object in a request body can be read as.
pub(crate) trait FromFields: Sized + 'static {
    /// The name and the description of the schema.
    const SCHEMA: (&'static str, &'static str);

    /// The media types of the body.
    const MEDIA_TYPES: &'static [&'static str] = &[JSON];

    /// Reads the fields; none if one of them breaks a rule. To describe them, the document lets this read an
    /// empty object; so read all of them before returning.
    fn read(fields: &mut Fields<'_>) -> Option<Self>;

    /// Bodies that are accepted.
    fn examples() -> Vec<Example>;
}

impl<T: FromFields> Model for T {
    fn schema(components: &mut Components) -> Value {
        let (name, description) = T::SCHEMA;
        let schema = Fields::describe(components, description, T::read);
        components.schema(name, schema)
    }

    fn examples() -> Vec<Example> {
        <T as FromFields>::examples()
    }
}

/// The limits of request bodies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLimits {
    /// The most bytes of a body, or of a line of a stream.
    pub(crate) bytes: usize,
    /// The longest time until the last byte has arrived.
    pub(crate) arrival: Duration,
    /// The longest wait for the client between two parts of a stream.
    pub(crate) stall_timeout: Duration,
}

impl Argument for BodyLimits {
    async fn extract(request: &HttpRequest, _: &mut Payload) -> Reply<Self> {
        Ok(Self::of(request))
    }

    fn describe(_: &mut Operation) {}
}

impl BodyLimits {
    fn of(request: &HttpRequest) -> Self {
        // OK because every app has them, see `server::listen`.
        *request.app_data::<Self>().expect("limits are set")
    }
}

impl<T: FromFields> Argument for Body<T> {
    async fn extract(request: &HttpRequest, payload: &mut Payload) -> Reply<Self> {
        media_type::check_json(request.headers())?;
        let bytes = collect(request, payload.take()).await?;
        parse(&bytes, path_id(request)).map(Self)
    }

    fn describe(operation: &mut Operation) {
        operation.request_body::<T>(T::MEDIA_TYPES);
        operation.problems(&[
            ProblemType::RequestTimeout,
            ProblemType::TooLarge,
            ProblemType::UnsupportedMediaType,
            ProblemType::InvalidRequest,
        ]);
    }
}

/// Reads `bytes` as a `T`, whose id is `path_id` if the path has one.
fn parse<T: FromFields>(bytes: &[u8], path_id: Option<&str>) -> Result<T, Problem> {
    let mut fields = Fields::new(json::document(bytes)?, String::new(), path_id);
    let value = T::read(&mut fields);
    fields.finish(value).map_err(Problem::invalid)
}

/// The whole body, if it is small and fast enough.
async fn collect(request: &HttpRequest, payload: Payload) -> Result<Bytes, Problem> {
    let limits = BodyLimits::of(request);
    let too_large = || {
        Problem::new(
            ProblemType::TooLarge,
            format!("the body has more than {} bytes", limits.bytes),
        )
    };
    let announced = request.headers().get(CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limits.bytes as u64) {
        return Err(too_large());
    }
    match timeout(limits.arrival, to_bytes_limited(BodyStream::new(payload), limits.bytes)).await {
        Ok(Ok(Ok(bytes))) => Ok(bytes),
        Ok(Ok(Err(_broken))) => Err(Problem::malformed("the body broke off")),
        Ok(Err(_exceeded)) => Err(too_large()),
        Err(_elapsed) => Err(Problem::new(
            ProblemType::RequestTimeout,
            format!("the body did not arrive within {:?}", limits.arrival),
        )),
    }
}
