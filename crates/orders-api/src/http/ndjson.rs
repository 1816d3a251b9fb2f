//! Newline-delimited JSON, written while it is sent: [`NdjsonStream`].

use std::marker::PhantomData;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Value, json};

use super::channel::{Chunks, streamed};
use super::endpoint::Response;
use crate::openapi::{Components, Example, Model, Operation, example};

/// The media type of newline-delimited JSON.
pub(crate) const NDJSON: &str = "application/x-ndjson";

/// 200 with one `T` a line.
pub(crate) struct NdjsonStream<T>(Chunks, PhantomData<T>);

impl<T> NdjsonStream<T> {
    /// The response with this body.
    pub(crate) fn new(body: Chunks) -> Self {
        Self(body, PhantomData)
    }

    /// The response with these headers.
    pub(crate) fn respond_with(
        self,
        request: &HttpRequest,
        headers: impl IntoIterator<Item = (&'static str, String)>,
    ) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        for header in headers {
            response.insert_header(header);
        }
        response.content_type(NDJSON);
        streamed(response, request, self.0)
    }
}

impl<T: Model> Response for NdjsonStream<T> {
    fn respond(self, request: &HttpRequest) -> HttpResponse {
        self.respond_with(request, None)
    }

    fn describe(operation: &mut Operation) {
        operation.response(StatusCode::OK, "Success.", &[]);
        operation.content::<LinesOf<T>>(StatusCode::OK, NDJSON);
    }
}

/// The model of lines that are each a `T`.
pub(crate) struct LinesOf<T>(PhantomData<T>);

impl<T: Model> Model for LinesOf<T> {
    fn schema(components: &mut Components) -> Value {
        json!({
            "type": "string", "contentMediaType": NDJSON, "contentSchema": T::schema(components),
            "description": "One JSON value a line."
        })
    }

    fn examples() -> Vec<Example> {
        let examples = T::examples();
        let Some(first) = examples.first() else { return Vec::new() };
        let name = format!("{}Lines", first.name);
        let lines: String = examples.iter().map(|one| format!("{}\n", one.value)).collect();
        vec![example(&name, "One a line", lines.into())]
    }
}

/// Appends a value as one line.
pub(crate) fn push(lines: &mut Vec<u8>, value: &impl Serialize) -> Result<(), serde_json::Error> {
    serde_json::to_writer(&mut *lines, value)?;
    lines.push(b'\n');
    Ok(())
}
