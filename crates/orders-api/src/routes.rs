//! All routes.

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};

use crate::endpoints::orders::{import, list};
use crate::endpoints::{availability, calendars, docs, health, index, orders, problems, services};
use crate::http::resource::{Resource, at};
use crate::problem::Problem;

/// Adds the routes to the app.
pub(crate) fn routes(app: &mut ServiceConfig) {
    for resource in table() {
        app.service(resource);
    }
    app.default_service(web::to(not_found));
}

/// The route table, from which the OpenAPI document is generated too. Of several paths that match, the first
/// is taken.
pub(crate) fn table() -> Vec<Resource> {
    vec![
        at("/").get(index::get()),
        at("/orders").get(list::list()).post(orders::create()).compressed(),
        // An order may have the id `import`.
        at("/orders/import").post(import::import()).inherit("/orders/{id:import}", order()),
        order(),
        at("/services").get(services::list()).post(services::create()),
        at("/services/{id}")
            .get(services::get())
            .put(services::replace())
            .delete(services::delete()),
        at("/calendars").get(calendars::list()).post(calendars::create()),
        at("/calendars/{id}")
            .get(calendars::get())
            .put(calendars::replace())
            .delete(calendars::delete()),
        at("/availability").get(availability::get()),
        at("/healthz").get(health::alive()),
        at("/readyz").get(health::ready()),
        at("/problems").get(problems::list()),
        at("/problems/{slug}").get(problems::get()),
        at("/openapi.json").get(docs::document()).compressed(),
        at("/docs").get(docs::page()).compressed(),
        at("/docs/{file}").get(docs::file()).compressed(),
    ]
}

fn order() -> Resource {
    at("/orders/{id}")
        .get(orders::get())
        .put(orders::replace())
        .patch(orders::patch())
        .delete(orders::delete())
}

async fn not_found() -> Result<HttpResponse, Problem> {
    Err(Problem::not_found("there is no such route; see /"))
}
