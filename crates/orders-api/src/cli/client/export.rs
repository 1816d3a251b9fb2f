//! `orders-api export`

use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::path::PathBuf;

use actix_web::rt::System;
use actix_web::web::Bytes;
use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::header::ACCEPT;
use hyper::{Request, Response};
use orders_core::{CalendarId, InvalidReference, Reference, ServiceId, Timestamp};

use super::connection::Connection;
use super::interrupt::{Interrupted, Interrupts};
use super::output::Output;
use super::progress::Progress;
use super::{ServiceArgs, ServiceUrl};
use crate::http::ndjson::NDJSON;
use crate::http::query::query_text;

/// Which orders are exported, and where to.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ExportArgs {
    /// Only the orders of this calendar
    #[arg(long, value_name = "ID")]
    pub calendar: Option<CalendarId>,
    /// Only the orders that contain this service
    #[arg(long, value_name = "ID")]
    pub service: Option<ServiceId>,
    /// Only the orders with this reference
    #[arg(long, value_name = "TEXT", value_parser = reference)]
    pub reference: Option<Reference>,
    /// Only the orders at this time or later, as 2022-11-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    pub from: Option<Timestamp>,
    /// Only the orders before this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<Timestamp>,
    /// The order of the lines by time
    #[arg(long, value_enum, default_value = "asc")]
    pub order: SortOrder,
    /// The file to write, which appears only when it is complete; standard output by default
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Overwrite the file if it exists
    #[arg(long)]
    pub force: bool,
    /// Which service is used.
    #[command(flatten)]
    pub service_args: ServiceArgs,
}

/// How exported orders are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SortOrder {
    /// Earliest first
    Asc,
    /// Latest first
    Desc,
}

/// Exports the orders, one per line.
pub(super) fn run(arguments: &ExportArgs) -> Result<()> {
    let output = match &arguments.output {
        None => Output::stdout(),
        Some(path) => {
            Output::open(path, arguments.force).with_context(|| cannot_write(arguments))?
        }
    };
    let is_file = matches!(output, Output::File { .. });
    let result = System::new().block_on(async {
        // A stream needs no clean-up, and writing to it may block. So an interrupt ends the process by itself.
        if !is_file {
            return export(arguments, output).await;
        }
        let mut interrupts = Interrupts::listen()?;
        tokio::select! {
            result = export(arguments, output) => result,
            () = interrupts.next() => Err(Interrupted("nothing was written".to_owned()).into()),
        }
    });
    match result {
        // The reader of our output, such as `head`, needs no more of it.
        Err(error) if is_broken_pipe(&error) => Ok(()),
        result => result,
    }
}

fn cannot_write(arguments: &ExportArgs) -> String {
    let path = arguments.output.as_ref();
    let name = path.map_or("standard output".into(), |path| path.to_string_lossy());
    format!("cannot write {name}")
}

async fn export(arguments: &ExportArgs, mut output: Output) -> Result<()> {
    let cannot_write = || cannot_write(arguments);
    let url = &arguments.service_args.url;
    // The list of an unknown calendar or service is empty, as that of one without orders.
    if let Some(calendar) = &arguments.calendar {
        check_exists(url, &format!("/calendars/{calendar}")).await?;
    }
    if let Some(service) = &arguments.service {
        check_exists(url, &format!("/services/{service}")).await?;
    }
    let mut body = get(url, &target(arguments), NDJSON).await?.into_body();
    // If the orders are on the terminal, there is no place for the progress.
    let is_hidden = arguments.output.is_none() && io::stdout().is_terminal();
    let progress = if is_hidden { Progress::hidden() } else { Progress::new(None) };
    while let Some(frame) = body.frame().await {
        let frame = frame.inspect_err(|_| progress.end());
        let frame = frame.context("the service broke off; these are not all orders")?;
        if let Some(bytes) = frame.data_ref() {
            output.write_all(bytes).with_context(cannot_write)?;
            let lines = bytes.iter().filter(|&&byte| byte == b'\n').count();
            progress.add(lines as u64, bytes.len() as u64);
        }
    }
    progress.end();
    output.finish().with_context(cannot_write)
}

/// # Errors
/// With the service's problem if nothing exists at that path.
async fn check_exists(url: &ServiceUrl, path: &str) -> Result<()> {
    get(url, path, "application/json").await.map(drop)
}

async fn get(url: &ServiceUrl, target: &str, accept: &str) -> Result<Response<Incoming>> {
    let request = Request::get(target).header(ACCEPT, accept).body(Empty::<Bytes>::new())?;
    Connection::open(url).await?.send(request).await
}

fn reference(text: &str) -> Result<Reference, InvalidReference> {
    Reference::new(text)
}

/// The list with the filters. Ids and timestamps need no percent-encoding.
fn target(arguments: &ExportArgs) -> String {
    let mut target = match arguments.order {
        SortOrder::Asc => "/orders?order=asc".to_owned(),
        SortOrder::Desc => "/orders?order=desc".to_owned(),
    };
    let mut add_filter = |name: &str, value: Option<String>| {
        target.extend(value.map(|value| format!("&{name}={value}")));
    };
    add_filter("calendar", arguments.calendar.as_ref().map(ToString::to_string));
    add_filter("service", arguments.service.as_ref().map(ToString::to_string));
    add_filter("reference", arguments.reference.as_ref().map(query_text));
    add_filter("from", arguments.from.map(|from| from.to_string()));
    add_filter("to", arguments.to.map(|to| to.to_string()));
    target
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
