//! The parameters of `GET /changes`: [`ChangeParameters`].

use std::time::Duration;

use orders_core::{After, ChangeFilter, ChangeQuery};
use serde_json::Value;

use crate::http::query::{FromQuery, Limit, Number, Parameter, Parameters, invalid};
use crate::openapi::{Components, after};
use crate::problem::Problem;

/// Which changes are requested.
pub(crate) struct ChangeParameters {
    pub(super) after: After,
    pub(super) filter: ChangeFilter,
    pub(super) limit: Option<Limit>,
    /// In seconds.
    pub(super) wait: Option<Number<0, MAX_WAIT>>,
}

/// The longest wait for changes, in seconds.
const MAX_WAIT: u64 = 60;

impl ChangeParameters {
    /// The page that begins at `after`.
    pub(super) fn query(&self, after: After) -> ChangeQuery {
        ChangeQuery { after, filter: self.filter.clone(), limit: self.limit() }
    }

    /// The most changes on a page.
    pub(super) fn limit(&self) -> usize {
        Limit::or_default(self.limit)
    }

    /// How long the page waits for a change.
    pub(super) fn wait(&self) -> Duration {
        Duration::from_secs(self.wait.map_or(0, |Number(seconds)| seconds))
    }

    /// Fails if there is a parameter that only a page has.
    pub(super) fn check_no_page(&self) -> Result<(), Problem> {
        let for_pages = [("limit", self.limit.is_some()), ("wait", self.wait.is_some())];
        match for_pages.into_iter().find(|(_, is_given)| *is_given) {
            Some((name, _)) => Err(invalid(name, "is for pages, as JSON")),
            None => Ok(()),
        }
    }
}

impl FromQuery for ChangeParameters {
    fn read(query: &mut Parameters<'_>) -> Result<Self, Problem> {
        let after = query.optional(
            "after",
            "Only changes after this cursor: that of a change or of a `Link`, or `now`. Without it, all changes that \
             are kept; there may have been others before.",
        );
        let calendar =
            query.optional("calendar", "Only changes of orders that are or were in this calendar.");
        let service = query
            .optional("service", "Only changes of orders that contain or contained this service.");
        let limit = query.optional("limit", "The most changes on a page. Only for JSON.");
        let wait = query.optional(
            "wait",
            "How many seconds to wait if there is no change yet; after that the page is empty. Only for JSON.",
        );
        Ok(Self {
            after: after?.unwrap_or_default(),
            filter: ChangeFilter { calendar: calendar?, service: service? },
            limit: limit?,
            wait: wait?,
        })
    }
}

impl Parameter for After {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "now" => Ok(Self::Now),
            cursor => cursor.parse().map(Self::Cursor).map_err(|error| format!("{error}")),
        }
    }

    fn schema(components: &mut Components) -> Value {
        after(components)
    }
}
