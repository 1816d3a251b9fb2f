//! Links of responses (RFC 8288): [`LINK`], [`Target`].

use std::fmt::Display;

use crate::openapi::Header;

/// The header with a link.
pub(crate) const LINK: Header = Header::new(
    "Link",
    "A link (RFC 8288) to follow as it is: `rel=\"next\"` leads to what comes next, and `rel=\"monitor\"` from an export to \
     the changes after it.",
    "^<.+>; rel=\"(next|monitor)\"$",
);

/// A path with a query. Its values need no escapes there, like ids, numbers, instants and cursors, or have them already.
pub(crate) struct Target(String);

impl Target {
    /// This path without a query.
    pub(crate) fn new(path: impl Into<String>) -> Self {
        Self(path.into())
    }

    /// Adds a parameter if it has a value.
    pub(crate) fn with(mut self, name: &str, value: Option<impl Display>) -> Self {
        if let Some(value) = value {
            let mark = if self.0.contains('?') { '&' } else { '?' };
            self.0 += &format!("{mark}{name}={value}");
        }
        self
    }

    /// The header that leads there.
    pub(crate) fn link(self, relation: &str) -> (&'static str, String) {
        LINK.with(format!("<{}>; rel=\"{relation}\"", self.0))
    }
}
