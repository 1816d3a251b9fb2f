//! Diesel's errors as errors of the domain, in one place.

use diesel::result::DatabaseErrorKind::{
    ClosedConnection, ReadOnlyTransaction, SerializationFailure, UnableToSendCommand,
};
use diesel::result::Error;
use orders_core::StoreError;

/// Why work on a connection failed.
pub(crate) enum Failure {
    /// The rules of the domain forbid it.
    Rejected(StoreError),
    /// The database did not execute a statement.
    Database(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Rejected(error)
    }
}

/// Whether the error is a violation of the constraint of this name.
pub(crate) fn violates(error: &Error, constraint: &str) -> bool {
    matches!(error, Error::DatabaseError(_, info) if info.constraint_name() == Some(constraint))
}

/// Whether the database aborted a transaction because of another one: a new attempt may succeed.
pub(crate) fn is_transient(error: &Error) -> bool {
    match error {
        Error::DatabaseError(SerializationFailure, _) => true,
        // Diesel has no kind for SQLSTATE 40P01.
        Error::DatabaseError(_, info) => info.message() == "deadlock detected",
        _ => false,
    }
}

/// How PostgreSQL's messages begin for errors that Diesel has no kind for, and that tell of the state of the server, not
/// of the statement.
const OUTAGES: [&str; 8] = [
    "canceling statement due to",
    "terminating connection due to",
    "the database system is",
    "deadlock detected",
    "could not extend file",
    "could not write",
    "out of shared memory",
    "sorry, too many clients",
];

/// How its messages end if the disk is full, whatever was to be written.
const DISK_FULL: &str = "No space left on device";

/// An unexpected error as an outage or as a bug.
pub(crate) fn classify(error: Error, connection_lost: bool) -> StoreError {
    let outage = connection_lost
        || match &error {
            Error::DatabaseError(
                ClosedConnection | ReadOnlyTransaction | SerializationFailure | UnableToSendCommand,
                _,
            )
            | Error::BrokenTransactionManager => true,
            Error::DatabaseError(_, info) => {
                OUTAGES.iter().any(|outage| info.message().starts_with(outage))
                    || info.message().ends_with(DISK_FULL)
            }
            _ => false,
        };
    if outage { StoreError::Unavailable(error.into()) } else { StoreError::Bug(error.into()) }
}
