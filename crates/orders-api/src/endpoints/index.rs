//! `/`

use actix_web::HttpResponse;
use serde_json::json;

use crate::http::query::Query;

/// `GET /`
pub(crate) async fn read(_: Query<()>) -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "orders": "/orders",
        "services": "/services",
        "calendars": "/calendars",
        "availability": "/availability{?calendar,from,to}",
        "problems": "/problems",
        "documentation": "/docs",
        "openapi": "/openapi.json",
        "alive": "/healthz",
        "ready": "/readyz",
    }))
}
