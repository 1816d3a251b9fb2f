//! `GET /feeds/{token}.ics`

use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, HttpResponseBuilder};
use orders_core::{CalendarFeedId, CalendarFeeds as _, FeedDigest, Interval, Timestamp};
use serde_json::{Value, json};

use super::icalendar::CONTENT_TYPE;
use super::reader::{Content, Reader};
use crate::access::feed_token::FeedToken;
use crate::access::now;
use crate::db_threads::Kind;
use crate::http::channel::streamed;
use crate::http::conditional::{ETAG, IfModified, LAST_MODIFIED, http_date};
use crate::http::endpoint::{Endpoint, Reply, Response, endpoint};
use crate::http::path::{Path, PathParameter};
use crate::http::query::{Parameter, Query};
use crate::http::response::CACHE_CONTROL;
use crate::openapi::{Components, Operation};
use crate::problem::Problem;
use crate::store::OpenStore;
use crate::transfers::Transfers;

const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// How many days of the past and of the future a feed shows.
const PAST_DAYS: i64 = 31;
const FUTURE_DAYS: i64 = 366;

/// The media type without its parameter.
const CALENDAR: &str = "text/calendar";

pub(crate) fn read() -> Endpoint {
    let description = "iCalendar (RFC 5545) with the orders of the feed's calendars from 31 days ago to 366 days ahead, in \
                       whole days of UTC. An event shows when an order starts and how long its time is, the names of its \
                       services and of its calendar, and nothing else. The text is the same as long as what it shows is; \
                       with `If-None-Match` or `If-Modified-Since`, that is 304. It needs no credentials, because the \
                       token in its path is one.";
    endpoint(read_feed, "readFeed", "feeds", "Subscribe to a feed", description)
}

async fn read_feed(
    token: Path<FeedToken>,
    store: OpenStore,
    condition: IfModified,
    transfers: Transfers,
    _: Query<()>,
) -> Reply<FeedResponse> {
    let hash = token.0.hash();
    let find = store.run(store.address(), Kind::Single, move |store| store.feed_with_token(&hash));
    let id = find.await?.ok_or_else(|| Problem::not_found("there is no such feed"))?;
    let reader = Reader::new(store, id.clone(), window(now()));
    let state = reader.state().await?;
    let tag = tag(&state.digest);
    if !condition.is_met(&tag, state.modified_at) {
        let modified_at = Some(state.modified_at);
        return Ok(FeedResponse { id, modified_at, state: Found::NotModified { tag } });
    }
    let content = reader.content(&transfers).await?;
    // If it has changed since, the time is that of another text, which the feed may show again.
    let modified_at = (content.digest == state.digest).then_some(state.modified_at);
    Ok(FeedResponse { id, modified_at, state: Found::Modified { content } })
}

/// The days that a feed shows at an instant. All instants of a day have the same, so that the text changes at most once a day
/// if nobody writes.
fn window(now: Timestamp) -> Interval {
    let today = now.as_micros().div_euclid(DAY);
    let start_of = |day: i64, limit| Timestamp::from_micros(day * DAY).unwrap_or(limit);
    Interval {
        from: start_of(today - PAST_DAYS, Timestamp::MIN),
        to: start_of(today + FUTURE_DAYS + 1, Timestamp::MAX),
    }
}

/// What the entity tag of a text contains. Another release may write the same in another way.
fn tag(digest: &FeedDigest) -> String {
    let digits: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{digits}", env!("CARGO_PKG_VERSION"))
}

struct FeedResponse {
    id: CalendarFeedId,
    /// Since when it shows what it shows, if that is known.
    modified_at: Option<Timestamp>,
    state: Found,
}

/// The feed, unless the client has it.
enum Found {
    Modified { content: Content },
    NotModified { tag: String },
}

/// The feed that a request has read, which the log names instead of the token.
pub(crate) struct ReadFeed(pub(crate) CalendarFeedId);

impl Response for FeedResponse {
    fn respond(self, request: &HttpRequest) -> HttpResponse {
        let Self { id, modified_at, state } = self;
        request.extensions_mut().insert(ReadFeed(id));
        match state {
            Found::Modified { content: Content { digest, body, length } } => {
                let mut response = validated(HttpResponse::Ok(), &tag(&digest), modified_at);
                response.content_type(CONTENT_TYPE);
                match length {
                    Some(length) => response.body(SizedStream::new(length, body)),
                    None => streamed(response, request, body),
                }
            }
            Found::NotModified { tag } => {
                validated(HttpResponse::NotModified(), &tag, modified_at).finish()
            }
        }
    }

    fn describe(operation: &mut Operation) {
        let headers = [ETAG, LAST_MODIFIED.optional(), CACHE_CONTROL];
        operation.response(StatusCode::OK, "The feed.", &headers);
        let schema = json!({ "type": "string", "contentMediaType": CALENDAR });
        operation.content_of(StatusCode::OK, CALENDAR, schema);
        let headers = [ETAG, LAST_MODIFIED, CACHE_CONTROL];
        operation.response(StatusCode::NOT_MODIFIED, "The client has the feed.", &headers);
    }
}

/// Adds what tells the client whether it has this text.
fn validated(
    mut response: HttpResponseBuilder,
    tag: &str,
    modified_at: Option<Timestamp>,
) -> HttpResponseBuilder {
    response
        .insert_header(ETAG.with(format!("\"{tag}\"")))
        .insert_header(CACHE_CONTROL.with("no-cache"));
    if let Some(modified_at) = modified_at {
        response.insert_header(LAST_MODIFIED.with(http_date(modified_at.min(now()))));
    }
    response
}

impl PathParameter for FeedToken {
    const NAMED: (&'static str, &'static str) = ("token", "The secret in the URL of the feed.");
}

impl Parameter for FeedToken {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: crate::access::feed_token::NotAToken| error.to_string())
    }

    fn schema(_: &mut Components) -> Value {
        json!({ "type": "string", "pattern": "^ordf_[0-9a-f]{32}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_shows_whole_days() {
        let window = |now: &str| window(now.parse().unwrap());
        let day = window("2026-11-27T00:00:00Z");
        assert_eq!(day.from.to_string(), "2026-10-27T00:00:00Z");
        assert_eq!(day.to.to_string(), "2027-11-29T00:00:00Z");
        assert_eq!(window("2026-11-27T23:59:59.999999Z"), day);
        assert_ne!(window("2026-11-28T00:00:00Z"), day);
    }
}
