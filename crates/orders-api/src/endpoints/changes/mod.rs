//! `GET /changes`: what happened to orders, as pages, as lines or as events.

mod events;
mod lines;
mod page;
mod parameters;

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::StreamExt as _;
use orders_core::{Change, ChangeFilter, Cursor};

use self::events::Events;
pub(crate) use self::parameters::ChangeParameters;
use crate::Store;
use crate::access::Authorization;
use crate::http::endpoint::{Endpoint, Reply, Response, endpoint};
use crate::http::event_stream::{EVENT_STREAM, EventsOf, LastEventId};
use crate::http::link::{LINK, Target};
use crate::http::ndjson::{LinesOf, NDJSON, NdjsonStream};
use crate::http::negotiation::{Accept, MediaTypes};
use crate::http::query::Query;
use crate::http::resource::IDENTITY;
use crate::http::response::{CACHE_CONTROL, JSON, Json, VARY};
use crate::openapi::Operation;
use crate::problem::ProblemType;

pub(crate) fn list() -> Endpoint {
    let description = "Every creation, replacement and deletion of an order is a change, and each appears exactly \
                       once, in the sequence in which they took effect: if one write was answered before another was \
                       sent, it comes first, and the versions of an order are in sequence. Every change that was \
                       acknowledged before a request is in what follows from it. With a filter, a change appears if \
                       the order matches before or after it, so a follower sees an order leave; if it leaves for a \
                       calendar that the client may not use, it appears as deleted. As JSON, a page with a `Link` to \
                       the next one, always; a page may be empty although more changes follow. With `Accept: \
                       application/x-ndjson`, all changes up to now, one a line, with a `Link` that continues from \
                       there. With `Accept: text/event-stream`, events without end; connect again with the `id` of the \
                       last one as `Last-Event-ID`. Streams and waiting requests are limited in number, for each \
                       client and in all: one too many is 503.";
    endpoint(list_changes, "listChanges", "changes", "Follow the changes of orders", description)
        .problems(&[ProblemType::NotPermitted, ProblemType::CursorGone])
}

async fn list_changes(
    store: Store,
    query: Query<ChangeParameters>,
    last_event_id: LastEventId,
    media_type: Accept<ChangesMediaType>,
    authorization: Authorization,
) -> Reply<ChangesResponse> {
    match media_type.0 {
        ChangesMediaType::Json => page::answer(store, authorization, query.0).await,
        ChangesMediaType::Ndjson => lines::answer(store, query.0).await,
        ChangesMediaType::Events => {
            let events =
                events::answer(store, authorization, query.0, last_event_id.cursor()?).await?;
            Ok(ChangesResponse::Events(events))
        }
    }
}

/// The changes after a cursor, as links lead to them.
pub(crate) fn changes_after(cursor: Cursor, filter: &ChangeFilter) -> Target {
    Target::new("/changes")
        .with("after", Some(cursor))
        .with("calendar", filter.calendar.as_ref())
        .with("service", filter.service.as_ref())
}

#[derive(Clone, Copy)]
enum ChangesMediaType {
    Json,
    Ndjson,
    Events,
}

impl MediaTypes for ChangesMediaType {
    const OFFERS: &'static [(&'static str, Self)] =
        &[(JSON, Self::Json), (NDJSON, Self::Ndjson), (EVENT_STREAM, Self::Events)];
}

enum ChangesResponse {
    /// A page, where the next one is, and whether the connection is closed after it.
    Page {
        changes: Json<Vec<Change>>,
        next: Target,
        closes: bool,
    },
    /// All changes up to now, and where those that follow are.
    Lines {
        lines: NdjsonStream<Change>,
        next: Target,
    },
    Events(Events),
}

impl ChangesResponse {
    /// The same response, after which a client has to open another connection, perhaps to another instance.
    fn closing(self) -> Self {
        match self {
            Self::Page { changes, next, .. } => Self::Page { changes, next, closes: true },
            other => other,
        }
    }
}

impl Response for ChangesResponse {
    fn respond(self, request: &HttpRequest) -> HttpResponse {
        let mut response = match self {
            Self::Page { changes, next, closes } => {
                let mut response = HttpResponse::Ok();
                response.insert_header(next.link("next"));
                if closes {
                    response.force_close();
                }
                changes.complete(response)
            }
            Self::Lines { lines, next } => lines.respond_with(request, [next.link("next")]),
            Self::Events(events) => {
                let most = if request.method() == Method::HEAD { 0 } else { usize::MAX };
                let mut response = HttpResponse::Ok();
                // An idle connection would delay the stop of the service.
                response.force_close();
                // Compression would hold events back.
                response.insert_header((header::CONTENT_ENCODING, IDENTITY));
                // So would nginx.
                response.insert_header(("X-Accel-Buffering", "no"));
                response.content_type(EVENT_STREAM).streaming(events.take(most))
            }
        };
        let headers = response.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    fn describe(operation: &mut Operation) {
        let description =
            "A page of changes, all changes up to now as lines, or events, which have no `Link`.";
        operation.response(StatusCode::OK, description, &[LINK.optional(), VARY, CACHE_CONTROL]);
        operation.content::<Vec<Change>>(StatusCode::OK, JSON);
        operation.content::<LinesOf<Change>>(StatusCode::OK, NDJSON);
        operation.content::<EventsOf<Change>>(StatusCode::OK, EVENT_STREAM);
    }
}
