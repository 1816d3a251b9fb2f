//! The commands: [`run`].

pub(crate) mod export;
pub(crate) mod import;

mod book;
mod cancel;
mod free;
mod list;
mod move_order;
mod show;
mod watch;

use std::fs;
use std::io::{self, Write as _};
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use clap::CommandFactory as _;
use orders_client::Client;
use orders_core::{CalendarId, ServiceId, Timestamp};

use crate::arguments::{Cli, Command, CommonArgs};
use crate::print::Printer;

/// Executes a command.
///
/// # Errors
/// If the service rejects it, or it fails.
pub(crate) async fn run(cli: Cli) -> Result<()> {
    let Cli { common, command } = cli;
    match &command {
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "orders", &mut script);
            return Ok(io::stdout().write_all(&script)?);
        }
        Command::Man { command } => return manual(command.as_deref()),
        _ => {}
    }
    let (client, printer) = (client(&common)?, Printer::new(&common)?);
    match command {
        Command::List(arguments) => list::orders(&client, &printer, &arguments).await,
        Command::Free(arguments) => free::run(&client, &printer, &arguments).await,
        Command::Book(arguments) => book::run(&client, &printer, &arguments).await,
        Command::Move(arguments) => move_order::run(&client, &printer, &arguments).await,
        Command::Cancel(arguments) => cancel::run(&client, &printer, &arguments).await,
        Command::Show(arguments) => show::order(&client, &printer, &arguments).await,
        Command::History(order) => show::history(&client, &printer, &order.id).await,
        Command::Watch(arguments) => watch::run(&client, &printer, &arguments).await,
        Command::Export(arguments) => export::run(&client, &printer, &arguments).await,
        Command::Import(arguments) => import::run(&client, &arguments).await,
        Command::Services => list::services(&client, &printer).await,
        Command::Calendars => list::calendars(&client, &printer).await,
        Command::Completions { .. } | Command::Man { .. } => Ok(()),
    }
}

/// Prints the manual page of the program or of one of its commands.
fn manual(name: Option<&str>) -> Result<()> {
    let mut program = Cli::command();
    program.build();
    let command = match name {
        Some(name) => {
            program.find_subcommand(name).with_context(|| format!("there is no command {name}"))?
        }
        None => &program,
    };
    Ok(clap_mangen::Man::new(command.clone()).render(&mut io::stdout())?)
}

/// A client of the service, with the key in the environment. There is no option for the key, because other users can see the
/// command line.
fn client(arguments: &CommonArgs) -> Result<Client> {
    let mut builder = Client::builder(&arguments.url)
        .key_from_env()
        .user_agent(concat!("orders-cli/", env!("CARGO_PKG_VERSION")));
    if let Some(path) = &arguments.ca_file {
        let pem = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        builder = builder.root_certificate(pem);
    }
    builder.build().context("cannot use --url or ORDERS_KEY")
}

/// Checks that a calendar and a service exist. The list of an unknown one is empty, as that of one without orders.
///
/// # Errors
/// If one does not exist, or the service does not answer.
async fn check_exist(
    client: &Client,
    calendar: Option<&CalendarId>,
    service: Option<&ServiceId>,
) -> Result<()> {
    if let Some(calendar) = calendar {
        client.calendar(calendar).await?;
    }
    if let Some(service) = service {
        client.service(service).await?;
    }
    Ok(())
}

/// The present time.
fn now() -> Timestamp {
    let since_1970 = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    let micros = i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(micros).unwrap_or(Timestamp::MAX)
}
