//! The parameters of `GET /changes`: [`ChangeParameters`].

use orders_core::{After, ChangeFilter, ChangeQuery};
use serde_json::{Value, json};

use crate::http::query::{FromQuery, Limit, Parameter, Parameters, invalid};
use crate::openapi::{Components, cursor};
use crate::problem::Problem;

/// Which changes are requested.
pub(crate) struct ChangeParameters {
    pub(super) after: After,
    pub(super) filter: ChangeFilter,
    pub(super) limit: Option<Limit>,
}

impl ChangeParameters {
    /// The page that begins at `after`.
    pub(super) fn query(&self, after: After) -> ChangeQuery {
        ChangeQuery { after, filter: self.filter.clone(), limit: Limit::or_default(self.limit) }
    }

    /// Fails if there is a parameter that only a page has.
    pub(super) fn check_no_page(&self) -> Result<(), Problem> {
        match self.limit {
            Some(_) => Err(invalid("limit", "is for pages, as JSON")),
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
        Ok(Self {
            after: after?.unwrap_or_default(),
            filter: ChangeFilter { calendar: calendar?, service: service? },
            limit: limit?,
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
        json!({ "anyOf": [cursor(components), { "type": "string", "const": "now" }] })
    }
}
