//! `orders-api seed`

use anyhow::{Context as _, Result};

use super::arguments::Cli;
use super::database::Database;
use super::sample_data;

/// Adds the sample data.
///
/// # Errors
/// If the database cannot be used, or existing orders conflict with the sample orders.
pub fn seed(cli: &Cli) -> Result<()> {
    let database = Database::open_shared(&cli.database)?;
    let store = database.prepare(cli)?;
    let services = sample_data::add_services(&store).context("cannot add the sample services")?;
    let calendars =
        sample_data::add_calendars(&store).context("cannot add the sample calendars")?;
    let orders = sample_data::place_orders(&store).context("cannot place the sample orders")?;
    log::info!(
        "added {services} services, {calendars} calendars, {orders} orders; the others exist already; \
         database: {database}"
    );
    drop(store);
    database.close();
    Ok(())
}
