//! `orders-api migrate`

use anyhow::Result;

use super::arguments::Cli;
use super::database::Database;

/// Applies the missing migrations, or reverts the newest one.
///
/// # Errors
/// If the database cannot be used, or a migration fails.
pub fn migrate(cli: &Cli, revert: bool) -> Result<()> {
    let database = Database::open(&cli.database)?;
    let (done, migrations) = match revert {
        true => ("reverted", database.revert()?.into_iter().collect()),
        false => ("applied", database.migrate()?),
    };
    match migrations.as_slice() {
        [] => log::info!("nothing to do; database: {database}"),
        names => log::info!("{done} {}; database: {database}", names.join(", ")),
    }
    if !revert {
        database.warn_about_settings(cli)?;
    }
    database.close();
    Ok(())
}
