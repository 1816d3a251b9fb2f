//! The orders service: reads its settings and does what it is told.

use std::process::ExitCode;

use clap::Parser;
use log::LevelFilter;
use orders_api::cli::arguments::{Cli, Command};
use orders_api::cli::client;
use orders_api::cli::{migrate, openapi, seed, serve};

fn main() -> ExitCode {
    let cli = Cli::parse();
    env_logger::Builder::new()
        .filter_module("actix_server", LevelFilter::Warn)
        // What it calls an error is a client that does not speak HTTP.
        .filter_module("actix_http", LevelFilter::Off)
        .parse_filters(&cli.log)
        .init();
    let done = match cli.command.as_ref().unwrap_or(&Command::Serve) {
        Command::Serve => serve(&cli),
        Command::Migrate { revert } => migrate(&cli, *revert),
        Command::Seed => seed(&cli),
        Command::Openapi => openapi(),
        Command::Export(arguments) => return client::export(arguments),
        Command::Import(arguments) => return client::import(arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
