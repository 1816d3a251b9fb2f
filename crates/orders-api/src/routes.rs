//! Every route there is.

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};

use crate::endpoints::orders::{import, list};
use crate::endpoints::{availability, calendars, docs, health, index, orders, problems, services};
use crate::http::resource::{Resource, at};
use crate::problem::Problem;

/// Makes the app answer what is in the table.
pub(crate) fn routes(app: &mut ServiceConfig) {
    for resource in table() {
        app.service(resource);
    }
    app.default_service(web::to(nowhere));
}

/// The table of contents.
pub(crate) fn table() -> Vec<Resource> {
    vec![
        at("/").get(index::read),
        at("/orders").get(list::list).post(orders::place).compressed(),
        order_at(IMPORT).post(import::import),
        order_at("/orders/{id}"),
        at("/services").get(services::list).post(services::add),
        at("/services/{id}").get(services::read).put(services::replace).delete(services::remove),
        at("/calendars").get(calendars::list).post(calendars::add),
        at("/calendars/{id}")
            .get(calendars::read)
            .put(calendars::replace)
            .delete(calendars::remove),
        at("/availability").get(availability::read),
        at("/healthz").get(health::alive),
        at("/readyz").get(health::ready),
        at("/problems").get(problems::list),
        at("/problems/{slug}").get(problems::read),
        at("/openapi.json").get(docs::document).compressed(),
        at("/docs").get(docs::page).compressed(),
        at("/docs/{file}").get(docs::file).compressed(),
    ]
}

/// `/orders/import`, which is the path of an order as well: one may be named `import`.
pub(crate) const IMPORT: &str = "/orders/{id:import}";

fn order_at(path: &'static str) -> Resource {
    at(path).get(orders::read).put(orders::replace).patch(orders::amend).delete(orders::remove)
}

/// Every other path.
async fn nowhere() -> Result<HttpResponse, Problem> {
    Err(Problem::not_found("there is no such route; see /"))
}
