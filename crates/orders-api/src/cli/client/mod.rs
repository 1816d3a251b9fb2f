//! The commands that talk to a running service: [`export()`] and [`import()`].
//!
//! Both stream: neither holds more of the orders than is on its way, however many there are.

mod connection;
mod export;
mod import;
mod input;
mod interrupt;
mod lines;
mod output;
mod progress;
mod refused;
mod tally;
mod url;

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

pub use export::{ExportArgs, Wanted};
pub use import::ImportArgs;
use interrupt::Interrupted;
pub use url::{InvalidServiceUrl, ServiceUrl};

/// Not all orders that were to be imported found their place.
const SOME_REFUSED: u8 = 1;

/// The command could not be done, or not to its end; so says clap of a wrong usage, too.
const FAILED: u8 = 2;

/// The command was ended by Ctrl-C or SIGTERM, as shells tell of the former.
const INTERRUPTED: u8 = 130;

/// Which service is talked to.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ServiceArgs {
    /// The running service, as http://HOST:PORT
    #[arg(long, env = "ORDERS_URL", default_value = "http://127.0.0.1:3000", value_name = "URL")]
    pub url: ServiceUrl,
}

/// Writes the orders of a service down; how the process is to end.
#[must_use]
pub fn export(arguments: &ExportArgs) -> ExitCode {
    ended(export::run(arguments).map(|()| ExitCode::SUCCESS))
}

/// Places orders in a service; how the process is to end.
#[must_use]
pub fn import(arguments: &ImportArgs) -> ExitCode {
    ended(import::run(arguments).map(|all_placed| match all_placed {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(SOME_REFUSED),
    }))
}

fn ended(result: Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|error| match error.downcast_ref::<Interrupted>() {
        Some(interrupted) => {
            say(&interrupted.to_string());
            ExitCode::from(INTERRUPTED)
        }
        None => {
            say(&format!("error: {error:#}"));
            ExitCode::from(FAILED)
        }
    })
}

/// A line on standard error, if somebody listens.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
