//! `orders-api clients`

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use anyhow::{Result, bail};
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};
use orders_core::{CalendarId, Client, ClientId, Scope};
use orders_db::PgStore;

use super::arguments::Cli;
use super::database::Database;
use super::table::print_table;

/// What is done with clients.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum ClientsCommand {
    /// Add a client, which then needs a key
    Add {
        /// The name of the client
        name: ClientId,
        /// What it may do: read, write (orders), or admin (everything)
        #[arg(long, value_name = "SCOPE")]
        scope: Scope,
        /// A calendar that it may use, once for each; all by default
        #[arg(long = "calendar", value_name = "ID")]
        calendars: Vec<CalendarId>,
        /// How many requests it may send in a second, to each instance of the service; any number by default
        #[arg(long, value_name = "NUMBER")]
        rate: Option<NonZeroU32>,
        /// What the tokens of the identity provider call it, in `client_id`, `azp` or `sub`
        #[arg(long, value_parser = NonEmptyStringValueParser::new(), value_name = "NAME")]
        subject: Option<String>,
    },
    /// Change a client; what is not given stays as it is
    Set(SetArgs),
    /// List the clients
    List,
    /// Delete a client and revoke its keys
    Remove {
        /// The name of the client
        name: ClientId,
    },
}

/// How a client is changed.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct SetArgs {
    /// The name of the client
    pub name: ClientId,
    /// What it may do: read, write (orders), or admin (everything)
    #[arg(long, value_name = "SCOPE")]
    pub scope: Option<Scope>,
    /// A calendar that it may use, once for each, instead of those before
    #[arg(long = "calendar", value_name = "ID")]
    pub calendars: Vec<CalendarId>,
    /// Let it use all calendars
    #[arg(long, conflicts_with = "calendars")]
    pub all_calendars: bool,
    /// How many requests it may send in a second, to each instance of the service
    #[arg(long, value_name = "NUMBER")]
    pub rate: Option<NonZeroU32>,
    /// Let it send any number of requests
    #[arg(long, conflicts_with = "rate")]
    pub any_rate: bool,
    /// What the tokens of the identity provider call it, in `client_id`, `azp` or `sub`
    #[arg(long, value_parser = NonEmptyStringValueParser::new(), value_name = "NAME")]
    pub subject: Option<String>,
    /// Accept no tokens for it
    #[arg(long, conflicts_with = "subject")]
    pub no_subject: bool,
}

/// Adds, changes, lists or removes clients.
///
/// # Errors
/// If the database cannot be used, or there is no such client, or another one of this name.
pub fn clients(cli: &Cli, command: &ClientsCommand) -> Result<()> {
    Database::with_store(cli, |store| match command {
        ClientsCommand::Add { name, scope, calendars, rate, subject } => {
            let client = Client {
                id: name.clone(),
                scope: *scope,
                calendars: list(calendars),
                rate: *rate,
                subject: subject.clone(),
            };
            check_subject(&store.clients()?, &client)?;
            store.add_client(&client)?;
            log::info!("added client {name}; create a key with: orders-api keys create {name}");
            Ok(())
        }
        ClientsCommand::Set(arguments) => set(store, arguments),
        ClientsCommand::List => print_clients(&store.clients()?),
        ClientsCommand::Remove { name } => {
            store.remove_client(name)?;
            log::info!("deleted client {name} and revoked its keys");
            Ok(())
        }
    })
}

fn set(store: &PgStore, arguments: &SetArgs) -> Result<()> {
    let clients = store.clients()?;
    let Some(mut client) = clients.iter().find(|client| client.id == arguments.name).cloned()
    else {
        bail!("there is no client {}", arguments.name);
    };
    client.scope = arguments.scope.unwrap_or(client.scope);
    if arguments.all_calendars || !arguments.calendars.is_empty() {
        client.calendars = list(&arguments.calendars);
    }
    if arguments.any_rate || arguments.rate.is_some() {
        client.rate = arguments.rate;
    }
    if arguments.no_subject || arguments.subject.is_some() {
        client.subject.clone_from(&arguments.subject);
    }
    check_subject(&clients, &client)?;
    store.set_client(&client)?;
    log::info!("changed client {}", client.id);
    Ok(())
}

/// Fails with a better message than the store's if another client has the subject.
fn check_subject(clients: &[Client], changed: &Client) -> Result<()> {
    let has_subject =
        |client: &&Client| client.subject == changed.subject && client.id != changed.id;
    match (&changed.subject, clients.iter().find(has_subject)) {
        (Some(subject), Some(other)) => {
            bail!("the subject {subject} is that of client {}", other.id)
        }
        _ => Ok(()),
    }
}

/// The calendars, or `None`, which is all of them.
fn list(calendars: &[CalendarId]) -> Option<BTreeSet<CalendarId>> {
    (!calendars.is_empty()).then(|| calendars.iter().cloned().collect())
}

fn print_clients(clients: &[Client]) -> Result<()> {
    let rows = clients.iter().map(|client| {
        let calendars = client.calendars.as_ref().map_or("all".to_owned(), |calendars| {
            calendars.iter().map(CalendarId::as_str).collect::<Vec<_>>().join(",")
        });
        let rate = client.rate.map_or("any".to_owned(), |rate| format!("{rate}/s"));
        let subject = client.subject.clone().unwrap_or("-".to_owned());
        [client.id.to_string(), client.scope.to_string(), calendars, rate, subject]
    });
    print_table(["NAME", "SCOPE", "CALENDARS", "RATE", "SUBJECT"], rows)
}
