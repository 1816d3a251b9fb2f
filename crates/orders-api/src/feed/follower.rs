//! A follower of the changes: [`Follower`], and what it sees of them: [`View`].

use std::sync::{Arc, PoisonError};

use actix_web::web::Bytes;
use orders_core::{Change, ChangeFilter, Client, Cursor};
use tokio::sync::watch;

use super::Shared;
use super::ring::{Entry, Found};
use crate::db_threads::ClientKey;
use crate::http::event_stream;

/// An event stream, a waiting request, or a webhook. It counts until it is dropped.
pub(crate) struct Follower {
    shared: Arc<Shared>,
    place: Place,
    news: watch::Receiver<()>,
    /// The number of the history that it follows.
    history: u64,
}

/// For whom a follower counts.
pub(super) enum Place {
    /// A client; none if it has no credentials.
    Client(Option<ClientKey>),
    Webhook {
        /// Whether it has fallen behind. Then it does not count, because it reads pages anyway.
        is_behind: bool,
    },
}

impl Follower {
    pub(super) fn new(shared: Arc<Shared>, place: Place) -> Self {
        let (news, history) = (shared.news.subscribe(), shared.life.borrow().history);
        Self { shared, place, news, history }
    }

    /// The latest changes after a cursor.
    pub(crate) fn after(&mut self, cursor: Cursor) -> Found {
        // Perhaps there is nothing in memory, because nobody else follows.
        if matches!(self.place, Place::Webhook { is_behind: true }) {
            return Found::Older;
        }
        // Before the ring is read, so that what is added meanwhile is news.
        self.news.mark_unchanged();
        let ring = self.shared.ring.read().unwrap_or_else(PoisonError::into_inner);
        ring.as_ref().map_or(Found::Nothing, |ring| ring.after(cursor))
    }

    /// Notes whether a webhook has fallen behind, so that no changes are kept in memory for it alone.
    pub(crate) fn set_behind(&mut self, behind: bool) {
        let Place::Webhook { is_behind } = &mut self.place else { return };
        if std::mem::replace(is_behind, behind) != behind {
            let mut state = self.shared.lock();
            match behind {
                true => state.webhooks -= 1,
                false => state.webhooks += 1,
            }
            drop(state);
            self.shared.changed.notify_one();
        }
    }

    /// Completes when there may be other changes than [`Follower::after`] last found.
    pub(crate) async fn news(&mut self) {
        // The sender lives as long as what it shares with this.
        let _ = self.news.changed().await;
    }

    /// Completes when the service stops or the database has discarded the history that this follows.
    pub(crate) fn end(&self) -> impl Future<Output = ()> + use<> {
        let (mut life, followed) = (self.shared.life.subscribe(), self.history);
        async move {
            let _ = life.wait_for(|life| life.stopped || life.history != followed).await;
        }
    }

    /// Completes when the database has discarded the history that this follows.
    pub(crate) fn discarded(&self) -> impl Future<Output = ()> + use<> {
        let (mut life, followed) = (self.shared.life.subscribe(), self.history);
        async move {
            let _ = life.wait_for(|life| life.history != followed).await;
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        match &self.place {
            Place::Client(client) => state.followers.remove(client.as_ref()),
            Place::Webhook { is_behind } => state.webhooks -= usize::from(!is_behind),
        }
    }
}

/// Which changes a follower sees: those that match its filter, in the calendars of its client.
pub(crate) struct View {
    client: Option<Arc<Client>>,
    filter: ChangeFilter,
}

impl View {
    pub(crate) fn new(client: Option<Arc<Client>>, filter: ChangeFilter) -> Self {
        Self { client, filter }
    }

    pub(crate) fn filter(&self) -> &ChangeFilter {
        &self.filter
    }

    /// Whether this client, which may have been changed, sees the same.
    pub(crate) fn is_that_of(&self, client: Option<&Client>) -> bool {
        let calendars =
            |client: Option<&Client>| client.and_then(|client| client.calendars.clone());
        calendars(client) == calendars(self.client.as_deref())
    }

    /// The change as the follower sees it.
    pub(crate) fn change(&self, entry: &Entry) -> Option<Change> {
        let calendars = self.client.as_ref().and_then(|client| client.calendars.as_ref());
        entry.recorded.seen_by(calendars, &self.filter)
    }

    /// The event in which the follower sees the change.
    pub(crate) fn event(&self, entry: &Entry) -> Option<Bytes> {
        let has_all = self.client.as_ref().is_none_or(|client| client.calendars.is_none());
        if has_all && self.filter == ChangeFilter::default() {
            return Some(entry.event.clone());
        }
        let seen = self.change(entry)?;
        match seen == entry.recorded.change {
            true => Some(entry.event.clone()),
            // The change could be written before.
            false => event_stream::event(&seen).ok(),
        }
    }
}
