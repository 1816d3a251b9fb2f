//! `/docs`, a page to try the service on, and `/openapi.json`, which it shows.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::mime::{self, Mime};
use actix_web::web::{self, Bytes};
use actix_web::{HttpResponse, HttpResponseBuilder};

use crate::http::query::Query;
use crate::openapi;
use crate::problem::Problem;

/// The page loads its own files and asks this service, and nothing else. Its style sheet's icons are data,
/// and its script sets styles.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// A file of the page.
pub(crate) struct File {
    /// The last segment of its path.
    pub(crate) name: &'static str,
    kind: Mime,
    text: &'static str,
}

/// What the page is made of; swagger-ui-dist, and what starts it.
pub(crate) const FILES: [File; 3] = [
    File {
        name: "docs.js",
        kind: mime::TEXT_JAVASCRIPT,
        text: include_str!("../../assets/docs/docs.js"),
    },
    File {
        name: "swagger-ui-bundle.js",
        kind: mime::TEXT_JAVASCRIPT,
        text: include_str!("../../assets/docs/swagger-ui-bundle.js"),
    },
    File {
        name: "swagger-ui.css",
        kind: mime::TEXT_CSS,
        text: include_str!("../../assets/docs/swagger-ui.css"),
    },
];

const PAGE: &str = include_str!("../../assets/docs/index.html");

/// `GET /openapi.json`
pub(crate) async fn document(_: Query<()>) -> HttpResponse {
    let json = Bytes::from_static(openapi::JSON.as_bytes());
    HttpResponse::Ok().content_type(mime::APPLICATION_JSON).body(json)
}

/// `GET /docs`
pub(crate) async fn page(_: Query<()>) -> HttpResponse {
    let mut response = asset(mime::TEXT_HTML_UTF_8);
    response.insert_header((CONTENT_SECURITY_POLICY, POLICY));
    response.insert_header((REFERRER_POLICY, "no-referrer"));
    response.body(PAGE)
}

/// `GET /docs/{file}`
pub(crate) async fn file(name: web::Path<String>, _: Query<()>) -> Result<HttpResponse, Problem> {
    match FILES.into_iter().find(|file| file.name == *name) {
        Some(File { kind, text, .. }) => Ok(asset(kind).body(text)),
        None => Err(Problem::not_found("the page has no such file")),
    }
}

fn asset(kind: Mime) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.content_type(kind);
    response.insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"));
    // They change with the program, which does not say when.
    response.insert_header((CACHE_CONTROL, "max-age=3600"));
    response
}
