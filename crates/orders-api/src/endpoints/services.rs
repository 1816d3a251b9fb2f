//! `/services`, `/services/{id}`

use orders_core::{Service, ServiceDraft, ServiceId, Services as _};
use orders_db::PgStore;

use crate::Store;
use crate::http::body::Body;
use crate::http::endpoint::{Endpoint, Reply, endpoint};
use crate::http::page::{Page, PageParameters};
use crate::http::path::Path;
use crate::http::query::Query;
use crate::http::response::{Created, Json, NoContent};
use crate::problem::ProblemType;

pub(crate) fn list() -> Endpoint {
    let description = "A page, with a `Link` to the next one while there is more.";
    endpoint(list_services, "listServices", "services", "List services, by id", description)
}

async fn list_services(
    store: Store,
    query: Query<PageParameters<ServiceId>>,
) -> Reply<Page<Service>> {
    let list =
        move |services: &PgStore| query.0.page("/services", services.services(&query.0.query())?);
    store.run(list).await
}

pub(crate) fn create() -> Endpoint {
    let description = "Without an `id` one is made. A 503 means that it may have happened: repeat it with the same id.";
    endpoint(create_service, "createService", "services", "Create a service", description)
        .problems(&[ProblemType::IdTaken])
}

async fn create_service(
    store: Store,
    _: Query<()>,
    draft: Body<ServiceDraft>,
) -> Reply<Created<Service>> {
    let create = move |services: &PgStore| {
        let service = services.add_service(draft.0)?;
        Ok(Created(format!("/services/{}", service.id), Json::new(&service)?))
    };
    store.run(create).await
}

pub(crate) fn get() -> Endpoint {
    endpoint(get_service, "getService", "services", "Get a service", "Its name.")
}

async fn get_service(store: Store, id: Path<ServiceId>, _: Query<()>) -> Reply<Json<Service>> {
    store.run(move |services| Json::new(&services.service(&id.0)?)).await
}

pub(crate) fn replace() -> Endpoint {
    let description = "The service must exist already.";
    endpoint(replace_service, "replaceService", "services", "Replace a service", description)
}

async fn replace_service(
    store: Store,
    id: Path<ServiceId>,
    _: Query<()>,
    draft: Body<ServiceDraft>,
) -> Reply<Json<Service>> {
    store.run(move |services| Json::new(&services.replace_service(&id.0, draft.0)?)).await
}

pub(crate) fn delete() -> Endpoint {
    let description = "A service that orders refer to is not deleted.";
    endpoint(delete_service, "deleteService", "services", "Delete a service", description)
        .problems(&[ProblemType::ServiceInUse])
}

async fn delete_service(store: Store, id: Path<ServiceId>, _: Query<()>) -> Reply<NoContent> {
    store.run(move |services| services.remove_service(&id.0)).await?;
    Ok(NoContent)
}
