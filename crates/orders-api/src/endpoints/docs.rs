//! `/openapi.json`, and `/docs`, a page that shows it and tries the service.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::mime::{self, Mime};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::http::endpoint::{Endpoint, Reply, Response, endpoint};
use crate::http::path::{Path, PathParameter};
use crate::http::query::{Parameter, Query};
use crate::http::response::JSON;
use crate::openapi::{self, Components, Header, Operation};

/// The page may load its own files and call this service, and nothing else. The icons in its style sheet are
/// data, and its script sets styles.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// A file of the page, and the last segment of its path.
struct File {
    name: &'static str,
    media_type: Mime,
    text: &'static str,
}

/// The distribution of Swagger UI, and the script that starts it.
const FILES: [File; 3] = [
    File {
        name: "docs.js",
        media_type: mime::TEXT_JAVASCRIPT,
        text: include_str!("../../assets/docs/docs.js"),
    },
    File {
        name: "swagger-ui-bundle.js",
        media_type: mime::TEXT_JAVASCRIPT,
        text: include_str!("../../assets/docs/swagger-ui-bundle.js"),
    },
    File {
        name: "swagger-ui.css",
        media_type: mime::TEXT_CSS,
        text: include_str!("../../assets/docs/swagger-ui.css"),
    },
];

const PAGE: File = File {
    name: "index.html",
    media_type: mime::TEXT_HTML_UTF_8,
    text: include_str!("../../assets/docs/index.html"),
};

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
    let description = "Swagger UI with this document. It loads nothing from other servers.";
    endpoint(get_page, "getDocs", "about", "Get a page to try the service on", description)
}

async fn get_page(_: Query<()>) -> Reply<Page> {
    Ok(Page)
}

struct Page;

impl Response for Page {
    fn respond(self, request: &HttpRequest) -> HttpResponse {
        let mut response = PAGE.respond(request);
        let headers = response.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        response
    }

    fn describe(operation: &mut Operation) {
        const HEADER: Header = Header::new(
            "Content-Security-Policy",
            "The page may load what the service has, and nothing else.",
            "^default-src 'none';",
        );
        operation.response(StatusCode::OK, "The page.", &[HEADER]);
        PAGE.describe_content(operation);
    }
}

pub(crate) fn file() -> Endpoint {
    endpoint(
        get_file,
        "getDocsFile",
        "about",
        "Get a file of the page",
        "Scripts and a style sheet.",
    )
}

async fn get_file(file: Path<File>, _: Query<()>) -> Reply<File> {
    Ok(file.0)
}

impl PathParameter for File {
    const NAMED: (&'static str, &'static str) = ("file", "A file of the page.");
}

impl Parameter for File {
    fn parse(text: &str) -> Result<Self, String> {
        let file = FILES.into_iter().find(|file| file.name == text);
        file.ok_or_else(|| "the page has no such file".to_owned())
    }

    fn schema(_: &mut Components) -> Value {
        json!({ "type": "string", "enum": FILES.map(|file| file.name) })
    }
}

impl Response for File {
    fn respond(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok()
            .content_type(self.media_type)
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
            // The files change with the program, and nothing announces that.
            .insert_header((CACHE_CONTROL, "max-age=3600"))
            .body(self.text)
    }

    fn describe(operation: &mut Operation) {
        operation.response(StatusCode::OK, "The file.", &[]);
        FILES.iter().for_each(|file| file.describe_content(operation));
    }
}

impl File {
    fn describe_content(&self, operation: &mut Operation) {
        let media_type = self.media_type.essence_str();
        operation.content_of(StatusCode::OK, media_type, json!({ "type": "string" }));
    }
}
