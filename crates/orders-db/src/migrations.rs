//! The migrations, which the binary contains: [`run`] and [`revert`].

use std::collections::BTreeSet;
use std::error::Error;

use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::locks::lock_schema;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// Why the schema could not be changed. It is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The database cannot be reached.
    #[error("cannot reach the database: {0}")]
    Connect(#[from] ConnectionError),
    /// A newer release has changed the schema.
    #[error(
        "its schema is newer than this release: it has migration {newest}, and the newest that this release \
         knows is {known}; run a newer release"
    )]
    Newer {
        /// The version of the newest migration in the database that this binary does not know.
        newest: String,
        /// The version of the newest migration in this binary.
        known: String,
    },
    /// The server accepts no writes.
    #[error(
        "the server is read-only: it is a standby, or default_transaction_read_only is on; name the writable \
         server, or several hosts with target_session_attrs=read-write"
    )]
    ReadOnly,
    /// A migration failed and was rolled back.
    #[error("cannot change the schema: {0}")]
    Step(Box<dyn Error + Send + Sync>),
}

/// Applies all pending migrations, and returns their names, oldest first.
///
/// Several services may do so at once: one works, and the others wait until it is done.
///
/// # Errors
/// If the database cannot be reached, is read-only or has a newer schema, or if a migration fails.
pub fn run(url: &str) -> Result<Vec<String>, MigrationError> {
    alone(url, |conn| {
        let steps = conn.run_pending_migrations(MIGRATIONS)?;
        Ok(steps.iter().map(ToString::to_string).collect())
    })
}

/// Reverts the newest migration, and returns its name; `None` if there is none.
///
/// # Errors
/// If the database cannot be reached, is read-only or has a newer schema, or if the migration cannot be reverted.
pub fn revert(url: &str) -> Result<Option<String>, MigrationError> {
    alone(url, |conn| {
        if conn.applied_migrations()?.is_empty() {
            return Ok(None);
        }
        Ok(Some(conn.revert_last_migration(MIGRATIONS)?.to_string()))
    })
}

/// Changes the schema on a connection of its own, under the lock of the schema.
fn alone<T>(
    url: &str,
    work: impl FnOnce(&mut PgConnection) -> Result<T, Box<dyn Error + Send + Sync>>,
) -> Result<T, MigrationError> {
    let mut conn = PgConnection::establish(url)?;
    let read_only = diesel::dsl::sql::<Bool>("current_setting('transaction_read_only')::boolean");
    match diesel::select(read_only).get_result(&mut conn) {
        Ok(true) => return Err(MigrationError::ReadOnly),
        Ok(false) => {}
        Err(error) => return Err(MigrationError::Step(error.into())),
    }
    conn.batch_execute("SET client_min_messages = warning")
        .and_then(|()| lock_schema(&mut conn))
        .map_err(|error| MigrationError::Step(error.into()))?;
    check_known(&mut conn)?;
    work(&mut conn).map_err(MigrationError::Step)
}

/// Rejects a database with a migration that this binary does not know, because its changes are not known either.
fn check_known(conn: &mut PgConnection) -> Result<(), MigrationError> {
    let applied = conn.applied_migrations().map_err(MigrationError::Step)?;
    let known: Vec<Box<dyn Migration<Pg>>> =
        MIGRATIONS.migrations().map_err(MigrationError::Step)?;
    let known: BTreeSet<_> = known.iter().map(|step| step.name().version().to_string()).collect();
    let unknown = applied.iter().map(ToString::to_string).filter(|step| !known.contains(step));
    match unknown.max() {
        None => Ok(()),
        Some(newest) => {
            Err(MigrationError::Newer { newest, known: known.last().cloned().unwrap_or_default() })
        }
    }
}
