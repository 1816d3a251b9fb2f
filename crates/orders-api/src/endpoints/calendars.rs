//! `/calendars`, `/calendars/{id}`

use orders_core::{Calendar, CalendarDraft, CalendarId, Calendars as _};
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
    endpoint(list_calendars, "listCalendars", "calendars", "List calendars, by id", description)
}

async fn list_calendars(
    store: Store,
    query: Query<PageParameters<CalendarId>>,
) -> Reply<Page<Calendar>> {
    let list = move |calendars: &PgStore| {
        query.0.page("/calendars", calendars.calendars(&query.0.query())?)
    };
    store.run(list).await
}

pub(crate) fn create() -> Endpoint {
    let description = "Without an `id` one is made. A 503 means that it may have happened: repeat it with the same id.";
    endpoint(create_calendar, "createCalendar", "calendars", "Create a calendar", description)
        .problems(&[ProblemType::IdTaken])
}

async fn create_calendar(
    store: Store,
    _: Query<()>,
    draft: Body<CalendarDraft>,
) -> Reply<Created<Calendar>> {
    let create = move |calendars: &PgStore| {
        let calendar = calendars.add_calendar(draft.0)?;
        Ok(Created(format!("/calendars/{}", calendar.id), Json::new(&calendar)?))
    };
    store.run(create).await
}

pub(crate) fn get() -> Endpoint {
    endpoint(
        get_calendar,
        "getCalendar",
        "calendars",
        "Get a calendar",
        "Its name and its minimum gap.",
    )
    .problems(&[ProblemType::NotPermitted])
}

async fn get_calendar(store: Store, id: Path<CalendarId>, _: Query<()>) -> Reply<Json<Calendar>> {
    store.run(move |calendars| Json::new(&calendars.calendar(&id.0)?)).await
}

pub(crate) fn replace() -> Endpoint {
    let description = "The calendar must exist already. A new `minimum_gap` applies to all its orders at once, or is rejected \
                       with the pairs of orders that are too close for it. It may take up to two minutes in a large \
                       calendar; bookings in that calendar get a 503 meanwhile.";
    endpoint(replace_calendar, "replaceCalendar", "calendars", "Replace a calendar", description)
        .problems(&[ProblemType::GapTooWide])
}

async fn replace_calendar(
    store: Store,
    id: Path<CalendarId>,
    _: Query<()>,
    draft: Body<CalendarDraft>,
) -> Reply<Json<Calendar>> {
    // A new gap rewrites all orders of the calendar.
    let may_take_long = draft.0.minimum_gap.is_some();
    let replace =
        move |calendars: &PgStore| Json::new(&calendars.replace_calendar(&id.0, draft.0)?);
    if may_take_long { store.run_long(replace).await } else { store.run(replace).await }
}

pub(crate) fn delete() -> Endpoint {
    let description = "A calendar that has orders is not deleted, nor is `default`.";
    endpoint(delete_calendar, "deleteCalendar", "calendars", "Delete a calendar", description)
        .problems(&[ProblemType::CalendarInUse])
}

async fn delete_calendar(store: Store, id: Path<CalendarId>, _: Query<()>) -> Reply<NoContent> {
    store.run(move |calendars| calendars.remove_calendar(&id.0)).await?;
    Ok(NoContent)
}
