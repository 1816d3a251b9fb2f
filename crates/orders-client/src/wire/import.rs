//! Many orders at once: [`ImportOrders`], [`ImportLine`], [`ImportAnswer`].

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, StatusCode};
use orders_core::{OrderDraft, OrderId, Timestamp};
use serde::Deserialize;

use super::request::{NDJSON, accept, request};
use super::response::is;
use super::{Problem, Request, Unexpected};

/// `POST /orders/import`. The body consists of [`ImportLine`]s, and [`Lines`](super::Lines) takes that of the response
/// apart: each line is an [`ImportAnswer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportOrders;

/// An order as a line of JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportLine {
    /// With the line end.
    bytes: Bytes,
    datetime: Option<Timestamp>,
}

/// What is read of an order that is written as JSON.
#[derive(Deserialize)]
struct Fields {
    datetime: Timestamp,
}

/// A text is not one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an order must be on one line, which is not blank")]
pub struct InvalidLine;

/// A line of the response to an import.
#[derive(Debug, Clone)]
pub enum ImportAnswer {
    /// The order of the next line was created.
    Created(OrderId),
    /// The order of the next line was rejected.
    Rejected(Problem),
    /// It answers no line: the import ends, and the lines that are not answered were not read.
    Stopped(Problem),
}

impl ImportOrders {
    /// The request, without its body.
    #[must_use]
    pub fn request(&self) -> Request {
        let mut request = request(Method::POST, "/orders/import");
        accept(&mut request, NDJSON);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(NDJSON));
        request
    }

    /// Checks the head of a response whose body has not been read. The service sends another status with a body, for
    /// [`Failure::of`](super::Failure::of).
    ///
    /// # Errors
    /// If it is not that of answers to an import.
    pub fn check<B>(response: &http::Response<B>) -> Result<(), Unexpected> {
        match response.status() == StatusCode::OK && is(response.headers(), NDJSON) {
            true => Ok(()),
            false => Err(Unexpected::new(response, "it does not answer an import")),
        }
    }
}

impl ImportLine {
    /// An order that is written as JSON already. The service checks it.
    ///
    /// # Errors
    /// If the text is blank or has more than one line.
    pub fn json(text: impl AsRef<[u8]>) -> Result<Self, InvalidLine> {
        let text = text.as_ref().trim_ascii();
        match text.is_empty() || text.contains(&b'\n') {
            true => Err(InvalidLine),
            false => {
                let fields = serde_json::from_slice(text).ok();
                let datetime = fields.map(|Fields { datetime }| datetime);
                Ok(Self { bytes: [text, b"\n"].concat().into(), datetime })
            }
        }
    }

    /// The line with its end.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The time that is requested for the order, for [`Problem::conflict`].
    #[must_use]
    pub fn datetime(&self) -> Option<Timestamp> {
        self.datetime
    }
}

impl From<&OrderDraft> for ImportLine {
    fn from(draft: &OrderDraft) -> Self {
        // OK because a draft contains only texts, numbers, lists and objects.
        let mut line = serde_json::to_vec(draft).expect("a draft is JSON");
        line.push(b'\n');
        Self { bytes: line.into(), datetime: Some(draft.datetime) }
    }
}

impl From<OrderDraft> for ImportLine {
    fn from(draft: OrderDraft) -> Self {
        Self::from(&draft)
    }
}

impl ImportAnswer {
    /// Reads a line.
    ///
    /// # Errors
    /// If it is not an answer.
    pub fn read(line: &[u8]) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Created {
            id: OrderId,
        }
        // A problem has no id.
        if let Ok(Created { id }) = serde_json::from_slice(line) {
            return Ok(Self::Created(id));
        }
        let problem = Problem::of_line(line)?;
        Ok(match problem.slug() {
            "import-stopped" => Self::Stopped(problem),
            _ => Self::Rejected(problem),
        })
    }
}
