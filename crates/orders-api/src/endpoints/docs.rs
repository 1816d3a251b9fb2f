//! `/openapi.json`, and `/docs`, a page that shows it and tries the service.

use actix_web::http::StatusCode;
use actix_web::mime;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use crate::http::endpoint::{Endpoint, Reply, Response, endpoint};
use crate::http::query::Query;
use crate::http::response::JSON;
use crate::http::site::{self, Asset, Site};
use crate::openapi::{self, Operation};

/// The page may load its own files and call this service, and nothing else. Its script sets styles.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// OpenAPI Explorer, and the script that keeps the key.
static FILES: [Asset; 2] = [
    Asset::new("docs.js", mime::TEXT_JAVASCRIPT, include_str!("../../assets/docs/docs.js")),
    Asset::new(
        "openapi-explorer.min.js",
        mime::TEXT_JAVASCRIPT,
        include_str!("../../assets/docs/openapi-explorer.min.js"),
    ),
];

static PAGE: Asset =
    Asset::new("index.html", mime::TEXT_HTML_UTF_8, include_str!("../../assets/docs/index.html"));

struct Docs;

impl Site for Docs {
    const POLICY: &'static str = POLICY;

    fn page() -> &'static Asset {
        &PAGE
    }

    fn files() -> &'static [Asset] {
        &FILES
    }
}

pub(crate) fn document() -> Endpoint {
    let description = "Generated from the code that answers the requests.";
    endpoint(get_document, "getDocument", "about", "Get this document", description)
}

async fn get_document(_: Query<()>) -> Reply<Document> {
    Ok(Document)
}

struct Document;

impl Response for Document {
    fn respond(self, _: &HttpRequest) -> HttpResponse {
        let json = Bytes::from_static(openapi::JSON.as_bytes());
        HttpResponse::Ok().content_type(mime::APPLICATION_JSON).body(json)
    }

    fn describe(operation: &mut Operation) {
        operation.response(StatusCode::OK, "The document, in OpenAPI 3.1.", &[]);
        operation.content_of(StatusCode::OK, JSON, json!({
            "type": "object",
            "properties": {
                "openapi": { "type": "string", "pattern": r"^3\.1\.\d+$" }, "info": { "type": "object" },
                "paths": { "type": "object" }, "components": { "type": "object" }
            },
            "required": ["openapi", "info", "paths"]
        }));
    }
}

pub(crate) fn page() -> Endpoint {
    let description =
        "This document, with forms to try its operations. It loads nothing from other servers.";
    site::page::<Docs>("getDocs", "Get a page to try the service on", description)
}

pub(crate) fn file() -> Endpoint {
    site::file::<Docs>("getDocsFile", "Get a file of the page", "Scripts.")
}
