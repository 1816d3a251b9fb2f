//! `/healthz`, `/readyz`

use actix_web::HttpResponse;
use orders_db::PgStore;
use serde_json::json;

use crate::Store;
use crate::problem::Problem;

/// `GET /healthz`
pub(crate) async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive" }))
}

/// `GET /readyz`
pub(crate) async fn ready(store: Store) -> Result<HttpResponse, Problem> {
    store.run(PgStore::ping).await?;
    Ok(HttpResponse::Ok().json(json!({ "status": "ready" })))
}
