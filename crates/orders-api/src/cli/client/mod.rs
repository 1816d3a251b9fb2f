//! The commands that are clients of a running service: [`export()`], [`import()`] and [`webhooks()`].
//!
//! All stream, so their memory does not grow with the number of orders.

mod connection;
mod export;
mod import;
mod interrupt;
mod listen;
mod output;
mod progress;
mod service_url;

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

pub use export::{ExportArgs, SortOrder};
pub use import::ImportArgs;
use interrupt::Interrupted;
pub use listen::{ListenArgs, WebhooksCommand};
pub use service_url::{InvalidServiceUrl, ServiceUrl};

/// The exit status of an import if some orders were rejected.
const SOME_REJECTED: u8 = 1;

/// The exit status of a command that failed, as clap's for a wrong command line.
const FAILED: u8 = 2;

/// The exit status of a command that was interrupted, as a shell's for one that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// Which service is used.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ServiceArgs {
    /// The running service, as http://HOST:PORT
    #[arg(long, env = "ORDERS_URL", default_value = "http://127.0.0.1:3000", value_name = "URL")]
    pub url: ServiceUrl,
}

/// Writes the orders of a service to a file or standard output.
#[must_use]
pub fn export(arguments: &ExportArgs) -> ExitCode {
    exit_code(export::run(arguments).map(|()| ExitCode::SUCCESS))
}

/// Places the orders of a file in a service.
#[must_use]
pub fn import(arguments: &ImportArgs) -> ExitCode {
    exit_code(import::run(arguments).map(|all_placed| match all_placed {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(SOME_REJECTED),
    }))
}

/// Prints what a webhook is sent.
#[must_use]
pub fn webhooks(command: &WebhooksCommand) -> ExitCode {
    let WebhooksCommand::Listen(arguments) = command;
    exit_code(listen::run(arguments).map(|()| ExitCode::SUCCESS))
}

fn exit_code(result: Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|error| match error.downcast_ref::<Interrupted>() {
        Some(interrupted) => {
            print_message(&interrupted.to_string());
            ExitCode::from(INTERRUPTED)
        }
        None => {
            print_message(&format!("error: {error:#}"));
            ExitCode::from(FAILED)
        }
    })
}

/// Prints a line on standard error, and unlike `eprintln!` does not panic if that is closed.
fn print_message(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
