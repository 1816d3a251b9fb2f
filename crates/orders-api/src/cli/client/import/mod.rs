//! `orders-api import`
//!
//! Lines go out and answers come in at the same time: a service answers as it reads, and would wait for a
//! client that only sends.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use actix_web::rt::System;
use actix_web::rt::time::{sleep, timeout};
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
use tokio::sync::oneshot;

use super::connection::Connection;
use super::input::Input;
use super::interrupt::{Interrupted, Interrupts};
use super::lines::{Line, read_lines};
use super::output::Existing;
use super::progress::Progress;
use super::refused::RefusedFile;
use super::tally::Tally;
use super::{ServiceArgs, say};
use crate::http::ndjson::NDJSON;

/// How many portions of lines wait to be sent.
const WAITING: usize = 4;

/// How long there may be nothing to send before a blank line, which means nothing, tells that we are alive.
const SILENCE: Duration = Duration::from_secs(5);

/// The type of the problem that answers no line, but says that no more lines are read.
const IMPORT_STOPPED: &str = "/problems/import-stopped";

/// How long the answers to lines that were sent are waited for after an interrupt.
const GRACE: Duration = Duration::from_secs(5);

/// What to do about lines that may be placed.
const IMPORT_AGAIN: &str =
    "Import them again: an order that has an id and is there already is refused as id-taken";

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
        last_answered: None,
    };
    let input = Input::open(&arguments.file)?;
    let done = System::new().block_on(import.run(&arguments.service, input));
    import.progress.end();
    let is_interrupted = done.as_ref().is_err_and(anyhow::Error::is::<Interrupted>);
    let has_answers = done.is_ok() || !import.tally.is_empty();
    if has_answers || is_interrupted {
        say(&import.tally.to_string());
    }
    let written = match import.refused {
        Some(file) if has_answers => file.finish().context("cannot write the refused lines"),
        Some(_) | None => Ok(()),
    };
    done?;
    written?;
    Ok(import.tally.nothing_refused())
}

struct Import {
    /// The lines that are not answered yet.
    sent: Rc<RefCell<VecDeque<Line>>>,
    tally: Tally,
    refused: Option<RefusedFile>,
    progress: Progress,
    /// The number of the line that was answered last.
    last_answered: Option<u64>,
}

/// What of the input was sent.
#[derive(PartialEq, Eq)]
enum Sent {
    Everything,
    /// What came before the import was stopped.
    Some,
}

impl Import {
    /// Places all lines, until the user stops it. Then no more are sent, and those that were are still answered for
    /// [`GRACE`], or until the user interrupts again.
    async fn run(&mut self, service: &ServiceArgs, input: Input) -> Result<()> {
        let mut interrupts = Interrupts::listen()?;
        let connection = tokio::select! {
            connection = Connection::open(&service.url) => connection?,
            () = interrupts.next() => return Err(self.interrupted().into()),
        };
        self.progress = Progress::new(input.length());
        let (notes, unanswered) = (self.progress.notes(), Rc::clone(&self.sent));
        let (stop, stopped) = oneshot::channel();
        {
            let mut exchange = pin!(self.exchange(connection, input, stopped));
            tokio::select! {
                ended = &mut exchange => return ended.map(drop),
                () = interrupts.next() => drop(stop),
            }
            let waiting = unanswered.borrow().len();
            if waiting > 0 {
                notes.say(&format!(
                    "interrupted; waiting up to {GRACE:?} for the answers to {waiting} lines (interrupt again to end now)"
                ));
                tokio::select! {
                    ended = &mut exchange => if ended? == Sent::Everything { return Ok(()) },
                    () = interrupts.next() => {}
                    () = sleep(GRACE) => {}
                }
            }
        }
        Err(self.interrupted().into())
    }

    /// What the user has to know who stopped the import.
    fn interrupted(&self) -> Interrupted {
        let sent = self.sent.borrow();
        Interrupted(match (sent.front(), sent.back(), self.last_answered) {
            (Some(first), Some(last), _) => format!(
                "{} lines that were sent, from line {} to line {}, are not answered and may be placed; those after \
                 were not sent. {IMPORT_AGAIN}",
                sent.len(),
                first.number,
                last.number,
            ),
            (.., Some(last)) => {
                format!("all lines up to line {last} are answered; no others were sent")
            }
            (.., None) => "no line was sent".to_owned(),
        })
    }

    async fn exchange(
        &mut self,
        connection: Connection<Channel<Bytes>>,
        input: Input,
        stopped: oneshot::Receiver<()>,
    ) -> Result<Sent> {
        let (portions, lines) = mpsc::channel(WAITING);
        // Reading may block, so it has a thread; which may wait for input for ever, so nobody waits for it.
        thread::spawn(move || read_lines(input, &portions));
        let (body, sent) = Channel::new(WAITING);
        let sending = actix_web::rt::spawn(send(lines, body, Rc::clone(&self.sent), stopped));
        let request = Request::post("/orders/import").header(CONTENT_TYPE, NDJSON).body(sent)?;
        let answered = match connection.send(request).await {
            Ok(answer) => self.receive(answer.into_body()).await,
            Err(error) => Err(error),
        };
        // A broken connection is told by both ends of it, and better by the one that reads.
        answered?;
        let sent = sending.await.context("the sender failed")??;
        match self.sent.borrow().len() {
            0 => Ok(sent),
            some => bail!("the service left {some} lines unanswered"),
        }
    }

    /// Takes the answers, line by line.
    async fn receive(&mut self, mut body: Incoming) -> Result<()> {
        let mut pending = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.with_context(|| {
                format!(
                    "the service broke off; what was answered is placed, and what was not may be. {IMPORT_AGAIN}"
                )
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
        self.last_answered = Some(line.number);
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
    mut stopped: oneshot::Receiver<()>,
) -> Result<Sent> {
    let mut has_sent = false;
    loop {
        let next = tokio::select! {
            next = timeout(SILENCE, lines.recv()) => next,
            _ = &mut stopped => return Ok(Sent::Some),
        };
        let portion = match next {
            Ok(Some(portion)) => portion.context(match has_sent {
                true => "cannot read on; what came before was sent",
                false => "cannot read the input",
            })?,
            Ok(None) => return Ok(Sent::Everything),
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
        let count = portion.len();
        sent.borrow_mut().extend(portion);
        tokio::select! {
            // Also when it is stopped at that moment, so that what was sent is known.
            biased;
            passed = body.send_data(bytes.into()) => if passed.is_err() {
                // The answer tells why.
                return Ok(Sent::Some);
            },
            _ = &mut stopped => {
                // These were not sent, so they are not answered either.
                let mut sent = sent.borrow_mut();
                let kept = sent.len().saturating_sub(count);
                sent.truncate(kept);
                return Ok(Sent::Some);
            }
        }
    }
}
