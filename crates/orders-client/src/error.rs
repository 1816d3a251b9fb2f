//! What can go wrong: [`Error`].

use std::fmt;
use std::time::Duration;

use orders_core::{Conflict, GapTooWide, IdempotencyKey};

use crate::wire::{Failure, FieldError, Problem, Unexpected};

/// Why a call failed. Its text says what is wrong and what to do.
///
/// For a write there are three cases: it was rejected ([`Error::is_rejection`]) or could not be sent, and changed nothing;
/// or it is [`Error::Unknown`] whether it happened.
///
/// ```
/// use orders_client::{Error, OrderDraft, Timestamp};
///
/// /// When the order can be booked instead.
/// fn instead(error: Error) -> Result<Option<Timestamp>, Error> {
///     match error {
///         Error::Conflict(conflict) => Ok(conflict.nearest_free.after),
///         other => Err(other),
///     }
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another order is too close. It names the orders in the way, and the nearest free times.
    #[error("{0}; {free}", free = Free(.0))]
    Conflict(Conflict),
    /// Fields break rules: all of them, each with its place.
    #[error("{}", Fields(.0))]
    Invalid(Vec<FieldError>),
    /// There is no such order, service or calendar.
    #[error("{0}")]
    NotFound(Problem),
    /// Something else has the id.
    #[error("{0}; choose another id, or leave it out")]
    IdTaken(Problem),
    /// The idempotency key belongs to another draft.
    #[error("{0}; use a new key for another order")]
    KeyReused(Problem),
    /// The order does not have the version that was required.
    #[error("{0}; get the order, and decide again")]
    VersionMismatch(Problem),
    /// Orders use the service or the calendar, or it is the calendar `default`.
    #[error("{0}, so it cannot be deleted")]
    InUse(Problem),
    /// Orders of the calendar are too close for the new gap.
    #[error("{0}; move these orders first")]
    GapTooWide(GapTooWide),
    /// The changes after the cursor are no longer available. Begin again with an export.
    #[error("{0}")]
    CursorGone(Problem),
    /// The version of the order is older than those that are kept.
    #[error("{0}")]
    VersionGone(Problem),
    /// The key is missing or is not that of a client.
    #[error("{0}; create a key with `orders-api keys create`, and give it to the client")]
    Unauthorized(Problem),
    /// The client may not do this.
    #[error("{0}")]
    Forbidden(Problem),
    /// The client exceeded its rate, also in the repetitions. Nothing was done.
    #[error("{0}")]
    RateLimited(Problem),
    /// The service cannot be reached, or cannot answer. A write changed nothing.
    #[error("the service is unavailable: {0}")]
    Unavailable(Cause),
    /// It is not known whether the write happened.
    #[error("{0}")]
    Unknown(Unknown),
    /// An export ended early, so what was received are not all orders.
    #[error("the export was cut off, these are not all orders: {0}; begin again")]
    CutOff(Cause),
    /// An import ended early. What was answered is final.
    #[error("{0}")]
    ImportStopped(ImportStopped),
    /// The service rejected the request for another reason.
    #[error("{0}")]
    Rejected(Problem),
    /// Something answered that is not the orders service, or not this version of it. A write that it rejected did not
    /// happen.
    #[error("{0}; is the URL that of the service?")]
    Unexpected(Unexpected),
}

/// It is not known whether a write happened: its response was lost, and it must not be sent again blindly, or every
/// repetition was lost too.
#[derive(Debug)]
pub struct Unknown {
    /// What happened to the response.
    pub cause: Cause,
    /// The key of a creation, with which it is safe to repeat it for at least 24 hours.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// How an import ended early.
#[derive(Debug)]
pub struct ImportStopped {
    /// How many lines were answered. If the cause is a [`Problem`], the service has read no others.
    pub answered: u64,
    /// What happened.
    pub cause: Cause,
}

/// Why a request has no result.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// There is no connection, so the request was not sent.
    #[error("{0}; does it run there?")]
    Unreachable(String),
    /// The connection was lost.
    #[error("the connection was lost: {0}")]
    Disconnected(String),
    /// The response did not arrive, or did not go on, for this time.
    #[error("there was no response for {0:?}")]
    TimedOut(Duration),
    /// The service answered that it cannot now, or that it failed.
    #[error("{0}")]
    Problem(Problem),
    /// Something between client and service answered, or the response cannot be read.
    #[error("{0}")]
    Unexpected(Unexpected),
}

impl Error {
    /// Whether the service, or something before it, rejected the request. Then nothing was changed, and the same request
    /// will be rejected again, unless something else changes.
    #[must_use]
    pub fn is_rejection(&self) -> bool {
        match self {
            Self::Conflict(_)
            | Self::Invalid(_)
            | Self::NotFound(_)
            | Self::IdTaken(_)
            | Self::KeyReused(_)
            | Self::VersionMismatch(_)
            | Self::InUse(_)
            | Self::GapTooWide(_)
            | Self::CursorGone(_)
            | Self::VersionGone(_)
            | Self::Unauthorized(_)
            | Self::Forbidden(_)
            | Self::Rejected(_) => true,
            Self::RateLimited(_)
            | Self::Unavailable(_)
            | Self::Unknown(_)
            | Self::CutOff(_)
            | Self::ImportStopped(_)
            | Self::Unexpected(_) => false,
        }
    }

    /// The type of the problem that the service answered with, as `order-conflict`, or what else happened, in a word:
    /// `unavailable`, `unknown`, `cut-off`, `import-stopped` or `unexpected`.
    #[must_use]
    pub fn problem_type(&self) -> &str {
        match self {
            Self::Conflict(_) => "order-conflict",
            Self::Invalid(_) => "invalid-request",
            Self::GapTooWide(_) => "gap-too-wide",
            Self::NotFound(problem)
            | Self::IdTaken(problem)
            | Self::KeyReused(problem)
            | Self::VersionMismatch(problem)
            | Self::InUse(problem)
            | Self::CursorGone(problem)
            | Self::VersionGone(problem)
            | Self::Unauthorized(problem)
            | Self::Forbidden(problem)
            | Self::RateLimited(problem)
            | Self::Rejected(problem) => problem.slug(),
            Self::Unavailable(_) => "unavailable",
            Self::Unknown(_) => "unknown",
            Self::CutOff(_) => "cut-off",
            Self::ImportStopped(_) => "import-stopped",
            Self::Unexpected(_) => "unexpected",
        }
    }

    /// The error for a response that rejects a request. A conflict is passed separately, because it needs the requested
    /// time.
    pub(crate) fn rejected(failure: Failure, conflict: Option<Conflict>) -> Self {
        let problem = match failure {
            Failure::Problem(problem) => problem,
            Failure::Unexpected(unexpected) => return Self::Unexpected(unexpected),
        };
        match problem.slug() {
            "order-conflict" => match conflict {
                Some(conflict) => Self::Conflict(conflict),
                None => Self::Rejected(problem),
            },
            "invalid-request" => Self::Invalid(problem.errors().to_vec()),
            "not-found" => Self::NotFound(problem),
            "id-taken" => Self::IdTaken(problem),
            "idempotency-key-reused" => Self::KeyReused(problem),
            "version-mismatch" => Self::VersionMismatch(problem),
            "service-in-use" | "calendar-in-use" => Self::InUse(problem),
            "gap-too-wide" => match problem.gap_too_wide() {
                Some(gap) => Self::GapTooWide(gap),
                None => Self::Rejected(problem),
            },
            "cursor-gone" => Self::CursorGone(problem),
            "version-gone" => Self::VersionGone(problem),
            "authentication-required" => Self::Unauthorized(problem),
            "not-permitted" => Self::Forbidden(problem),
            "too-many-requests" => Self::RateLimited(problem),
            _ => Self::Rejected(problem),
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it may have happened or not: {}; ", self.cause)?;
        match &self.idempotency_key {
            Some(key) => write!(f, "repeat it with the idempotency key {key}"),
            None => f.write_str("read it before you try again"),
        }
    }
}

impl fmt::Display for ImportStopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { answered, cause } = self;
        write!(f, "the import ended after {answered} answers: {cause}; ")?;
        f.write_str("import the others again: an order that has an id and exists already is rejected as id-taken")
    }
}

/// The free times of a conflict, in words.
struct Free<'a>(&'a Conflict);

impl fmt::Display for Free<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let free = self.0.nearest_free;
        match (free.before, free.after) {
            (Some(before), Some(after)) => write!(f, "{before} and {after} are free"),
            (Some(time), None) | (None, Some(time)) => write!(f, "{time} is free"),
            (None, None) => f.write_str("no time near it is free"),
        }
    }
}

/// All fields that break rules.
struct Fields<'a>(&'a [FieldError]);

impl fmt::Display for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, FieldError { pointer, detail }) in self.0.iter().enumerate() {
            write!(f, "{}{pointer}: {detail}", if index > 0 { "; " } else { "" })?;
        }
        Ok(())
    }
}
