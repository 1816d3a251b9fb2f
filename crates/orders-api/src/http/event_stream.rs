//! Server-sent events (`text/event-stream`, in the HTML standard): [`event`], [`LastEventId`].

use std::marker::PhantomData;

use actix_web::HttpRequest;
use actix_web::dev::Payload;
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

/// The cursor of the last event that a client has seen, if it connects again.
pub(crate) struct LastEventId(pub(crate) Option<Cursor>);

const LAST_EVENT_ID: &str = "Last-Event-ID";

impl Argument for LastEventId {
    async fn extract(request: &HttpRequest, _: &mut Payload) -> Reply<Self> {
        let Some(value) = request.headers().get(LAST_EVENT_ID) else { return Ok(Self(None)) };
        let cursor = value.to_str().ok().and_then(|text| text.parse().ok());
        cursor.map(|cursor| Self(Some(cursor))).ok_or_else(|| {
            Problem::malformed(format!("the header {LAST_EVENT_ID} is no cursor of the feed"))
        })
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
