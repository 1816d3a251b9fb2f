//! Which imports, exports and readers of feeds there may be: [`Transfers`].

use std::num::NonZeroUsize;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::{HttpRequest, web};

use crate::Store;
use crate::db_threads::ClientKey;
use crate::http::endpoint::{Argument, Reply};
use crate::openapi::Operation;
use crate::places::{Limits, Place, Places};
use crate::problem::ProblemType;

/// How many clients may read a feed of calendars at once: each takes up to a megabyte.
const FEED_READERS: Limits = Limits { all: number(64), per_client: number(16) };

/// The places for imports and readers of feeds, which take memory, and for exports, which each hold a connection to the database.
/// Clones are the same places.
#[derive(Clone)]
pub(crate) struct Transfers {
    imports: Places,
    exports: Places,
    feed_readers: Places,
    export_timeout: Duration,
}

impl Transfers {
    /// As many places as the limits say, and how long an export may take in total.
    pub(crate) fn new(imports: Limits, exports: Limits, export_timeout: Duration) -> Self {
        Self {
            imports: Places::new(imports),
            exports: Places::new(exports),
            feed_readers: Places::new(FEED_READERS),
            export_timeout,
        }
    }

    /// How long an export may take in total.
    pub(crate) fn export_timeout(&self) -> Duration {
        self.export_timeout
    }

    /// A place for an import of the client of this store.
    ///
    /// # Errors
    /// `unavailable` if there is none.
    pub(crate) fn import(&self, store: &Store) -> Reply<Place> {
        self.imports.take(store.key()).map_err(|full| full.problem("imports running"))
    }

    /// A place for an export of the client of this store.
    ///
    /// # Errors
    /// `unavailable` if there is none.
    pub(crate) fn export(&self, store: &Store) -> Reply<Place> {
        self.exports.take(store.key()).map_err(|full| full.problem("exports running"))
    }

    /// A place for somebody who reads a feed as a whole.
    ///
    /// # Errors
    /// `unavailable` if there is none.
    pub(crate) fn feed_reader(&self, feed: ClientKey) -> Reply<Place> {
        self.feed_readers.take(feed).map_err(|full| full.problem("readers"))
    }

    /// A place for somebody who reads a long feed. All of them count as one client, so that they leave places for exports.
    ///
    /// # Errors
    /// `unavailable` if there is none.
    pub(crate) fn feed_export(&self) -> Reply<Place> {
        self.exports.take(ClientKey::Feed(None)).map_err(|full| full.problem("exports running"))
    }
}

/// OK because it is only called with constants.
const fn number(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).expect("not zero")
}

impl Argument for Transfers {
    async fn extract(request: &HttpRequest, _: &mut Payload) -> Reply<Self> {
        // OK because every app has them, see `server::listen`.
        let transfers = request.app_data::<web::Data<Self>>().expect("places are set");
        Ok(Self::clone(transfers))
    }

    fn describe(operation: &mut Operation) {
        operation.problems(&[ProblemType::Unavailable]);
    }
}

#[cfg(test)]
mod tests {
    use orders_core::CalendarFeedId;

    use super::*;

    #[test]
    fn readers_are_limited_for_each_feed_and_in_all() {
        let limits = Limits { all: number(1), per_client: number(1) };
        let transfers = Transfers::new(limits, limits, Duration::ZERO);
        let feed = |n: usize| {
            let id = CalendarFeedId::new(n.to_string()).unwrap();
            transfers.feed_reader(ClientKey::Feed(Some(id)))
        };
        let mut readers: Vec<_> = (0..64).map(|n| feed(n / 16).ok().unwrap()).collect();
        assert!(feed(4).is_err());
        drop(readers.pop());
        assert!(feed(0).is_err());
        assert!(feed(4).is_ok());
        let export = transfers.feed_export().ok().unwrap();
        assert!(transfers.feed_export().is_err());
        drop(export);
        assert!(transfers.feed_export().is_ok());
    }
}
