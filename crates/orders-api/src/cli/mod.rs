//! What the program does when it is called: [`serve`], [`migrate`], [`seed`], [`openapi()`].

pub mod arguments;
pub mod client;
pub mod database;
pub mod database_url;
pub mod sample_data;

use std::io::Write as _;

use actix_web::rt::System;
use anyhow::{Context, Result};
use orders_core::Services as _;
use orders_db::PgStore;

use crate::cli::database::Database;
use crate::{openapi, server};
use arguments::Cli;

/// Answers requests until it is told to stop.
///
/// # Errors
/// With what to do when the database or the address cannot be used.
pub fn serve(cli: &Cli) -> Result<()> {
    let database = Database::open(&cli.database)?;
    let served = serve_on(&database, cli);
    database.close();
    served
}

/// Brings the database up to date, or takes its newest step back.
///
/// # Errors
/// When the database cannot be used, or a step fails.
pub fn migrate(cli: &Cli, revert: bool) -> Result<()> {
    let database = Database::open(&cli.database)?;
    let steps =
        if revert { database.revert()?.into_iter().collect() } else { database.migrate()? };
    let done = if revert { "reverted" } else { "applied" };
    match steps.as_slice() {
        [] => log::info!("nothing to do; database: {database}"),
        steps => log::info!("{done} {}; database: {database}", steps.join(", ")),
    }
    database.close();
    Ok(())
}

/// Adds the sample data.
///
/// # Errors
/// When the database cannot be used, or other orders are too close to the samples.
pub fn seed(cli: &Cli) -> Result<()> {
    let database = Database::open(&cli.database)?;
    database.migrate()?;
    let store = database.store(cli)?;
    let services = sample_data::services(&store).context("cannot add the sample services")?;
    let calendars = sample_data::calendars(&store).context("cannot add the sample calendars")?;
    let orders = sample_data::orders(&store).context("cannot place the sample orders")?;
    log::info!(
        "added {services} services, {calendars} calendars, {orders} orders; the others were there; \
         database: {database}"
    );
    drop(store);
    database.close();
    Ok(())
}

/// Prints the OpenAPI document.
///
/// # Errors
/// When nobody takes it.
pub fn openapi() -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(openapi::JSON.as_bytes()).context("cannot print the document")
}

fn serve_on(database: &Database, cli: &Cli) -> Result<()> {
    let created = !database.migrate()?.is_empty();
    let store = database.store(cli)?;
    if created && database.is_private() {
        welcome(&store)?;
    }
    let listening = server::listen(store, &cli.database, &cli.server).with_context(|| {
        format!("cannot listen on {}; choose another address with --bind", cli.server.bind)
    })?;
    log::info!("listening on http://{}, database: {database}", listening.address());
    System::new().block_on(listening.run()).context("the server failed")
}

/// A new database gets services, so that the first order is one request away.
fn welcome(store: &PgStore) -> Result<()> {
    if store.services().context("cannot read the services")?.is_empty() {
        let services = sample_data::services(store).context("cannot add the sample services")?;
        log::info!("the database is new; added {services} sample services, see /services");
    }
    Ok(())
}
