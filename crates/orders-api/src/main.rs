//! The orders service: reads the command line and runs the command.

use std::process::ExitCode;

use log::LevelFilter;
use orders_api::cli::arguments::{Cli, Command, LogFormat};
use orders_api::cli::{clients, keys, listen, migrate, openapi, seed, serve};
use orders_api::log_format::write_json;

fn main() -> ExitCode {
    let cli = Cli::read();
    let mut logger = env_logger::Builder::new();
    logger
        .filter_module("actix_server", LevelFilter::Warn)
        // Its errors are about clients that do not speak HTTP.
        .filter_module("actix_http", LevelFilter::Off)
        .parse_filters(&cli.log);
    if cli.log_format == LogFormat::Json {
        logger.format(write_json);
    }
    logger.init();
    let result = match cli.command.as_ref().unwrap_or(&Command::Serve) {
        Command::Serve => serve(&cli),
        Command::Migrate { revert } => migrate(&cli, *revert),
        Command::Seed => seed(&cli),
        Command::Clients(command) => clients(&cli, command),
        Command::Keys(command) => keys(&cli, command),
        Command::Openapi => openapi(),
        Command::Webhooks(command) => listen::webhooks(command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
