//! `/services`

use actix_web::HttpResponse;
use orders_core::{ServiceDraft, ServiceId, Services};

use crate::Store;
use crate::http::body::Body;
use crate::http::path::PathId;
use crate::http::query::Query;
use crate::http::response;
use crate::problem::Problem;

/// `GET /services`
pub(crate) async fn list(store: Store, _: Query<()>) -> Result<HttpResponse, Problem> {
    let services = store.run(Services::services).await?;
    Ok(HttpResponse::Ok().json(services))
}

/// `POST /services`
pub(crate) async fn add(
    store: Store,
    _: Query<()>,
    draft: Body<ServiceDraft>,
) -> Result<HttpResponse, Problem> {
    let service = store.run(move |services| services.add_service(draft.0)).await?;
    Ok(response::created(&format!("/services/{}", service.id)).json(service))
}

/// `GET /services/{id}`
pub(crate) async fn read(
    store: Store,
    id: PathId<ServiceId>,
    _: Query<()>,
) -> Result<HttpResponse, Problem> {
    let service = store.run(move |services| services.service(&id.0)).await?;
    Ok(HttpResponse::Ok().json(service))
}

/// `PUT /services/{id}`
pub(crate) async fn replace(
    store: Store,
    id: PathId<ServiceId>,
    _: Query<()>,
    draft: Body<ServiceDraft>,
) -> Result<HttpResponse, Problem> {
    let service = store.run(move |services| services.replace_service(&id.0, draft.0)).await?;
    Ok(HttpResponse::Ok().json(service))
}

/// `DELETE /services/{id}`
pub(crate) async fn remove(
    store: Store,
    id: PathId<ServiceId>,
    _: Query<()>,
) -> Result<HttpResponse, Problem> {
    store.run(move |services| services.remove_service(&id.0)).await?;
    Ok(HttpResponse::NoContent().finish())
}
