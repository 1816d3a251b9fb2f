//! The schema's history, inside the binary: [`run`] and [`revert`].

use std::error::Error;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// Why the schema could not be changed; it is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The database cannot be reached.
    #[error("cannot reach the database: {0}")]
    Connect(#[from] ConnectionError),
    /// A step failed, and was rolled back.
    #[error("cannot change the schema: {0}")]
    Step(Box<dyn Error + Send + Sync>),
}

/// Brings the schema up to date, and names the steps that were missing, oldest first.
///
/// Several services may do so at once: one works, the others wait and find it done.
///
/// # Errors
/// When the database cannot be reached, or a step fails.
pub fn run(url: &str) -> Result<Vec<String>, MigrationError> {
    alone(url, |conn| {
        let steps = conn.run_pending_migrations(MIGRATIONS)?;
        Ok(steps.iter().map(ToString::to_string).collect())
    })
}

/// Takes the newest step back, and names it; none when there is nothing to take back.
///
/// # Errors
/// When the database cannot be reached, or the step cannot be undone.
pub fn revert(url: &str) -> Result<Option<String>, MigrationError> {
    alone(url, |conn| {
        if conn.applied_migrations()?.is_empty() {
            return Ok(None);
        }
        Ok(Some(conn.revert_last_migration(MIGRATIONS)?.to_string()))
    })
}

/// Changes the schema while nobody else does. The lock goes with the connection.
fn alone<T>(
    url: &str,
    work: impl FnOnce(&mut PgConnection) -> Result<T, Box<dyn Error + Send + Sync>>,
) -> Result<T, MigrationError> {
    /// `orders` in ASCII, so that the lock is recognized in `pg_locks`.
    const LOCK: i64 = 0x6f72_6465_7273;

    let mut conn = PgConnection::establish(url)?;
    conn.batch_execute(&format!(
        "SET client_min_messages = warning; SELECT pg_advisory_lock({LOCK})"
    ))
    .map_err(|error| MigrationError::Step(error.into()))?;
    work(&mut conn).map_err(MigrationError::Step)
}
