//! The kinds of problems, by the last segment of their `type`: [`ProblemType`].

use actix_web::http::StatusCode;

/// The kind of a problem: what clients branch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemType {
    /// Not JSON, or a query parameter that makes no sense.
    MalformedRequest,
    /// No such order, service, calendar or route.
    NotFound,
    /// The route knows other methods.
    MethodNotAllowed,
    /// No form of the answer that the client can read.
    NotAcceptable,
    /// The request did not arrive in time.
    RequestTimeout,
    /// The rule.
    OrderConflict,
    /// The id of something new stands already.
    IdTaken,
    /// The idempotency key's first creation is still running.
    KeyInUse,
    /// Orders name the service.
    ServiceInUse,
    /// Orders are in the calendar, or it is `default`.
    CalendarInUse,
    /// Orders are too close for the new gap.
    GapTooWide,
    /// The order has moved on.
    VersionMismatch,
    /// The body is too large.
    TooLarge,
    /// The body is not declared as JSON.
    UnsupportedMediaType,
    /// Well-formed, but against the field rules.
    InvalidRequest,
    /// The idempotency key stands for another body.
    KeyReused,
    /// A bug of the service.
    InternalError,
    /// An import ended before all lines were read.
    ImportStopped,
    /// The database cannot be reached or has no time.
    Unavailable,
}

impl ProblemType {
    /// Every kind there is, by status.
    pub const ALL: [ProblemType; 19] = [
        ProblemType::MalformedRequest,
        ProblemType::NotFound,
        ProblemType::MethodNotAllowed,
        ProblemType::NotAcceptable,
        ProblemType::RequestTimeout,
        ProblemType::OrderConflict,
        ProblemType::IdTaken,
        ProblemType::KeyInUse,
        ProblemType::ServiceInUse,
        ProblemType::CalendarInUse,
        ProblemType::GapTooWide,
        ProblemType::VersionMismatch,
        ProblemType::TooLarge,
        ProblemType::UnsupportedMediaType,
        ProblemType::InvalidRequest,
        ProblemType::KeyReused,
        ProblemType::InternalError,
        ProblemType::ImportStopped,
        ProblemType::Unavailable,
    ];

    /// The kind with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<ProblemType> {
        ProblemType::ALL.into_iter().find(|problem_type| problem_type.name() == name)
    }

    /// The last segment of the problem's `type`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// The status it is answered with.
    #[must_use]
    pub fn status(self) -> StatusCode {
        self.row().0
    }

    /// The short summary, the same for every problem of the kind.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.row().2
    }

    /// One line on what it means and what to do.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        self.row().3
    }

    /// The table: status, name, title, meaning.
    fn row(self) -> (StatusCode, &'static str, &'static str, &'static str) {
        match self {
            Self::MalformedRequest => (
                StatusCode::BAD_REQUEST,
                "malformed-request",
                "The request cannot be read",
                "The body is not JSON, or a query parameter is unknown or makes no sense; detail says which.",
            ),
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "not-found",
                "There is no such thing",
                "There is no order, service, calendar or route of this name.",
            ),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "The method is not allowed here",
                "The resource exists but does not know this method; the Allow header lists those it knows.",
            ),
            Self::NotAcceptable => (
                StatusCode::NOT_ACCEPTABLE,
                "not-acceptable",
                "There is no such form of the answer",
                "The Accept header leaves none of the forms that there are; detail lists them.",
            ),
            Self::RequestTimeout => (
                StatusCode::REQUEST_TIMEOUT,
                "request-timeout",
                "The request took too long to arrive",
                "The body did not arrive in time and nothing was done; send it again.",
            ),
            Self::OrderConflict => (
                StatusCode::CONFLICT,
                "order-conflict",
                "Another order is too close",
                "Orders of one calendar are at least its minimum gap apart; conflicts_with names those in the way, nearest_free the times to take instead.",
            ),
            Self::IdTaken => (
                StatusCode::CONFLICT,
                "id-taken",
                "The id is taken",
                "Something of this kind has the id already; choose another, or leave it out to have one made.",
            ),
            Self::KeyInUse => (
                StatusCode::CONFLICT,
                "idempotency-key-in-use",
                "The first request with this key is still running",
                "A creation under the same Idempotency-Key is not finished; send it again in a moment.",
            ),
            Self::ServiceInUse => (
                StatusCode::CONFLICT,
                "service-in-use",
                "The service is in use",
                "Orders name the service, so it is not deleted; delete or change them first.",
            ),
            Self::CalendarInUse => (
                StatusCode::CONFLICT,
                "calendar-in-use",
                "The calendar is in use",
                "Orders are in the calendar, or it is the calendar default, so it is not deleted.",
            ),
            Self::GapTooWide => (
                StatusCode::CONFLICT,
                "gap-too-wide",
                "Standing orders are too close for this gap",
                "Nothing was changed; too_close lists the earliest pairs of orders that stand against the new minimum gap.",
            ),
            Self::VersionMismatch => (
                StatusCode::PRECONDITION_FAILED,
                "version-mismatch",
                "The order has moved on",
                "If-Match names another version than the present one; read the order again.",
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "The body is too large",
                "The body has more bytes than the service takes; detail says how many it takes.",
            ),
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "The body is not declared as JSON",
                "Send the body with Content-Type: application/json, in UTF-8 and not compressed.",
            ),
            Self::InvalidRequest => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid-request",
                "The request breaks the rules of its fields",
                "The body is JSON, but not what the resource takes; errors lists every field that is wrong, by JSON pointer.",
            ),
            Self::KeyReused => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency-key-reused",
                "The key was used with another body",
                "An Idempotency-Key stands for one creation; take a new key for another one.",
            ),
            Self::InternalError => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal-error",
                "The service failed",
                "A bug of the service; its log has the cause under the X-Request-Id of the answer.",
            ),
            Self::ImportStopped => (
                StatusCode::SERVICE_UNAVAILABLE,
                "import-stopped",
                "The import stopped early",
                "The last line of an import's answer, which answers no line: the database became unavailable, and no further line was read. Send those again that were not placed.",
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The service is busy or its database is away",
                "Nothing is wrong with the request; send it again after the seconds in Retry-After.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ProblemType;

    #[test]
    fn every_slug_is_listed_and_found_by_its_name() {
        for (place, problem_type) in ProblemType::ALL.into_iter().enumerate() {
            assert_eq!(ProblemType::named(problem_type.name()), Some(problem_type));
            assert_eq!(problem_type as usize, place, "{} is out of its place", problem_type.name());
        }
        assert_eq!(ProblemType::ALL.len(), ProblemType::Unavailable as usize + 1);
        assert_eq!(ProblemType::named("no-such-slug"), None);
    }
}
