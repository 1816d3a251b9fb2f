//! All orders at once: [`ExportOrders`].

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{Method, StatusCode, Version};
use orders_core::{Cursor, Direction, OrderFilter};

use super::page::orders;
use super::request::{NDJSON, accept, request};
use super::response::is;
use super::{Request, Target, Unexpected};

/// `GET /orders` as lines of JSON: all matching orders, as they were at one instant.
///
/// [`Lines`](super::Lines) takes the body apart. Each line is an order. A body that ends within a line was cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportOrders {
    /// Which orders.
    pub filter: OrderFilter,
    /// In which direction.
    pub direction: Direction,
}

impl ExportOrders {
    /// The request.
    #[must_use]
    pub fn request(&self) -> Request {
        let mut request = request(Method::GET, orders(&self.filter, self.direction));
        accept(&mut request, NDJSON);
        request
    }

    /// The cursor after which the changes follow that the export does not contain, from the head of a response whose body
    /// has not been read. There is none if the changes cannot be filtered likewise: with `reference`, `from` or `to`. The
    /// service sends another status with a body, for [`Failure::of`](super::Failure::of).
    ///
    /// # Errors
    /// If it is not the head of an export, or the end of its body cannot be told from a lost connection.
    pub fn monitor<B>(response: &http::Response<B>) -> Result<Option<Cursor>, Unexpected> {
        let headers = response.headers();
        if response.status() != StatusCode::OK || !is(headers, NDJSON) {
            return Err(Unexpected::new(response, "it is not an export"));
        }
        let is_framed = headers.contains_key(TRANSFER_ENCODING)
            || headers.contains_key(CONTENT_LENGTH)
            || response.version() >= Version::HTTP_2;
        if !is_framed {
            let what = "the end of the body cannot be told from a lost connection; is there an HTTP/1.0 proxy?";
            return Err(Unexpected::new(response, what));
        }
        Ok(Target::of(headers, "monitor").and_then(|target| target.cursor()))
    }
}
