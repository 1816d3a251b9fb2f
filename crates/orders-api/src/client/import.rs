//! `orders-api import`
//!
//! Lines go out and answers come in at the same time: a service answers as it reads, and would wait for a
//! client that only sends.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use actix_web::rt::System;
use actix_web::rt::time::timeout;
use actix_web::web::Bytes;
use anyhow::{Context as _, Result, anyhow, bail};
use clap::Args;
use http_body_util::BodyExt as _;
use http_body_util::channel::{self, Channel};
use hyper::Request;
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use serde::Deserialize;
use tokio::sync::mpsc::{self, Receiver};

use super::connection::Connection;
use super::input::Input;
use super::lines::{Line, read_lines};
use super::output::Existing;
use super::progress::Progress;
use super::refused::RefusedFile;
use super::tally::Tally;
use super::{ServiceArgs, say};
use crate::ndjson::NDJSON;

/// How many portions of lines wait to be sent.
const WAITING: usize = 4;

/// How long there may be nothing to send before a blank line, which means nothing, tells that we are alive.
const SILENCE: Duration = Duration::from_secs(5);

/// The type of the problem that answers no line, but says that no more lines are read.
const IMPORT_STOPPED: &str = "/problems/import-stopped";

/// Which orders are placed.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ImportArgs {
    /// The orders, one a line as JSON; - is standard input
    #[arg(value_name = "FILE|-")]
    pub file: PathBuf,
    /// Write the refused lines and why to this file, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub refused: Option<PathBuf>,
    /// Overwrite the file of --refused if it exists
    #[arg(long)]
    pub force: bool,
    /// The service
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// What a service answers to a line: the id of what was placed, or a problem.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    r#type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    detail: Option<Cow<'a, str>>,
}

/// Places all orders that can be placed, and tells whether these were all.
pub(super) fn run(arguments: &ImportArgs) -> Result<bool> {
    let refused = arguments.refused.as_deref().map(|path| {
        RefusedFile::create(path, Existing::forced(arguments.force))
            .with_context(|| format!("cannot write {}", path.display()))
    });
    let mut import = Import {
        sent: Rc::default(),
        tally: Tally::default(),
        refused: refused.transpose()?,
        progress: Progress::hidden(),
    };
    let input = Input::open(&arguments.file)?;
    let done = System::new().block_on(import.run(&arguments.service, input));
    import.progress.end();
    if done.is_err() && import.tally.is_empty() {
        // Nothing was answered, so there is nothing to write either.
        return done.map(|()| false);
    }
    say(&import.tally.to_string());
    let written = import.refused.map_or(Ok(()), RefusedFile::finish);
    done?;
    written.context("cannot write the refused lines")?;
    Ok(import.tally.nothing_refused())
}

struct Import {
    /// The lines that are not answered yet.
    sent: Rc<RefCell<VecDeque<Line>>>,
    tally: Tally,
    refused: Option<RefusedFile>,
    progress: Progress,
}

impl Import {
    async fn run(&mut self, service: &ServiceArgs, input: Input) -> Result<()> {
        let connection = Connection::open(&service.url).await?;
        self.progress = Progress::new(input.length());
        let (portions, lines) = mpsc::channel(WAITING);
        // Reading may block, so it has a thread; which may wait for input for ever, so nobody waits for it.
        thread::spawn(move || read_lines(input, &portions));
        let (body, sent) = Channel::new(WAITING);
        let sending = actix_web::rt::spawn(send(lines, body, Rc::clone(&self.sent)));
        let request = Request::post("/orders/import").header(CONTENT_TYPE, NDJSON).body(sent)?;
        let answered = match connection.send(request).await {
            Ok(answer) => self.receive(answer.into_body()).await,
            Err(error) => Err(error),
        };
        // A broken connection is told by both ends of it, and better by the one that reads.
        answered?;
        sending.await.context("the sender failed")??;
        match self.sent.borrow().len() {
            0 => Ok(()),
            some => bail!("the service left {some} lines unanswered"),
        }
    }

    /// Takes the answers, line by line.
    async fn receive(&mut self, mut body: Incoming) -> Result<()> {
        let mut pending = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.with_context(|| {
                "the service broke off; what was answered is placed, and what was not may be. Import it again: \
                 an order that has an id and is there already is refused as id-taken"
            })?;
            let Some(bytes) = frame.data_ref() else { continue };
            pending.extend_from_slice(bytes);
            let mut rest = pending.as_slice();
            while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
                self.answered(&rest[..end])?;
                rest = &rest[end + 1..];
            }
            let left = rest.len();
            pending.drain(..pending.len() - left);
        }
        Ok(())
    }

    fn answered(&mut self, answer: &[u8]) -> Result<()> {
        let Answer { r#type, detail } =
            serde_json::from_slice(answer).context("the service answered what is no answer")?;
        let detail = detail.unwrap_or_default();
        if r#type.as_deref() == Some(IMPORT_STOPPED) {
            bail!(
                "the service gave up: {detail}. Import everything again when it is ready: an order that has an id \
                 and was placed is refused as id-taken"
            );
        }
        let line = self.sent.borrow_mut().pop_front();
        let line = line.ok_or_else(|| anyhow!("the service gave up: {detail}"))?;
        self.progress.add(1, line.text.len() as u64 + 1);
        let Some(kind) = r#type else {
            self.tally.placed();
            return Ok(());
        };
        self.tally.refused(line.number, kind.trim_start_matches("/problems/"), &detail);
        if let Some(file) = &mut self.refused {
            file.write(&line, answer).context("cannot write the refused lines")?;
        }
        Ok(())
    }
}

/// Sends lines as they come, and keeps them until they are answered.
async fn send(
    mut lines: Receiver<io::Result<Vec<Line>>>,
    mut body: channel::Sender<Bytes>,
    sent: Rc<RefCell<VecDeque<Line>>>,
) -> Result<()> {
    let mut has_sent = false;
    loop {
        let portion = match timeout(SILENCE, lines.recv()).await {
            Ok(Some(portion)) => portion.context(match has_sent {
                true => "cannot read on; what came before was sent",
                false => "cannot read the input",
            })?,
            Ok(None) => return Ok(()),
            Err(_) => Vec::new(),
        };
        let mut bytes = Vec::new();
        for line in &portion {
            bytes.extend_from_slice(&line.text);
            bytes.push(b'\n');
        }
        if portion.is_empty() {
            bytes.push(b'\n');
        }
        has_sent |= !portion.is_empty();
        sent.borrow_mut().extend(portion);
        if body.send_data(bytes.into()).await.is_err() {
            // The answer tells why.
            return Ok(());
        }
    }
}
