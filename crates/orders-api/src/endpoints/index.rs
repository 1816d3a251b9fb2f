//! `/`

use std::collections::BTreeMap;

use crate::http::endpoint::{Endpoint, Reply, endpoint};
use crate::http::query::Query;
use crate::http::response::Json;
use crate::openapi::{Components, Model};

pub(crate) fn get() -> Endpoint {
    let description = "Paths, or URI templates (RFC 6570) if there are parameters.";
    endpoint(get_index, "getIndex", "about", "Find everything", description)
}

async fn get_index(_: Query<()>) -> Reply<Json<Index>> {
    Ok(Json::new(&Index(BTreeMap::from([
        ("orders", "/orders"),
        ("services", "/services"),
        ("calendars", "/calendars"),
        ("webhooks", "/webhooks"),
        ("availability", "/availability{?calendar,from,to}"),
        ("problems", "/problems"),
        ("documentation", "/docs"),
        ("openapi", "/openapi.json"),
        ("alive", "/healthz"),
        ("ready", "/readyz"),
        ("metrics", "/metrics"),
    ])))?)
}

/// Paths by name.
#[derive(serde::Serialize)]
struct Index(BTreeMap<&'static str, &'static str>);

impl Model for Index {
    fn schema(_: &mut Components) -> serde_json::Value {
        serde_json::json!({ "type": "object", "additionalProperties": { "type": "string" } })
    }
}
