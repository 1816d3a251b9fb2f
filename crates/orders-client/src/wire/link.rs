//! Links of responses (RFC 8288): [`Target`].

use std::fmt;

use http::header::LINK;
use http::{HeaderMap, Uri};
use orders_core::Cursor;

/// Where a link leads: a path of the service, with a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target(Uri);

impl Target {
    /// A path with a query; `None` unless it begins with exactly one slash. So a link never leads to another server.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let is_path = text.starts_with('/') && !text.starts_with("//");
        text.parse().ok().filter(|_| is_path).map(Self)
    }

    /// The target of the first link with this relation, as `next`.
    #[must_use]
    pub fn of(headers: &HeaderMap, relation: &str) -> Option<Self> {
        let values = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(links).find(|(_, found)| *found == relation).and_then(|it| Self::new(it.0))
    }

    /// The cursor of the feed of changes at which the target begins.
    #[must_use]
    pub fn cursor(&self) -> Option<Cursor> {
        let mut parameters = self.0.query()?.split('&');
        parameters.find_map(|parameter| parameter.strip_prefix("after="))?.parse().ok()
    }

    pub(super) fn uri(&self) -> &Uri {
        &self.0
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The targets and relations of a header's value. It ends at what is not a link with a relation.
fn links(value: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = value;
    std::iter::from_fn(move || {
        let (target, after) =
            rest.trim_start_matches([' ', ',']).strip_prefix('<')?.split_once('>')?;
        // No parameter of the service's links contains a comma.
        let (parameters, after) = after.split_once(',').unwrap_or((after, ""));
        rest = after;
        let mut parameters = parameters.split(';').map(str::trim);
        let relation = parameters.find_map(|parameter| parameter.strip_prefix("rel="))?;
        Some((target, relation.trim_matches('"')))
    })
}
