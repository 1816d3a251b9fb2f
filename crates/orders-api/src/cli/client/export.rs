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
use orders_core::{CalendarId, ServiceId, Timestamp};

use super::connection::Connection;
use super::interrupt::{Interrupted, Interrupts};
use super::output::{Existing, Output};
use super::progress::Progress;
use super::{ServiceArgs, ServiceUrl};
use crate::http::ndjson::NDJSON;

/// Which orders are written, and where to.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ExportArgs {
    /// Only the orders of this calendar
    #[arg(long, value_name = "ID")]
    pub calendar: Option<CalendarId>,
    /// Only the orders that name this service
    #[arg(long, value_name = "ID")]
    pub service: Option<ServiceId>,
    /// Only the orders at this time or later, as 2022-11-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    pub from: Option<Timestamp>,
    /// Only the orders before this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<Timestamp>,
    /// Earliest or latest first
    #[arg(long, value_enum, default_value = "asc")]
    pub order: Wanted,
    /// The file to write, which is there only when it is whole; standard output unless given
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Overwrite the file if it exists
    #[arg(long)]
    pub force: bool,
    /// The service
    #[command(flatten)]
    pub service_args: ServiceArgs,
}

/// Which way the orders come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Wanted {
    /// Earliest first
    Asc,
    /// Latest first
    Desc,
}

/// Writes all orders that are wanted, one a line.
pub(super) fn run(arguments: &ExportArgs) -> Result<()> {
    let output = match &arguments.output {
        None => Output::Standard,
        Some(path) => Output::open(path, Existing::forced(arguments.force))
            .with_context(|| cannot_write(arguments))?,
    };
    let is_file = matches!(output, Output::New { .. });
    let exported = System::new().block_on(async {
        // Without a file there is nothing to clean up, and writing may block, so the system ends the process then.
        if !is_file {
            return export(arguments, output).await;
        }
        let mut interrupts = Interrupts::listen()?;
        tokio::select! {
            exported = export(arguments, output) => exported,
            () = interrupts.next() => Err(Interrupted("nothing was written".to_owned()).into()),
        }
    });
    match exported {
        // Whoever reads has seen enough.
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
    // A list of an unknown calendar or service is empty, and would look like one without orders.
    if let Some(calendar) = &arguments.calendar {
        must_exist(url, &format!("/calendars/{calendar}")).await?;
    }
    if let Some(service) = &arguments.service {
        must_exist(url, &format!("/services/{service}")).await?;
    }
    let answer = get(url, &target(arguments), NDJSON).await?;
    let mut body = answer.into_body();
    let mut progress = match output {
        // The orders themselves are on the terminal.
        Output::Standard if io::stdout().is_terminal() => Progress::hidden(),
        _ => Progress::new(None),
    };
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
/// In the words of the service if it has nothing at that path.
async fn must_exist(url: &ServiceUrl, path: &str) -> Result<()> {
    get(url, path, "application/json").await.map(drop)
}

async fn get(url: &ServiceUrl, target: &str, accept: &str) -> Result<Response<Incoming>> {
    let request = Request::get(target).header(ACCEPT, accept).body(Empty::<Bytes>::new())?;
    Connection::open(url).await?.send(request).await
}

/// Nothing here needs escaping, as in the links of lists.
fn target(arguments: &ExportArgs) -> String {
    let mut target = match arguments.order {
        Wanted::Asc => "/orders?order=asc".to_owned(),
        Wanted::Desc => "/orders?order=desc".to_owned(),
    };
    let mut say = |name: &str, value: Option<String>| {
        target.extend(value.map(|value| format!("&{name}={value}")));
    };
    say("calendar", arguments.calendar.as_ref().map(ToString::to_string));
    say("service", arguments.service.as_ref().map(ToString::to_string));
    say("from", arguments.from.map(|from| from.to_string()));
    say("to", arguments.to.map(|to| to.to_string()));
    target
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
