//! `/healthz`, `/readyz`

use actix_web::web::Data;
use serde::Serialize;
use serde_json::{Value, json};

use crate::access::Access;
use crate::http::endpoint::{Endpoint, Reply, endpoint};
use crate::http::response::Json;
use crate::openapi::{Components, Model};
use crate::problem::Problem;
use crate::shutdown::Shutdown;

pub(crate) fn alive() -> Endpoint {
    let description = "Does not ask the database: for programs that restart what hangs.";
    endpoint(is_alive, "isAlive", "about", "Check that the service is alive", description)
}

async fn is_alive((): ()) -> Reply<Json<Health>> {
    Ok(Json::new(&Health { status: "alive" })?)
}

pub(crate) fn ready() -> Endpoint {
    let description = "The database answers, and the service is not about to stop. For load balancers, which send requests only to services that are ready.";
    endpoint(
        is_ready,
        "isReady",
        "about",
        "Check that the service can answer requests",
        description,
    )
}

async fn is_ready(access: Data<Access>, shutdown: Shutdown) -> Reply<Json<Health>> {
    if shutdown.is_draining() {
        return Err(Problem::unavailable("the service is about to stop"));
    }
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
