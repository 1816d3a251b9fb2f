//! The types of problems: [`ProblemType`].

use actix_web::http::StatusCode;

/// The type of a problem, on which clients branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ProblemType {
    MalformedRequest,
    AuthenticationRequired,
    NotPermitted,
    NotFound,
    MethodNotAllowed,
    NotAcceptable,
    RequestTimeout,
    OrderConflict,
    IdTaken,
    KeyInUse,
    ServiceInUse,
    CalendarInUse,
    GapTooWide,
    RotationOpen,
    TooManyWebhooks,
    TooManyFeeds,
    CursorGone,
    VersionGone,
    VersionMismatch,
    TooLarge,
    UnsupportedMediaType,
    InvalidRequest,
    KeyReused,
    TooManyRequests,
    InternalError,
    ImportStopped,
    Unavailable,
}

impl ProblemType {
    /// All types, by status.
    pub(crate) const ALL: [ProblemType; 27] = [
        ProblemType::MalformedRequest,
        ProblemType::AuthenticationRequired,
        ProblemType::NotPermitted,
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
        ProblemType::RotationOpen,
        ProblemType::TooManyWebhooks,
        ProblemType::TooManyFeeds,
        ProblemType::CursorGone,
        ProblemType::VersionGone,
        ProblemType::VersionMismatch,
        ProblemType::TooLarge,
        ProblemType::UnsupportedMediaType,
        ProblemType::InvalidRequest,
        ProblemType::KeyReused,
        ProblemType::TooManyRequests,
        ProblemType::InternalError,
        ProblemType::ImportStopped,
        ProblemType::Unavailable,
    ];

    /// The type with this name.
    pub(crate) fn named(name: &str) -> Option<ProblemType> {
        ProblemType::ALL.into_iter().find(|problem_type| problem_type.name() == name)
    }

    /// The last segment of the problem's `type`.
    pub(crate) fn name(self) -> &'static str {
        self.row().1
    }

    /// The problem's `type`, a path that explains it.
    pub(crate) fn path(self) -> String {
        format!("/problems/{}", self.name())
    }

    /// The status of the response.
    pub(crate) fn status(self) -> StatusCode {
        self.row().0
    }

    /// The short summary, the same for every problem of the type.
    pub(crate) fn title(self) -> &'static str {
        self.row().2
    }

    /// One line on what it means and what to do.
    pub(crate) fn meaning(self) -> &'static str {
        self.row().3
    }

    /// The detail of one such problem, for the OpenAPI document.
    pub(crate) fn example_detail(self) -> &'static str {
        self.row().4
    }

    /// The table: status, name, title, meaning, the detail of an example.
    fn row(self) -> (StatusCode, &'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::MalformedRequest => (
                StatusCode::BAD_REQUEST,
                "malformed-request",
                "The request cannot be read",
                "The body is not JSON, or a query parameter or header is unknown or invalid; detail says which.",
                "query parameter limit: must be a number from 1 to 1000",
            ),
            Self::AuthenticationRequired => (
                StatusCode::UNAUTHORIZED,
                "authentication-required",
                "The request needs the key of a client",
                "The request has no credentials, or they are malformed, unknown, expired or revoked; send an API key as Authorization: Bearer.",
                "the API key is unknown, expired or revoked",
            ),
            Self::NotPermitted => (
                StatusCode::FORBIDDEN,
                "not-permitted",
                "The client may not do this",
                "The client is known, but its scope is too low, or it is restricted to other calendars; detail says which.",
                "client web-shop has the scope read, not write",
            ),
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "not-found",
                "There is no such thing",
                "There is no order, service, calendar, feed or route of this name.",
                "there is no order 223",
            ),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "The method is not allowed here",
                "The resource exists but does not have this method; the Allow header lists those that it has.",
                "TRACE is not possible here",
            ),
            Self::NotAcceptable => (
                StatusCode::NOT_ACCEPTABLE,
                "not-acceptable",
                "There is no such form of the answer",
                "The client accepts none of the media types that there are; detail lists them.",
                "there is only application/json, application/x-ndjson and text/csv",
            ),
            Self::RequestTimeout => (
                StatusCode::REQUEST_TIMEOUT,
                "request-timeout",
                "The request took too long to arrive",
                "The body did not arrive in time and nothing was done; send it again.",
                "the body did not arrive within 10s",
            ),
            Self::OrderConflict => (
                StatusCode::CONFLICT,
                "order-conflict",
                "Another order is too close",
                "Orders of one calendar are at least its minimum gap apart; conflicts_with names those in the way, nearest_free the times to take instead.",
                "2022-11-01T12:00:00Z is less than 3 hours from order 223 at 2022-11-01T11:11:11.111Z",
            ),
            Self::IdTaken => (
                StatusCode::CONFLICT,
                "id-taken",
                "The id is taken",
                "Another resource has the id; choose another one, or leave it out to have one made.",
                "order 223 already exists",
            ),
            Self::KeyInUse => (
                StatusCode::CONFLICT,
                "idempotency-key-in-use",
                "The first request with this key is still running",
                "A creation under the same Idempotency-Key is not finished; send it again in a moment.",
                "a creation under idempotency key 8e03978e is still running",
            ),
            Self::ServiceInUse => (
                StatusCode::CONFLICT,
                "service-in-use",
                "The service is in use",
                "Orders refer to the service, so it is not deleted; delete or change them first.",
                "service 123 is in use",
            ),
            Self::CalendarInUse => (
                StatusCode::CONFLICT,
                "calendar-in-use",
                "The calendar is in use",
                "Orders are in the calendar, or it is the calendar default, so it is not deleted.",
                "calendar default is in use",
            ),
            Self::GapTooWide => (
                StatusCode::CONFLICT,
                "gap-too-wide",
                "Existing orders are too close for this gap",
                "Nothing was changed; too_close lists the earliest pairs of orders that are too close for the new minimum gap.",
                "calendar default has orders less than 3 hours apart",
            ),
            Self::RotationOpen => (
                StatusCode::CONFLICT,
                "rotation-open",
                "The secret was rotated a short while ago",
                "Messages are still signed with the secret before this one too; rotate again when that has ended, 24 hours after the last rotation.",
                "the secret of webhook crm was rotated less than 24 hours ago",
            ),
            Self::TooManyWebhooks => (
                StatusCode::CONFLICT,
                "too-many-webhooks",
                "There are too many webhooks",
                "The number of webhooks is limited; delete one that is not used any more.",
                "there are 1000 webhooks, the most that there may be; delete one first",
            ),
            Self::TooManyFeeds => (
                StatusCode::CONFLICT,
                "too-many-feeds",
                "There are too many feeds",
                "The number of feeds of calendars is limited; delete one that is not used any more.",
                "there are 1000 feeds, the most that there may be; delete one first",
            ),
            Self::CursorGone => (
                StatusCode::GONE,
                "cursor-gone",
                "The changes after the cursor are no longer available",
                "The cursor is older than the changes that are kept, or it belongs to a history that a restore or a failover discarded; begin again with an export of the orders and follow its monitor link.",
                "the changes after cursor 42_1667124180123456 are no longer available; begin again with an export",
            ),
            Self::VersionGone => (
                StatusCode::GONE,
                "version-gone",
                "The version is not kept any more",
                "The order had this version, but it is older than those that are kept.",
                "this version of order 223 is not kept any more",
            ),
            Self::VersionMismatch => (
                StatusCode::PRECONDITION_FAILED,
                "version-mismatch",
                "The order has moved on",
                "The order is not at a version that If-Match names; read it again.",
                "order 223 is at version 2 now",
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "The body is too large",
                "The body has more bytes than the service accepts; detail has the limit.",
                "the body has more than 65536 bytes",
            ),
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "The body is not declared as JSON",
                "Send the body with Content-Type: application/json, in UTF-8 and not compressed.",
                "the Content-Type is not application/json in UTF-8",
            ),
            Self::InvalidRequest => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid-request",
                "The request breaks the rules of its fields",
                "The body is JSON, but not what the resource accepts; errors lists every invalid field, by JSON pointer.",
                "2 fields break a rule",
            ),
            Self::KeyReused => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency-key-reused",
                "The key was used with another body",
                "An Idempotency-Key belongs to one creation; use a new key for another one.",
                "idempotency key 8e03978e was used with another body",
            ),
            Self::TooManyRequests => (
                StatusCode::TOO_MANY_REQUESTS,
                "too-many-requests",
                "The client sends too many requests",
                "The client exceeded its rate, and nothing was done; send the request again after the seconds in Retry-After.",
                "more than 10 requests in 1 s; try again after 0.1s",
            ),
            Self::InternalError => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal-error",
                "The service failed",
                "A bug of the service; its log has the cause under the X-Request-Id of the response.",
                "the service failed; its log has the cause",
            ),
            Self::ImportStopped => (
                StatusCode::SERVICE_UNAVAILABLE,
                "import-stopped",
                "The import stopped early",
                "The last line of the response to an import, which belongs to no line of the request: the database became unavailable, the client lost its access, or the service stopped, and no further line was read. Send again the lines that were not placed.",
                "the database is unavailable or access has ended; the lines after those answered were not read",
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The service is busy or its database is away",
                "Nothing is wrong with the request; send it again after the seconds in Retry-After.",
                "the database cannot answer now",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ProblemType;

    #[test]
    fn every_type_is_listed_and_found_by_its_name() {
        for (place, problem_type) in ProblemType::ALL.into_iter().enumerate() {
            assert_eq!(ProblemType::named(problem_type.name()), Some(problem_type));
            assert_eq!(problem_type as usize, place, "{} is out of its place", problem_type.name());
        }
        assert_eq!(ProblemType::ALL.len(), ProblemType::Unavailable as usize + 1);
        assert_eq!(ProblemType::named("no-such-slug"), None);
    }
}
