//! Changes as events: [`FollowChanges`].

use http::{Method, StatusCode};
use orders_core::{After, ChangeFilter};

use super::request::{Query, accept, request};
use super::response::is;
use super::{Request, Unexpected};

const EVENT_STREAM: &str = "text/event-stream";

/// `GET /changes` as an event stream, whose body [`Events`](super::Events) takes apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowChanges {
    /// Where it begins.
    pub after: After,
    /// Which changes.
    pub filter: ChangeFilter,
}

impl FollowChanges {
    /// The request.
    #[must_use]
    pub fn request(&self) -> Request {
        let mut request = request(Method::GET, changes(self.after, &self.filter));
        accept(&mut request, EVENT_STREAM);
        request
    }

    /// Checks the head of a response whose body has not been read. The service sends another status with a body, for
    /// [`Failure::of`](super::Failure::of).
    ///
    /// # Errors
    /// If it is not that of an event stream.
    pub fn check<B>(response: &http::Response<B>) -> Result<(), Unexpected> {
        match response.status() == StatusCode::OK && is(response.headers(), EVENT_STREAM) {
            true => Ok(()),
            false => Err(Unexpected::new(response, "it is not an event stream")),
        }
    }
}

/// The changes after this position.
pub(super) fn changes(after: After, filter: &ChangeFilter) -> Query {
    let after = match after {
        After::Oldest => None,
        After::Now => Some("now".to_owned()),
        After::Cursor(cursor) => Some(cursor.to_string()),
    };
    Query::new("/changes")
        .with("after", after)
        .with("calendar", filter.calendar.as_ref())
        .with("service", filter.service.as_ref())
}
