//! `orders-api serve`

use actix_web::rt::System;
use anyhow::{Context as _, Result};
use orders_core::Services as _;
use orders_db::PgStore;

use super::arguments::Cli;
use super::database::Database;
use super::sample_data;
use crate::server;

/// Answers requests until SIGTERM or Ctrl-C.
///
/// # Errors
/// If the database or the address cannot be used.
pub fn serve(cli: &Cli) -> Result<()> {
    let database = Database::open(&cli.database)?;
    let result = serve_on(&database, cli);
    database.close();
    result
}

fn serve_on(database: &Database, cli: &Cli) -> Result<()> {
    let is_migrated = !database.migrate()?.is_empty();
    let store = database.store(cli)?;
    if is_migrated && database.is_private() {
        add_first_services(&store)?;
    }
    let listening = server::listen(store, &cli.database, &cli.server).with_context(|| {
        format!("cannot listen on {}; choose another address with --bind", cli.server.bind)
    })?;
    log::info!("listening on http://{}, database: {database}", listening.address());
    System::new().block_on(listening.run()).context("the server failed")
}

/// Adds the sample services to an empty database, so that the first order takes one request.
fn add_first_services(store: &PgStore) -> Result<()> {
    if store.services().context("cannot read the services")?.is_empty() {
        let services =
            sample_data::add_services(store).context("cannot add the sample services")?;
        log::info!("the database is new; added {services} sample services, see /services");
    }
    Ok(())
}
