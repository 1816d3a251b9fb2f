//! All routes.

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use orders_core::Scope;

use crate::endpoints::orders::{history, import, list};
use crate::endpoints::{
    access, availability, calendar_feeds, calendars, changes, docs, health, index, metrics, orders,
    problems, schedule, services, webhooks,
};
use crate::http::resource::{Resource, at};
use crate::metrics::Route;
use crate::problem::Problem;

/// Everyone may use it.
const OPEN: Option<Scope> = None;
const READ: Option<Scope> = Some(Scope::Read);
const WRITE: Option<Scope> = Some(Scope::Write);
const ADMIN: Option<Scope> = Some(Scope::Admin);

/// Adds the routes to the app.
pub(crate) fn routes(app: &mut ServiceConfig) {
    for resource in table() {
        app.service(resource);
    }
    app.app_data(Route::other());
    app.default_service(web::to(not_found));
}

/// The route table, from which the OpenAPI document is generated too. Of several paths that match, the first
/// is taken.
pub(crate) fn table() -> Vec<Resource> {
    vec![
        at("/").get(OPEN, index::get()),
        at("/orders").get(READ, list::list()).post(WRITE, orders::create()).compressed(),
        // An order may have the id `import`.
        at("/orders/import").post(WRITE, import::import()).inherit("/orders/{id:import}", order()),
        order(),
        at("/orders/{id}/history").get(READ, history::get()),
        at("/changes").get(READ, changes::list()).compressed(),
        at("/services").get(READ, services::list()).post(ADMIN, services::create()),
        at("/services/{id}")
            .get(READ, services::get())
            .put(ADMIN, services::replace())
            .delete(ADMIN, services::delete()),
        at("/calendars").get(READ, calendars::list()).post(ADMIN, calendars::create()),
        at("/calendars/{id}")
            .get(READ, calendars::get())
            .put(ADMIN, calendars::replace())
            .delete(ADMIN, calendars::delete()),
        at("/webhooks").get(ADMIN, webhooks::list()).post(ADMIN, webhooks::create()),
        at("/webhooks/{id}")
            .get(ADMIN, webhooks::get())
            .put(ADMIN, webhooks::replace())
            .delete(ADMIN, webhooks::delete()),
        at("/webhooks/{id}/secret").post(ADMIN, webhooks::rotate_secret()),
        at("/webhooks/{id}/test").post(ADMIN, webhooks::test()),
        at("/webhooks/{id}/deliveries").get(ADMIN, webhooks::list_deliveries()),
        at("/feeds").get(ADMIN, calendar_feeds::list()).post(ADMIN, calendar_feeds::create()),
        at("/feeds/{token}.ics").get(OPEN, calendar_feeds::read()),
        at("/feeds/{id}").delete(ADMIN, calendar_feeds::delete()),
        at("/availability").get(READ, availability::get()),
        at("/access").get(READ, access::get()),
        at("/metrics").get(READ, metrics::get()).compressed(),
        at("/healthz").get(OPEN, health::alive()),
        at("/readyz").get(OPEN, health::ready()),
        at("/problems").get(OPEN, problems::list()),
        at("/problems/{slug}").get(OPEN, problems::get()),
        at("/openapi.json").get(OPEN, docs::document()).compressed(),
        at("/schedule").get(OPEN, schedule::page()),
        at("/schedule/{file}").get(OPEN, schedule::file()),
        at("/docs").get(OPEN, docs::page()),
        at("/docs/{file}").get(OPEN, docs::file()),
    ]
}

fn order() -> Resource {
    at("/orders/{id}")
        .get(READ, orders::get())
        .put(WRITE, orders::replace())
        .patch(WRITE, orders::patch())
        .delete(WRITE, orders::delete())
}

async fn not_found(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let is_route = |path| request.resource_map().has_resource(path);
    Err(Problem::not_found(match request.path().strip_suffix('/').is_some_and(is_route) {
        true => "there is no such route; write it without the trailing slash",
        false => "there is no such route; see /",
    }))
}
