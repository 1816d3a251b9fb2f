//! `GET /changes`: what happened to orders, as pages or as lines.

mod lines;
mod page;
mod parameters;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use orders_core::{Change, ChangeFilter, Cursor};

pub(crate) use self::parameters::ChangeParameters;
use crate::Store;
use crate::http::endpoint::{Endpoint, Reply, Response, endpoint};
use crate::http::link::{LINK, Target};
use crate::http::ndjson::{LinesOf, NDJSON, NdjsonStream};
use crate::http::negotiation::{Accept, MediaTypes};
use crate::http::query::Query;
use crate::http::response::{CACHE_CONTROL, JSON, Json, VARY};
use crate::openapi::Operation;
use crate::problem::ProblemType;

pub(crate) fn list() -> Endpoint {
    let description = "Every creation, replacement and deletion of an order is a change, and each appears exactly \
                       once, in an order in which they took effect: if one write was answered before another was sent, \
                       it comes first, and the versions of an order are in sequence. Every change that was \
                       acknowledged before a request is in what follows from it. With a filter, a change appears if the order matches \
                       before or after it, so a follower sees an order leave; if it leaves for a calendar that the client may not \
                       use, it appears as deleted. As JSON, a page with a `Link` to the next one, always; a page may be empty although more \
                       changes follow. With `Accept: application/x-ndjson`, all changes up to now, one a line, with a `Link` that \
                       continues from there.";
    endpoint(list_changes, "listChanges", "changes", "Follow the changes of orders", description)
        .problems(&[ProblemType::NotPermitted, ProblemType::CursorGone])
}

async fn list_changes(
    store: Store,
    query: Query<ChangeParameters>,
    media_type: Accept<ChangesMediaType>,
) -> Reply<ChangesResponse> {
    match media_type.0 {
        ChangesMediaType::Json => page::answer(store, query.0).await,
        ChangesMediaType::Ndjson => lines::answer(store, query.0).await,
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
}

impl MediaTypes for ChangesMediaType {
    const OFFERS: &'static [(&'static str, Self)] = &[(JSON, Self::Json), (NDJSON, Self::Ndjson)];
}

enum ChangesResponse {
    /// A page, and where the next one is.
    Page { changes: Json<Vec<Change>>, next: Target },
    /// All changes up to now, and where those that follow are.
    Lines { lines: NdjsonStream<Change>, next: Target },
}

impl Response for ChangesResponse {
    fn respond(self, request: &HttpRequest) -> HttpResponse {
        let mut response = match self {
            Self::Page { changes, next } => {
                let mut response = HttpResponse::Ok();
                response.insert_header(next.link("next"));
                changes.complete(response)
            }
            Self::Lines { lines, next } => lines.respond_with(request, [next.link("next")]),
        };
        let headers = response.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    fn describe(operation: &mut Operation) {
        let description = "A page of changes, or all of them as lines.";
        operation.response(StatusCode::OK, description, &[LINK, VARY, CACHE_CONTROL]);
        operation.content::<Vec<Change>>(StatusCode::OK, JSON);
        operation.content::<LinesOf<Change>>(StatusCode::OK, NDJSON);
    }
}
