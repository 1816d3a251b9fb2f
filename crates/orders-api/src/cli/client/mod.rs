//! The command that is a client of a running service: [`webhooks()`].

mod connection;
mod listen;
mod service_url;

use std::io::{self, Write as _};

use anyhow::Result;
use clap::Args;

pub use listen::{ListenArgs, WebhooksCommand};
pub use service_url::{InvalidServiceUrl, ServiceUrl};

/// Which service is used.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ServiceArgs {
    /// The running service, as http://HOST:PORT
    #[arg(long, env = "ORDERS_URL", default_value = "http://127.0.0.1:3000", value_name = "URL")]
    pub url: ServiceUrl,
}

/// Prints what a webhook is sent.
///
/// # Errors
/// If the service cannot be used, or does not allow it.
pub fn webhooks(command: &WebhooksCommand) -> Result<()> {
    let WebhooksCommand::Listen(arguments) = command;
    listen::run(arguments)
}

/// Prints a line on standard error, and unlike `eprintln!` does not panic if that is closed.
fn print_message(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
