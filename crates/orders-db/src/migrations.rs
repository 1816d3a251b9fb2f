//! The migrations, which the binary contains: [`run`], [`check`] and [`revert`].

use std::collections::BTreeSet;
use std::error::Error;

use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::locks::lock_schema;
use crate::requirements::{Unsuitable, check_rights, check_server, prepare_schema};

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
    /// The schema lacks migrations, which are not to be applied.
    #[error(
        "its schema is older than this release: it lacks {}; run `orders-api migrate` with a role that may change it",
        .0.join(", ")
    )]
    Pending(Vec<String>),
    /// The server lacks something, or the role does.
    #[error(transparent)]
    Unsuitable(#[from] Unsuitable),
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
    let mut conn = connect(url)?;
    let steps = alone(&mut conn, |conn| {
        let steps = conn.run_pending_migrations(MIGRATIONS)?;
        Ok(steps.iter().map(ToString::to_string).collect())
    })?;
    check_rights(&mut conn).map_err(step)??;
    Ok(steps)
}

/// Checks that all migrations were applied and that the role has the rights of the service. It needs no others.
///
/// # Errors
/// If the database cannot be reached or is unsuitable, or its schema is older or newer than this release.
pub fn check(url: &str) -> Result<(), MigrationError> {
    let mut conn = connect(url)?;
    let exists = diesel::dsl::sql::<Bool>("to_regclass('__diesel_schema_migrations') IS NOT NULL");
    let applied = match diesel::select(exists).get_result(&mut conn).map_err(step)? {
        true => applied_migrations::table.select(applied_migrations::version).load(&mut conn),
        false => Ok(Vec::new()),
    };
    let applied: BTreeSet<String> = applied.map_err(step)?.into_iter().collect();
    let known = known()?;
    if let Some(newest) = applied.difference(&known).max() {
        return Err(newer(newest, &known));
    }
    match known.difference(&applied).cloned().collect::<Vec<_>>() {
        pending if pending.is_empty() => Ok(check_rights(&mut conn).map_err(step)??),
        pending => Err(MigrationError::Pending(pending)),
    }
}

diesel::table! {
    /// The list of applied migrations, which Diesel keeps. Diesel itself reads it only if it may create it.
    #[sql_name = "__diesel_schema_migrations"]
    applied_migrations (version) {
        /// The part of the migration's name before its first underscore, without hyphens.
        version -> Text,
    }
}

/// Reverts the newest migration, and returns its name; `None` if there is none.
///
/// # Errors
/// If the database cannot be reached, is read-only or has a newer schema, or if the migration cannot be reverted.
pub fn revert(url: &str) -> Result<Option<String>, MigrationError> {
    alone(&mut connect(url)?, |conn| {
        if conn.applied_migrations()?.is_empty() {
            return Ok(None);
        }
        Ok(Some(conn.revert_last_migration(MIGRATIONS)?.to_string()))
    })
}

/// A connection to a server that is suitable.
fn connect(url: &str) -> Result<PgConnection, MigrationError> {
    let mut conn = PgConnection::establish(url)?;
    check_server(&mut conn).map_err(step)??;
    Ok(conn)
}

/// Changes the schema under the lock of the schema.
fn alone<T>(
    conn: &mut PgConnection,
    work: impl FnOnce(&mut PgConnection) -> Result<T, Box<dyn Error + Send + Sync>>,
) -> Result<T, MigrationError> {
    conn.batch_execute("SET client_min_messages = warning")
        .and_then(|()| lock_schema(conn))
        .map_err(step)?;
    prepare_schema(conn).map_err(step)??;
    check_known(conn)?;
    work(conn).map_err(MigrationError::Step)
}

fn step(error: diesel::result::Error) -> MigrationError {
    MigrationError::Step(error.into())
}

/// Rejects a database with a migration that this binary does not know, because its changes are not known either.
fn check_known(conn: &mut PgConnection) -> Result<(), MigrationError> {
    let applied = conn.applied_migrations().map_err(MigrationError::Step)?;
    let known = known()?;
    let unknown = applied.iter().map(ToString::to_string).filter(|step| !known.contains(step));
    unknown.max().map_or(Ok(()), |newest| Err(newer(&newest, &known)))
}

/// The versions of the migrations in this binary.
fn known() -> Result<BTreeSet<String>, MigrationError> {
    let known: Vec<Box<dyn Migration<Pg>>> =
        MIGRATIONS.migrations().map_err(MigrationError::Step)?;
    Ok(known.iter().map(|step| step.name().version().to_string()).collect())
}

fn newer(newest: &str, known: &BTreeSet<String>) -> MigrationError {
    let known = known.last().cloned().unwrap_or_default();
    MigrationError::Newer { newest: newest.to_owned(), known }
}
