//! The command line: [`Cli`].

use std::env;

use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;
use orders_core::{
    CalendarId, Fee, IdempotencyKey, Metadata, MetadataKey, MetadataValue, OrderId, Reference,
    ServiceId,
};

use crate::commands::export::ExportArgs;
use crate::commands::import::ImportArgs;
use crate::time::{Day, TimeText, Zone};

const URL_VARIABLE: &str = "ORDERS_URL";
const DEFAULT_URL: &str = "http://127.0.0.1:3000";
const CA_VARIABLE: &str = "ORDERS_CA_FILE";

/// The title of the options that all commands have, below their own ones in the help.
const COMMON: &str = "Common options";

/// Book, move and watch orders
///
/// Times are read and shown in your time zone. They may be written as 'tomorrow 9:00', '2026-11-24 9:00' or 2026-11-24T09:00:00+01:00.
///
/// On a terminal you see tables. In a pipe, or with --json, every result is JSON, one per line, as the service sends it.
///
/// The exit status is 0 if everything was done, 1 if the service rejected it or you said no, and 2 if it failed, so that it may or may not have been done.
#[derive(Debug, Parser)]
#[command(name = "orders", version, max_term_width = 100)]
pub(crate) struct Cli {
    /// Which service is used, and how results are printed.
    #[command(flatten)]
    pub(crate) common: CommonArgs,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What all commands have in common.
#[derive(Debug, Args)]
pub(crate) struct CommonArgs {
    /// The service. Its key, if it needs one, is in the environment variable ORDERS_KEY
    #[arg(
        long,
        env = URL_VARIABLE,
        default_value = DEFAULT_URL,
        value_name = "URL",
        value_hint = ValueHint::Url,
        global = true,
        help_heading = COMMON,
        hide_env_values = true
    )]
    pub(crate) url: String,
    /// The time zone in which times are read and shown, such as Europe/Berlin; by default that of the system
    #[arg(long, env = "ORDERS_TZ", value_name = "ZONE", global = true, help_heading = COMMON, hide_env_values = true)]
    pub(crate) tz: Option<Zone>,
    /// A file with certificates in PEM that are trusted as well as those of the system
    #[arg(
        long,
        env = CA_VARIABLE,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        global = true,
        help_heading = COMMON,
        hide_env_values = true
    )]
    pub(crate) ca_file: Option<std::path::PathBuf>,
    /// Print JSON on a terminal, too
    #[arg(long, global = true, help_heading = COMMON)]
    pub(crate) json: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the orders from today on, or of one day
    #[command(
        after_help = "Examples:\n  orders list tomorrow\n  orders list --calendar crew-01 --service testing --limit 10"
    )]
    List(ListArgs),
    /// Show when an order could start
    #[command(
        after_help = "Examples:\n  orders free friday --calendar crew-01\n  orders free --to 2026-12-24"
    )]
    Free(FreeArgs),
    /// Book an order
    ///
    /// If another order is too close, the two commands are printed that would book the nearest free times.
    #[command(
        after_help = "Examples:\n  orders book 'tomorrow 9:00' inspection testing --fee 99.95\n  orders book 2026-11-24T09:00:00+01:00 inspection --fee 100 --calendar crew-01 --reference PO-4711"
    )]
    Book(BookArgs),
    /// Move an order to another time or calendar
    #[command(after_help = "Example:\n  orders move 223 'friday 14:30'")]
    Move(MoveArgs),
    /// Cancel an order, after a question
    #[command(after_help = "Example:\n  orders cancel 223 --yes")]
    Cancel(CancelArgs),
    /// Show an order
    #[command(
        after_help = "Examples:\n  orders show 223\n  orders show 223 --at 'yesterday 12:00'"
    )]
    Show(ShowArgs),
    /// Show what happened to an order, also after it was cancelled
    #[command(after_help = "Example:\n  orders history 223")]
    History(OneOrder),
    /// Show changes of orders as they happen, until Ctrl-C
    #[command(
        after_help = "Examples:\n  orders watch --calendar crew-01\n  orders watch --after 42_1667124180123456 > changes.ndjson"
    )]
    Watch(WatchArgs),
    /// Write orders to a file or standard output as JSON, one per line
    #[command(after_help = "Example:\n  orders export --from 2026-11-01 --output orders.ndjson")]
    Export(ExportArgs),
    /// Book the orders of a file; each line is an order as JSON
    ///
    /// An interrupted import (Ctrl-C) waits a few seconds for the answers to the lines that were sent, and exits with 130; a
    /// second interrupt ends it at once.
    #[command(after_help = "Example:\n  orders import orders.ndjson --rejected rejected.ndjson")]
    Import(ImportArgs),
    /// List what can be ordered
    #[command(after_help = "Example:\n  orders services")]
    Services,
    /// List the calendars
    #[command(after_help = "Example:\n  orders calendars")]
    Calendars,
    /// Print a script with which your shell completes commands and options
    #[command(
        after_help = "Example:\n  orders completions bash > ~/.local/share/bash-completion/completions/orders"
    )]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page of the program or of a command
    #[command(after_help = "Example:\n  orders man book | man -l -")]
    Man {
        /// The command
        command: Option<String>,
    },
}

/// Which orders are listed.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only the orders on this day, such as today, friday or 2026-11-24
    #[arg(conflicts_with_all = ["from", "to"])]
    pub(crate) day: Option<Day>,
    /// What they have in common.
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// How many at most
    #[arg(long, short = 'n', default_value = "30", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// Latest first
    #[arg(long)]
    pub(crate) reverse: bool,
}

/// Which orders are meant.
#[derive(Debug, Args)]
pub(crate) struct FilterArgs {
    /// Only the orders of this calendar
    #[arg(long, short, value_name = "ID")]
    pub(crate) calendar: Option<CalendarId>,
    /// Only the orders that contain this service
    #[arg(long, short, value_name = "ID")]
    pub(crate) service: Option<ServiceId>,
    /// Only the orders with this reference
    #[arg(long, value_name = "TEXT", value_parser = reference)]
    pub(crate) reference: Option<Reference>,
    /// Only the orders at this time or later
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<TimeText>,
    /// Only the orders before this time
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<TimeText>,
}

/// Which free times are shown.
#[derive(Debug, Args)]
pub(crate) struct FreeArgs {
    /// Only this day, such as today, friday or 2026-11-24
    #[arg(conflicts_with_all = ["from", "to"])]
    pub(crate) day: Option<Day>,
    /// The calendar
    #[arg(long, short, value_name = "ID", default_value = "default")]
    pub(crate) calendar: CalendarId,
    /// Free times from this time on; by default from now
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<TimeText>,
    /// Free times before this time; by default a week later
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<TimeText>,
}

/// The order that is booked.
#[derive(Debug, Args)]
pub(crate) struct BookArgs {
    /// When it starts
    pub(crate) time: TimeText,
    /// What is ordered
    #[arg(required = true, value_name = "SERVICE")]
    pub(crate) services: Vec<ServiceId>,
    /// What it costs
    #[arg(long, short, default_value = "0")]
    pub(crate) fee: Fee,
    /// The calendar
    #[arg(long, short, value_name = "ID")]
    pub(crate) calendar: Option<CalendarId>,
    /// Its id; by default the service generates one
    #[arg(long)]
    pub(crate) id: Option<OrderId>,
    /// Its name in your own system, such as an order number
    #[arg(long, value_name = "TEXT", value_parser = reference)]
    pub(crate) reference: Option<Reference>,
    /// What else is stored with it; may be repeated
    #[arg(long = "meta", value_name = "KEY=VALUE", value_parser = metadata_entry)]
    pub(crate) metadata: Vec<(MetadataKey, MetadataValue)>,
    /// Makes it safe to repeat the booking: the same key never leads to two orders; by default a new one
    #[arg(long, value_name = "KEY", value_parser = idempotency_key)]
    pub(crate) idempotency_key: Option<IdempotencyKey>,
    /// Only check whether it could be booked
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Where an order is moved.
#[derive(Debug, Args)]
pub(crate) struct MoveArgs {
    /// The order
    pub(crate) id: OrderId,
    /// When it starts from then on
    pub(crate) time: TimeText,
    /// The new calendar
    #[arg(long, short, value_name = "ID")]
    pub(crate) calendar: Option<CalendarId>,
    /// Only if this is still its version
    #[arg(long, value_name = "VERSION")]
    pub(crate) if_version: Option<u64>,
    /// Only check whether it could be moved
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Which order is cancelled.
#[derive(Debug, Args)]
pub(crate) struct CancelArgs {
    /// The order
    pub(crate) id: OrderId,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Only if this is still its version
    #[arg(long, value_name = "VERSION")]
    pub(crate) if_version: Option<u64>,
}

/// Which order is shown.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The order
    pub(crate) id: OrderId,
    /// As it was with this version
    #[arg(long, conflicts_with = "at")]
    pub(crate) version: Option<u64>,
    /// As it was at this time
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<TimeText>,
}

/// One order.
#[derive(Debug, Args)]
pub(crate) struct OneOrder {
    /// The order
    pub(crate) id: OrderId,
}

/// Which changes are shown.
#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// Only changes of orders that are or were in this calendar
    #[arg(long, short, value_name = "ID")]
    pub(crate) calendar: Option<CalendarId>,
    /// Only changes of orders that contain or contained this service
    #[arg(long, short, value_name = "ID")]
    pub(crate) service: Option<ServiceId>,
    /// Begin after this change: the cursor of a change that you have seen; by default with the next one that is made
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<orders_core::Cursor>,
}

impl CommonArgs {
    /// The program, with the options that a later command needs to use the same service.
    pub(crate) fn program(&self) -> Vec<String> {
        let mut words = vec!["orders".to_owned()];
        let url = env::var(URL_VARIABLE).unwrap_or_else(|_| DEFAULT_URL.to_owned());
        if self.url != url {
            words.extend(["--url".to_owned(), self.url.clone()]);
        }
        if let Some(file) = self.ca_file.as_ref().map(|path| path.to_string_lossy().into_owned())
            && env::var(CA_VARIABLE).ok().as_ref() != Some(&file)
        {
            words.extend(["--ca-file".to_owned(), file]);
        }
        words
    }
}

impl BookArgs {
    /// The metadata of the order.
    ///
    /// # Errors
    /// If there are too many entries, or a key is repeated.
    pub(crate) fn metadata(&self) -> anyhow::Result<Metadata> {
        let entries: std::collections::BTreeMap<_, _> = self.metadata.iter().cloned().collect();
        anyhow::ensure!(entries.len() == self.metadata.len(), "a key of --meta is repeated");
        Ok(Metadata::new(entries)?)
    }
}

fn idempotency_key(text: &str) -> Result<IdempotencyKey, orders_core::InvalidKey> {
    IdempotencyKey::new(text)
}

fn reference(text: &str) -> Result<Reference, orders_core::InvalidReference> {
    Reference::new(text)
}

fn metadata_entry(text: &str) -> Result<(MetadataKey, MetadataValue), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE, such as gate=B")?;
    let key = MetadataKey::new(key).map_err(|error| error.to_string())?;
    let value = MetadataValue::new(value).map_err(|error| error.to_string())?;
    Ok((key, value))
}
