//! Diesel's errors as those of the domain, in one place.

use diesel::result::DatabaseErrorKind::{
    ClosedConnection, ReadOnlyTransaction, SerializationFailure, UnableToSendCommand,
};
use diesel::result::Error;
use orders_core::StoreError;

/// Why a piece of work on a connection did not succeed.
pub(crate) enum Failure {
    /// The domain said no.
    Refused(StoreError),
    /// The database did not do as it was told.
    Database(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Failure {
    fn from(refusal: StoreError) -> Self {
        Self::Refused(refusal)
    }
}

/// Whether the error is a violation of the constraint of this name.
pub(crate) fn violates(error: &Error, constraint: &str) -> bool {
    matches!(error, Error::DatabaseError(_, told) if told.constraint_name() == Some(constraint))
}

/// Whether the database gave up a transaction so that another could go on: a new try may succeed.
pub(crate) fn is_passing(error: &Error) -> bool {
    match error {
        Error::DatabaseError(SerializationFailure, _) => true,
        // Diesel knows no kind for SQLSTATE 40P01.
        Error::DatabaseError(_, told) => told.message() == "deadlock detected",
        _ => false,
    }
}

/// Faults that Diesel has no kind for, by how PostgreSQL's message begins. Each is the state of a
/// server, not of a statement.
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

/// What an error that nobody expected means; `connection_lost` tells that the session is gone.
pub(crate) fn stored(error: Error, connection_lost: bool) -> StoreError {
    let outage = connection_lost
        || match &error {
            Error::DatabaseError(
                ClosedConnection | ReadOnlyTransaction | SerializationFailure | UnableToSendCommand,
                _,
            )
            | Error::BrokenTransactionManager => true,
            Error::DatabaseError(_, told) => {
                OUTAGES.iter().any(|outage| told.message().starts_with(outage))
            }
            _ => false,
        };
    if outage { StoreError::Unavailable(error.into()) } else { StoreError::Bug(error.into()) }
}
