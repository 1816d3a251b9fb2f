//! Server-sent events (`text/event-stream`, in the HTML standard): [`event`], [`LastEventId`].

use std::marker::PhantomData;

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::http::header::HeaderValue;
use actix_web::web::Bytes;
use orders_core::{Change, Cursor, StoreError};
use serde_json::{Value, json};

use super::endpoint::{Argument, Reply};
use crate::openapi::{Components, Example, Model, Operation, cursor, example};
use crate::problem::Problem;

/// The media type.
pub(crate) const EVENT_STREAM: &str = "text/event-stream";

/// The first line of a stream: after which time, in milliseconds, a client connects again.
pub(crate) const RETRY: &str = "retry: 1000\n";

/// The event of a change.
pub(crate) fn event(change: &Change) -> Result<Bytes, StoreError> {
    let mut event =
        format!("id: {}\nevent: {}\ndata: ", change.cursor, change.change_type).into_bytes();
    // It is written on one line.
    serde_json::to_writer(&mut event, change).map_err(|error| StoreError::Bug(error.into()))?;
    event.extend_from_slice(b"\n\n");
    Ok(event.into())
}

/// Lines that advance the client's cursor without an event.
pub(crate) fn id(cursor: Cursor) -> String {
    format!("id: {cursor}\n\n")
}

/// The last event that a client has seen, if it connects again.
pub(crate) struct LastEventId(Option<HeaderValue>);

const LAST_EVENT_ID: &str = "Last-Event-ID";

impl LastEventId {
    /// Its cursor.
    ///
    /// # Errors
    /// If it is no cursor.
    pub(crate) fn cursor(&self) -> Reply<Option<Cursor>> {
        let parse = |value: &HeaderValue| {
            value.to_str().ok().and_then(|text| text.parse().ok()).ok_or_else(|| {
                Problem::malformed(format!("the header {LAST_EVENT_ID} is no cursor of the feed"))
            })
        };
        self.0.as_ref().map(parse).transpose()
    }
}

impl Argument for LastEventId {
    async fn extract(request: &HttpRequest, _: &mut Payload) -> Reply<Self> {
        Ok(Self(request.headers().get(LAST_EVENT_ID).cloned()))
    }

    fn describe(operation: &mut Operation) {
        let description = "The cursor of the last event that the client has, which takes precedence over `after`. Only for \
                           event streams; browsers send it by themselves.";
        let schema = cursor(&mut operation.components);
        operation.header(LAST_EVENT_ID, description, schema);
    }
}

/// The model of events that each have a `T` as their data.
pub(crate) struct EventsOf<T>(PhantomData<T>);

impl<T: Model> Model for EventsOf<T> {
    fn schema(_: &mut Components) -> Value {
        json!({
            "type": "string", "contentMediaType": EVENT_STREAM,
            "description": "Events. `id` is a cursor, `event` the type of the change, and `data` the change as JSON. An \
                            `id` without data only advances the cursor."
        })
    }

    fn examples() -> Vec<Example> {
        let events = T::examples().into_iter().map(|Example { name, value, .. }| {
            let text = |field: &str| value[field].as_str().unwrap_or_default();
            let (id, kind) = (text("cursor"), text("type"));
            let event = format!("{RETRY}\nid: {id}\nevent: {kind}\ndata: {value}\n\n");
            example(&format!("{name}Events"), "A stream with one event", event.into())
        });
        events.collect()
    }
}
