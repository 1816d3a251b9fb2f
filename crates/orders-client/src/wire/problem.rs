//! Why the service does not do what was requested (RFC 9457): [`Problem`].

use std::fmt;
use std::time::Duration;

use orders_core::{
    Booking, CalendarId, Conflict, GapTooWide, MinimumGap, NearestFree, Timestamp, TooClose,
};
use serde::Deserialize;

use super::response::{is, retry_after};
use super::{Response, Unexpected};

const PROBLEM_JSON: &str = "application/problem+json";

/// What precedes the slug in the type of a problem.
const PATH: &str = "/problems/";

/// Why the service rejected a request, or failed.
#[derive(Debug, Clone)]
pub struct Problem(Box<Content>);

#[derive(Debug, Clone)]
struct Content {
    document: Document,
    request_id: Option<String>,
    retry_after: Option<Duration>,
}

/// The body.
#[derive(Debug, Clone, Deserialize)]
struct Document {
    r#type: String,
    title: String,
    status: u16,
    detail: String,
    #[serde(default)]
    errors: Vec<FieldError>,
    calendar: Option<CalendarId>,
    minimum_gap: Option<MinimumGap>,
    #[serde(default)]
    conflicts_with: Vec<Booking>,
    nearest_free: Option<NearestFree>,
    #[serde(default)]
    too_close: Vec<TooClose>,
}

/// One field of a request that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FieldError {
    /// Where the field is in the body, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

impl Problem {
    /// The problem in a response.
    ///
    /// # Errors
    /// If there is none.
    pub fn read(response: &Response) -> Result<Self, Unexpected> {
        let unexpected = |what: String| Unexpected::new(response, what);
        if !is(response.headers(), PROBLEM_JSON) {
            return Err(unexpected("the body is not declared as a problem".to_owned()));
        }
        let document: Document = serde_json::from_slice(response.body())
            .map_err(|error| unexpected(format!("the problem is malformed, {error}")))?;
        if document.status != response.status().as_u16() {
            return Err(unexpected(format!("the problem has the status {}", document.status)));
        }
        let request_id = response.headers().get("x-request-id");
        Ok(Self(Box::new(Content {
            document,
            request_id: request_id.and_then(|id| id.to_str().ok()).map(str::to_owned),
            retry_after: retry_after(response.headers()),
        })))
    }

    /// The problem in a line of a response, as that to an import.
    pub(super) fn of_line(line: &[u8]) -> Result<Self, serde_json::Error> {
        let document = serde_json::from_slice(line)?;
        Ok(Self(Box::new(Content { document, request_id: None, retry_after: None })))
    }

    /// The name of its type, as `order-conflict`, on which a program may branch.
    #[must_use]
    pub fn slug(&self) -> &str {
        let path = &self.0.document.r#type;
        path.strip_prefix(PATH).unwrap_or(path)
    }

    /// The status of the response.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.document.status
    }

    /// What its type means, in a few words.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.0.document.title
    }

    /// What is wrong, for people.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.document.detail
    }

    /// The id of the request in the log of the service.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How long to wait before the next attempt.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The fields that break rules; none if the problem is not `invalid-request`.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.0.document.errors
    }

    /// The conflict of an order for which this time was requested; none if the problem is not `order-conflict`.
    #[must_use]
    pub fn conflict(&self, datetime: Timestamp) -> Option<Conflict> {
        let Document { calendar, minimum_gap, conflicts_with, nearest_free, .. } =
            self.document_of("order-conflict")?;
        Some(Conflict {
            datetime,
            calendar: calendar.clone()?,
            minimum_gap: (*minimum_gap)?,
            conflicts_with: conflicts_with.clone(),
            nearest_free: (*nearest_free)?,
        })
    }

    /// Which orders are too close for a new gap; none if the problem is not `gap-too-wide`.
    #[must_use]
    pub fn gap_too_wide(&self) -> Option<GapTooWide> {
        let Document { calendar, minimum_gap, too_close, .. } = self.document_of("gap-too-wide")?;
        Some(GapTooWide {
            calendar: calendar.clone()?,
            minimum_gap: (*minimum_gap)?,
            too_close: too_close.clone(),
        })
    }

    fn document_of(&self, slug: &str) -> Option<&Document> {
        (self.slug() == slug).then_some(&self.0.document)
    }
}

/// The detail, with all fields that break rules.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.errors() {
            [] | [_] => f.write_str(self.detail()),
            several => {
                for (index, FieldError { pointer, detail }) in several.iter().enumerate() {
                    write!(f, "{}{pointer}: {detail}", if index > 0 { "; " } else { "" })?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for Problem {}
