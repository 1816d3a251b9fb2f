//! Bodies, parsed at the door: [`Body`].

mod calendar;
mod fields;
mod json;
mod media_type;
mod order;
mod patch;
mod service;

use std::pin::Pin;
use std::time::Duration;

use actix_web::http::header::CONTENT_LENGTH;
use actix_web::rt::time::timeout;
use actix_web::{FromRequest, HttpRequest, dev, web};

use self::fields::Fields;
use orders_core::OrderDraft;

pub(crate) use self::order::READ_ONLY_FIELDS;

use crate::http::path::path_id;
use crate::problem::Problem;
use crate::problem::ProblemType;

/// A request's body as a value that keeps all the rules of its fields.
pub(crate) struct Body<T>(pub(crate) T);

/// What a body can be read as.
pub(crate) trait Shape: Sized + 'static {
    /// The fields that a client may send, as a message lists them.
    const FIELDS: &'static str;

    /// Reads the fields; none when one of them breaks a rule.
    fn read(fields: &mut Fields<'_>) -> Option<Self>;
}

/// How much body is read, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLimits {
    /// The most bytes.
    pub(crate) bytes: usize,
    /// The longest time until the last byte is there.
    pub(crate) arrival: Duration,
    /// The longest wait for the client between two parts of a stream.
    pub(crate) stall_timeout: Duration,
}

impl BodyLimits {
    /// The limits that hold for a request.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        // OK because every app has them, see `server::listen`.
        *request.app_data::<Self>().expect("limits are set")
    }
}

/// Lets a request pass whose body is declared as lines of JSON.
pub(crate) fn check_lines(request: &HttpRequest) -> Result<(), Problem> {
    media_type::check_lines(request.headers())
}

/// Reads an order out of one line of many.
pub(crate) fn read_line(line: &[u8]) -> Result<OrderDraft, Problem> {
    parse(line, None)
}

impl<T: Shape> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let payload = web::Payload::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            media_type::check(request.headers())?;
            let payload = payload.await.map_err(|error| Problem::internal(error.to_string()))?;
            let bytes = arrive(&request, payload).await?;
            parse(&bytes, path_id(&request)).map(Self)
        })
    }
}

/// Reads `bytes` as a `T` whose id is `path_id` where the path names one.
fn parse<T: Shape>(bytes: &[u8], path_id: Option<&str>) -> Result<T, Problem> {
    let mut fields = Fields::new(json::document(bytes)?, path_id);
    let value = T::read(&mut fields);
    fields.finish(value, T::FIELDS)
}

/// The whole body, if it is small and fast enough.
async fn arrive(request: &HttpRequest, payload: web::Payload) -> Result<web::Bytes, Problem> {
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
    match timeout(limits.arrival, payload.to_bytes_limited(limits.bytes)).await {
        Ok(Ok(Ok(bytes))) => Ok(bytes),
        Ok(Ok(Err(_broken))) => Err(Problem::malformed("the body broke off")),
        Ok(Err(_exceeded)) => Err(too_large()),
        Err(_elapsed) => Err(Problem::new(
            ProblemType::RequestTimeout,
            format!("the body did not arrive within {:?}", limits.arrival),
        )),
    }
}
