//! `/`

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::endpoint::{Endpoint, Reply, Response, endpoint};
use crate::http::negotiation::PrefersHtml;
use crate::http::query::Query;
use crate::http::response::{Json, LOCATION, VARY};
use crate::openapi::{Components, Model, Operation};

pub(crate) fn get() -> Endpoint {
    let description = "Paths, or URI templates (RFC 6570) if there are parameters. A client that prefers `text/html`, as a \
                       browser does, is redirected to the schedule.";
    endpoint(get_index, "getIndex", "about", "Find everything", description)
}

async fn get_index(prefers_html: PrefersHtml, _: Query<()>) -> Reply<IndexResponse> {
    if prefers_html.0 {
        return Ok(IndexResponse::Schedule);
    }
    Ok(IndexResponse::Index(Json::new(&Index(BTreeMap::from([
        ("orders", "/orders"),
        ("services", "/services"),
        ("calendars", "/calendars"),
        ("changes", "/changes"),
        ("webhooks", "/webhooks"),
        ("feeds", "/feeds"),
        ("availability", "/availability{?calendar,from,to}"),
        ("access", "/access"),
        ("schedule", "/schedule"),
        ("problems", "/problems"),
        ("documentation", "/docs"),
        ("openapi", "/openapi.json"),
        ("alive", "/healthz"),
        ("ready", "/readyz"),
        ("metrics", "/metrics"),
    ])))?))
}

enum IndexResponse {
    Index(Json<Index>),
    Schedule,
}

impl Response for IndexResponse {
    fn respond(self, _: &HttpRequest) -> HttpResponse {
        let mut response = match self {
            Self::Index(index) => index.complete(HttpResponse::Ok()),
            Self::Schedule => {
                HttpResponse::SeeOther().insert_header(LOCATION.with("/schedule")).finish()
            }
        };
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
        response
    }

    fn describe(operation: &mut Operation) {
        operation.resource::<Index>(StatusCode::OK, "The index.", &[VARY]);
        operation.response(StatusCode::SEE_OTHER, "The page for people.", &[LOCATION, VARY]);
    }
}

/// Paths by name.
#[derive(serde::Serialize)]
struct Index(BTreeMap<&'static str, &'static str>);

impl Model for Index {
    fn schema(_: &mut Components) -> serde_json::Value {
        serde_json::json!({ "type": "object", "additionalProperties": { "type": "string" } })
    }
}
