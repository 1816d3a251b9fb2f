//! `/feeds`, `/feeds/{id}`, `/feeds/{token}.ics`

mod icalendar;
mod read;
mod reader;

use orders_core::{CalendarFeed, CalendarFeedDraft, CalendarFeedId, CalendarFeeds as _};
use orders_db::PgStore;
use serde::Serialize;

pub(crate) use self::read::{ReadFeed, read};
use crate::Store;
use crate::access::feed_token::FeedToken;
use crate::http::body::Body;
use crate::http::endpoint::{Endpoint, Reply, endpoint};
use crate::http::page::{Page, PageParameters};
use crate::http::path::Path;
use crate::http::public_url::PublicUrl;
use crate::http::query::Query;
use crate::http::response::{Created, Json, NoContent};
use crate::problem::{Problem, ProblemType};

/// A new feed, with its link.
#[derive(Serialize)]
pub(crate) struct NewCalendarFeed {
    #[serde(flatten)]
    feed: CalendarFeed,
    url: String,
}

pub(crate) fn list() -> Endpoint {
    let description = "A page, with a `Link` to the next one while there is more. A client that is restricted to some \
                       calendars sees the feeds that show nothing else.";
    endpoint(list_feeds, "listFeeds", "feeds", "List feeds, by id", description)
}

async fn list_feeds(
    store: Store,
    query: Query<PageParameters<CalendarFeedId>>,
) -> Reply<Page<CalendarFeed>> {
    let list = move |store: &PgStore| query.0.page("/feeds", store.feeds(&query.0.query())?);
    store.run(list).await
}

pub(crate) fn create() -> Endpoint {
    let description = "Programs such as Google Calendar, Outlook or Thunderbird subscribe to its `url`, which only this \
                       response contains. Everyone who knows it can read the feed, until the feed is deleted. A 503 \
                       means that it may have happened: a feed whose URL nobody knows can be deleted.";
    endpoint(create_feed, "createFeed", "feeds", "Create a feed of calendars", description)
        .problems(&[ProblemType::TooManyFeeds])
}

async fn create_feed(
    store: Store,
    base: PublicUrl,
    _: Query<()>,
    draft: Body<CalendarFeedDraft>,
) -> Reply<Created<NewCalendarFeed>> {
    let token = FeedToken::generate();
    let token = token.map_err(|_| Problem::internal("the system has no random numbers"))?;
    let url = format!("{base}/feeds/{}.ics", token.expose());
    let create = move |store: &PgStore| {
        let feed = store.add_feed(&draft.0, &token.hash())?;
        let id = feed.id.clone();
        Ok((id, Json::new(&NewCalendarFeed { feed, url })?))
    };
    let (id, created) = store.run(create).await?;
    log_change(&store, "created", &id);
    Ok(Created(format!("/feeds/{id}"), created))
}

pub(crate) fn delete() -> Endpoint {
    let description =
        "Its URL is 404 at once. Programs that have read it may still show what they have read.";
    endpoint(delete_feed, "deleteFeed", "feeds", "Delete a feed", description)
}

async fn delete_feed(store: Store, id: Path<CalendarFeedId>, _: Query<()>) -> Reply<NoContent> {
    let Path(id) = id;
    let deleted = id.clone();
    store.run(move |store| store.remove_feed(&deleted)).await?;
    log_change(&store, "deleted", &id);
    Ok(NoContent)
}

/// Logs who has created or deleted a link with which everyone can read.
fn log_change(store: &Store, verb: &str, id: &CalendarFeedId) {
    let client = store.client();
    let client = client.map_or("without credentials".to_owned(), |it| it.id.to_string());
    log::info!("client {client} {verb} feed {id}");
}
