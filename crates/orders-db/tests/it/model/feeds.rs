//! The model's feeds of calendars.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use orders_core::{
    CalendarEvent, CalendarFeed, CalendarFeedDraft, CalendarFeedId, CalendarFeeds, FeedDigest,
    FeedHead, FeedState, FeedTokenHash, Pace,
};

use super::*;

/// A feed, its token, and what was last noted of it.
pub(super) struct Feed {
    pub(super) feed: CalendarFeed,
    token: FeedTokenHash,
    noted: Option<FeedState>,
}

impl State {
    fn feed(&self, id: &CalendarFeedId) -> Result<&Feed, StoreError> {
        let missing = || StoreError::NotFound(Resource::CalendarFeed(id.clone()));
        self.feeds.get(id).ok_or_else(missing)
    }

    /// The head of a feed, and its events by calendar.
    fn shown(
        &self,
        id: &CalendarFeedId,
        window: Interval,
    ) -> Result<(FeedHead, Vec<CalendarEvent>), StoreError> {
        let CalendarFeed { name, calendars, .. } = &self.feed(id)?.feed;
        let events: Vec<_> = calendars.iter().flat_map(|id| self.events(id, window)).collect();
        let shown = calendars.iter().map(|id| &self.calendars[id]).collect::<Vec<_>>();
        let digest = digest(&format!("{name} {shown:?} {events:?}"));
        Ok((FeedHead { name: name.clone(), digest }, events))
    }

    fn events(&self, id: &CalendarId, window: Interval) -> impl Iterator<Item = CalendarEvent> {
        let (from, to) = (Some(window.from), Some(window.to));
        let filter = OrderFilter { calendar: Some(id.clone()), from, to, ..OrderFilter::default() };
        let calendar = &self.calendars[id];
        let orders = self.matching(&filter, Direction::Ascending).into_iter();
        orders.map(|order| CalendarEvent {
            order: order.id,
            created_at: order.created_at,
            version: order.version,
            updated_at: order.updated_at,
            datetime: order.datetime,
            gap: calendar.minimum_gap,
            calendar: calendar.name.clone(),
            services: order.services.iter().map(|id| self.services[id].name.clone()).collect(),
        })
    }
}

fn digest(text: &str) -> FeedDigest {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&hasher.finish().to_le_bytes());
    digest
}

impl CalendarFeeds for Model {
    fn add_feed(
        &self,
        draft: &CalendarFeedDraft,
        token: &FeedTokenHash,
    ) -> Result<CalendarFeed, StoreError> {
        let mut state = self.state();
        let listed = draft.calendars.iter().cloned().enumerate();
        let unknown: Vec<_> = listed.filter(|(_, id)| !state.calendars.contains_key(id)).collect();
        if !unknown.is_empty() {
            return Err(StoreError::UnknownCalendars(unknown));
        }
        let mut calendars: Vec<_> = draft.calendars.iter().cloned().collect();
        calendars.sort();
        let id = fresh(CalendarFeedId::new);
        let feed = CalendarFeed { id, name: draft.name.clone(), calendars };
        let stored = Feed { feed: feed.clone(), token: *token, noted: None };
        state.feeds.insert(feed.id.clone(), stored);
        Ok(feed)
    }

    fn feeds(
        &self,
        query: &ListQuery<CalendarFeedId>,
    ) -> Result<ListPage<CalendarFeed, CalendarFeedId>, StoreError> {
        let state = self.state();
        let feeds = state.feeds.values().map(|it| &it.feed);
        let following = feeds.filter(|it| query.after.as_ref().is_none_or(|after| it.id > *after));
        Ok(ListPage::new(following.cloned().collect(), query.limit, |feed| feed.id.clone()))
    }

    fn remove_feed(&self, id: &CalendarFeedId) -> Result<(), StoreError> {
        let mut state = self.state();
        state.feed(id)?;
        state.feeds.remove(id);
        Ok(())
    }

    fn feed_with_token(&self, token: &FeedTokenHash) -> Result<Option<CalendarFeedId>, StoreError> {
        let state = self.state();
        let found = state.feeds.values().find(|it| it.token == *token);
        Ok(found.map(|it| it.feed.id.clone()))
    }

    fn feed_state(&self, id: &CalendarFeedId, window: Interval) -> Result<FeedState, StoreError> {
        const SECOND: i64 = 1_000_000;
        let mut state = self.state();
        let (FeedHead { digest, .. }, _) = state.shown(id, window)?;
        let noted = &mut state.feeds.get_mut(id).unwrap().noted;
        let modified_at = match noted {
            Some(noted) if noted.digest == digest => noted.modified_at,
            Some(FeedState { modified_at: before, .. }) => {
                let second = before.as_micros() - before.as_micros().rem_euclid(SECOND) + SECOND;
                state::now().max(Timestamp::from_micros(second).unwrap())
            }
            None => state::now(),
        };
        Ok(*noted.insert(FeedState { digest, modified_at }))
    }

    fn read_feed(
        &self,
        id: &CalendarFeedId,
        window: Interval,
        _: Pace,
        sink: &mut dyn FnMut(&FeedHead, Vec<CalendarEvent>) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let (head, events) = self.state().shown(id, window)?;
        if sink(&head, Vec::new()).is_continue() {
            let _ = events.chunks(10).try_for_each(|few| sink(&head, few.to_vec()));
        }
        Ok(())
    }
}
