//! `/calendars`

use actix_web::HttpResponse;
use orders_core::{CalendarDraft, CalendarId, Calendars};

use crate::Store;
use crate::http::body::Body;
use crate::http::path::PathId;
use crate::http::query::Query;
use crate::http::response;
use crate::problem::Problem;

/// `GET /calendars`
pub(crate) async fn list(store: Store, _: Query<()>) -> Result<HttpResponse, Problem> {
    let calendars = store.run(Calendars::calendars).await?;
    Ok(HttpResponse::Ok().json(calendars))
}

/// `POST /calendars`
pub(crate) async fn add(
    store: Store,
    _: Query<()>,
    draft: Body<CalendarDraft>,
) -> Result<HttpResponse, Problem> {
    let calendar = store.run(move |calendars| calendars.add_calendar(draft.0)).await?;
    Ok(response::created(&format!("/calendars/{}", calendar.id)).json(calendar))
}

/// `GET /calendars/{id}`
pub(crate) async fn read(
    store: Store,
    id: PathId<CalendarId>,
    _: Query<()>,
) -> Result<HttpResponse, Problem> {
    let calendar = store.run(move |calendars| calendars.calendar(&id.0)).await?;
    Ok(HttpResponse::Ok().json(calendar))
}

/// `PUT /calendars/{id}`
pub(crate) async fn replace(
    store: Store,
    id: PathId<CalendarId>,
    _: Query<()>,
    draft: Body<CalendarDraft>,
) -> Result<HttpResponse, Problem> {
    let calendar = store.run(move |calendars| calendars.replace_calendar(&id.0, draft.0)).await?;
    Ok(HttpResponse::Ok().json(calendar))
}

/// `DELETE /calendars/{id}`
pub(crate) async fn remove(
    store: Store,
    id: PathId<CalendarId>,
    _: Query<()>,
) -> Result<HttpResponse, Problem> {
    store.run(move |calendars| calendars.remove_calendar(&id.0)).await?;
    Ok(HttpResponse::NoContent().finish())
}
