//! How a feed is read: as a whole if it is short, and otherwise as a body that is written while it is sent.

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use actix_web::web::Bytes;
use futures_util::{StreamExt as _, stream};
use orders_core::{
    CalendarFeedId, CalendarFeeds as _, FeedDigest, FeedState, Interval, Pace, StoreError,
};
use orders_db::PgStore;

use super::icalendar::ICalendar;
use crate::db_threads::{ClientKey, Kind};
use crate::http::channel::{Chunks, holding};
use crate::http::endpoint::Reply;
use crate::http::producer::produce;
use crate::problem::Problem;
use crate::store::OpenStore;
use crate::transfers::Transfers;

/// The most bytes of a feed that is read as a whole: about 2,500 events. It needs a connection to the database only for a
/// moment, however slowly its client reads.
const MAX_WHOLE: usize = 1 << 20;

/// The feed, as its clients read it.
pub(super) struct Reader {
    store: OpenStore,
    id: CalendarFeedId,
    window: Interval,
}

/// The text of a feed, and what it shows.
pub(super) struct Content {
    pub(super) digest: FeedDigest,
    pub(super) body: Chunks,
    /// How many bytes it has, if that is known.
    pub(super) length: Option<u64>,
}

impl Reader {
    pub(super) fn new(store: OpenStore, id: CalendarFeedId, window: Interval) -> Self {
        Self { store, id, window }
    }

    /// All readers of a feed count as one client, so that they do not delay other clients.
    fn key(&self) -> ClientKey {
        ClientKey::Feed(Some(self.id.clone()))
    }

    async fn run<T, F>(&self, job: F) -> Reply<T>
    where
        T: Send + 'static,
        F: FnOnce(&PgStore) -> Result<T, StoreError> + Send + 'static,
    {
        self.store.run(self.key(), Kind::CalendarFeed, job).await
    }

    /// What the feed shows now, and since when.
    pub(super) async fn state(&self) -> Reply<FeedState> {
        let (id, window) = (self.id.clone(), self.window);
        self.run(move |store| store.feed_state(&id, window)).await
    }

    /// The text of the feed.
    pub(super) async fn content(&self, transfers: &Transfers) -> Reply<Content> {
        let place = transfers.feed_reader(self.key())?;
        let (id, window) = (self.id.clone(), self.window);
        let whole = self.run(move |store| whole(store, &id, window)).await?;
        let Some((digest, text)) = whole else { return self.stream(transfers).await };
        let length = Some(text.len() as u64);
        let chunks = stream::once(std::future::ready(Ok(Bytes::from(text))));
        Ok(Content { digest, body: holding(chunks.boxed().peekable(), place), length })
    }

    /// The text of a long feed, which has a connection to the database until it is written. So it is one of the exports.
    async fn stream(&self, transfers: &Transfers) -> Reply<Content> {
        let place = transfers.feed_export()?;
        let (store, id, window) = (self.store.store(), self.id.clone(), self.window);
        let known_digest = Arc::new(OnceLock::new());
        let found_digest = Arc::clone(&known_digest);
        let body = produce(place, transfers.export_timeout(), move |writer| {
            let (mut calendar, mut goes_on) = (None, true);
            store.read_feed(&id, window, Pace::Slow, &mut |head, events| {
                let _ = found_digest.set(head.digest);
                let calendar = calendar.get_or_insert_with(|| ICalendar::new(&head.name));
                calendar.add(&events);
                let sent = writer.send(&calendar.take());
                goes_on = sent.is_continue();
                sent
            })?;
            if let Some(mut calendar) = calendar.filter(|_| goes_on) {
                calendar.end();
                let _ = writer.send(&calendar.take());
            }
            Ok(())
        });
        let body = body.await?;
        let digest = known_digest.get().copied();
        let digest = digest.ok_or_else(|| Problem::internal("a feed was read without its head"))?;
        Ok(Content { digest, body, length: None })
    }
}

/// The whole text of a feed, unless it is too long.
fn whole(
    store: &PgStore,
    id: &CalendarFeedId,
    window: Interval,
) -> Result<Option<(FeedDigest, Vec<u8>)>, StoreError> {
    let mut read = None;
    let mut is_too_long = false;
    store.read_feed(id, window, Pace::Prompt, &mut |head, events| {
        let (_, calendar) = read.get_or_insert_with(|| (head.digest, ICalendar::new(&head.name)));
        calendar.add(&events);
        is_too_long = calendar.len() > MAX_WHOLE;
        if is_too_long { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(read.filter(|_| !is_too_long).map(|(digest, mut calendar)| {
        calendar.end();
        (digest, calendar.take())
    }))
}
