//! `/healthz`, `/readyz`

use actix_web::web::Data;
use serde::Serialize;
use serde_json::{Value, json};

use crate::access::Access;
use crate::http::endpoint::{Endpoint, Reply, endpoint};
use crate::http::response::Json;
use crate::openapi::{Components, Model};

pub(crate) fn alive() -> Endpoint {
    let description = "Does not ask the database: for programs that restart what hangs.";
    endpoint(is_alive, "isAlive", "about", "Check that the service is alive", description)
}

async fn is_alive((): ()) -> Reply<Json<Health>> {
    Ok(Json::new(&Health { status: "alive" })?)
}

pub(crate) fn ready() -> Endpoint {
    let description = "For load balancers, which send requests only to services that are ready.";
    endpoint(is_ready, "isReady", "about", "Check that the database answers too", description)
}

async fn is_ready(access: Data<Access>) -> Reply<Json<Health>> {
    access.check_database().await?;
    Ok(Json::new(&Health { status: "ready" })?)
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

impl Model for Health {
    fn schema(_: &mut Components) -> Value {
        json!({
            "type": "object", "properties": { "status": { "enum": ["alive", "ready"] } }, "required": ["status"]
        })
    }
}
