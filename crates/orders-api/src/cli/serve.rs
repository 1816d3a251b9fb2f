//! `orders-api serve`

use actix_web::rt::System;
use anyhow::{Context as _, Result};

use super::arguments::Cli;
use super::database::Database;
use crate::server::{self, Sockets};

/// Answers requests until SIGTERM or Ctrl-C.
///
/// # Errors
/// If the database or the address cannot be used.
pub fn serve(cli: &Cli) -> Result<()> {
    let sockets = Sockets::bind(&cli.server)?;
    let database = Database::open(&cli.database)?;
    let result = serve_on(sockets, &database, cli);
    database.close();
    result
}

fn serve_on(sockets: Sockets, database: &Database, cli: &Cli) -> Result<()> {
    let store = database.prepare(cli)?;
    database.warn_about_settings(cli)?;
    let access = database.access(cli, &store)?;
    let worker_store = database.worker_store(cli)?;
    System::new().block_on(async {
        let listening =
            server::listen(sockets, store, worker_store, access, &cli.database, &cli.server)?;
        if let Some(address) = listening.metrics_address() {
            log::info!("metrics without a key on http://{address}/metrics");
        }
        let address = listening.address();
        log::info!(
            "listening on http://{address}, schedule: http://{address}/schedule, documentation: http://{address}/docs, \
             database: {database}"
        );
        listening.run().await.context("the server failed")
    })
}
