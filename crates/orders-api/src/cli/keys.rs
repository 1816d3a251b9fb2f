//! `orders-api keys`

use std::io::{self, Read as _, Write as _};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Args, Subcommand};
use orders_core::{ClientId, Timestamp};
use orders_db::{KeyInfo, PgStore};

use super::arguments::Cli;
use super::database::Database;
use super::duration::period;
use super::table::print_table;
use crate::access::key::ApiKey;
use crate::access::now;

/// The longest key that is read from standard input, in bytes.
const MAX_INPUT: u64 = 1024;

/// What is done with API keys.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum KeysCommand {
    /// Create a key of a client and print it, the only time that it is shown
    Create {
        /// The name of the client
        name: ClientId,
        /// After which time the key expires, as 30m, 24h or 90d; never by default
        #[arg(long, value_parser = period, value_name = "TIME")]
        expires: Option<Duration>,
    },
    /// List the keys of a client or of all, without the keys themselves
    List {
        /// The name of the client
        name: Option<ClientId>,
    },
    /// Create a key of a client that replaces its other keys, and print it
    Roll {
        /// The name of the client
        name: ClientId,
        /// How long the other keys remain valid, as 30m, 24h or 90d
        #[arg(long, value_parser = period, value_name = "TIME")]
        overlap: Duration,
    },
    /// Revoke a key
    Revoke(RevokeArgs),
}

/// Which key is revoked.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct RevokeArgs {
    /// The name of the client
    #[arg(required_unless_present = "key", conflicts_with = "key", requires = "ends")]
    pub name: Option<ClientId>,
    /// The last four characters of the key, as `keys list` shows them
    #[arg(long, requires = "name", value_name = "CHARACTERS")]
    pub ends: Option<String>,
    /// The key itself, from standard input
    #[arg(long, value_name = "-", value_parser = ["-"])]
    pub key: Option<String>,
}

/// Creates, lists or revokes keys.
///
/// # Errors
/// If the database cannot be used, or there is no such client or key.
pub fn keys(cli: &Cli, command: &KeysCommand) -> Result<()> {
    Database::with_store(cli, |store| match command {
        KeysCommand::Create { name, expires } => {
            let key = new_key()?;
            let expires_at = expires.map(after_now).transpose()?;
            store.add_key(name, key.hash(), key.ends(), expires_at)?;
            print_key(&key)
        }
        KeysCommand::List { name } => print_keys(&store.keys(name.as_ref())?),
        KeysCommand::Roll { name, overlap } => {
            let key = new_key()?;
            store.roll_key(name, key.hash(), key.ends(), after_now(*overlap)?)?;
            print_key(&key)
        }
        KeysCommand::Revoke(arguments) => revoke(store, arguments),
    })
}

fn revoke(store: &PgStore, arguments: &RevokeArgs) -> Result<()> {
    let revoked = match (&arguments.name, &arguments.ends) {
        (Some(name), Some(ends)) => store.revoke_keys_ending(name, ends)?,
        _ => store.revoke_key(read_key()?.hash())?.into(),
    };
    match revoked {
        0 => bail!("there is no such key that is valid"),
        1 => log::info!("revoked the key"),
        several => log::info!("revoked {several} keys"),
    }
    Ok(())
}

fn new_key() -> Result<ApiKey> {
    ApiKey::generate().map_err(|_| anyhow!("the system has no random numbers"))
}

fn read_key() -> Result<ApiKey> {
    let mut text = String::new();
    io::stdin().take(MAX_INPUT).read_to_string(&mut text).context("cannot read the key")?;
    Ok(text.trim().parse()?)
}

fn print_key(key: &ApiKey) -> Result<()> {
    writeln!(io::stdout(), "{}", key.expose()).context("cannot print the key")
}

fn print_keys(keys: &[KeyInfo]) -> Result<()> {
    let now = now();
    let shown = |at: Option<Timestamp>| at.map_or("-".to_owned(), |at| at.to_string());
    let rows = keys.iter().map(|key| {
        let state = match (key.revoked_at, key.expires_at) {
            (Some(_), _) => "revoked",
            (None, Some(end)) if end <= now => "expired",
            (None, _) => "valid",
        };
        [
            key.client.to_string(),
            format!("..{}", key.ends),
            state.to_owned(),
            key.created_at.to_string(),
            shown(key.expires_at),
            shown(key.last_used_at),
        ]
    });
    print_table(["CLIENT", "KEY", "STATE", "CREATED", "EXPIRES", "LAST USED"], rows)
}

/// The instant after this time.
fn after_now(time: Duration) -> Result<Timestamp> {
    let micros = i64::try_from(time.as_micros()).ok();
    let end = micros.and_then(|micros| now().as_micros().checked_add(micros));
    let end = end.and_then(|end| Timestamp::from_micros(end).ok());
    end.context("the key would expire after the year 9999; give a shorter time")
}
