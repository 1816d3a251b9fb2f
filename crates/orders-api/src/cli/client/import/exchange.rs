//! The request of an import and its response: [`Exchange`].
//!
//! Lines are sent while answers are received. The service answers while it reads, and stops reading if the client does
//! not take the answers.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use actix_web::rt::spawn;
use actix_web::rt::time::{sleep, timeout};
use actix_web::web::Bytes;
use anyhow::{Context as _, Result, anyhow, bail};
use http_body_util::BodyExt as _;
use http_body_util::channel::{Channel, Sender};
use hyper::Request;
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use serde::Deserialize;
use tokio::io::AsyncBufReadExt as _;
use tokio::sync::mpsc::{self, Receiver};
use tokio_util::io::StreamReader;
use tokio_util::sync::CancellationToken;

use super::input::Input;
use super::lines::{Line, read_lines};
use super::rejected::RejectedFile;
use super::summary::ImportSummary;
use crate::cli::client::ServiceUrl;
use crate::cli::client::connection::Connection;
use crate::cli::client::interrupt::{Interrupted, Interrupts};
use crate::cli::client::progress::Progress;
use crate::http::ndjson::NDJSON;

/// How many lines are sent as one chunk, at most. So many may also wait to be sent.
const CHUNK_LINES: usize = 512;

/// How many chunks wait for the connection, at most.
const WAITING_CHUNKS: usize = 4;

/// After so long without input a blank line is sent, so that the service does not take the client for dead.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How long an interrupted import waits for the answers to the lines that were sent.
const GRACE: Duration = Duration::from_secs(5);

/// The type of the problem that answers no line, but says that no more lines are read.
const IMPORT_STOPPED: &str = "/problems/import-stopped";

/// What to do about lines that are not answered.
const IMPORT_AGAIN: &str =
    "Import them again: an order that has an id and exists already is refused as id-taken";

/// An import that is under way, and what has come of it so far.
pub(super) struct Exchange {
    /// The lines that were sent and are not answered yet.
    unanswered: Rc<RefCell<VecDeque<Line>>>,
    last_answered: Option<u64>,
    pub(super) summary: ImportSummary,
    pub(super) rejected: Option<RejectedFile>,
    pub(super) progress: Progress,
}

/// The service's answer to a line: a placed order, or a problem if it has a type.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    r#type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    detail: Option<Cow<'a, str>>,
}

impl Exchange {
    pub(super) fn new(rejected: Option<RejectedFile>) -> Self {
        Self {
            unanswered: Rc::default(),
            last_answered: None,
            summary: ImportSummary::default(),
            rejected,
            progress: Progress::hidden(),
        }
    }

    /// Sends all lines and receives the answers. After an interrupt it sends no more lines, and waits for the answers
    /// to those that were sent, for [`GRACE`] or until the next interrupt.
    pub(super) async fn run(&mut self, url: &ServiceUrl, input: Input) -> Result<()> {
        let mut interrupts = Interrupts::listen()?;
        let connection = tokio::select! {
            connection = Connection::open(url) => connection?,
            () = interrupts.next() => return Err(self.interrupted()),
        };
        self.progress = Progress::new(input.length());
        let (progress, unanswered) = (self.progress.clone(), Rc::clone(&self.unanswered));
        let stop = CancellationToken::new();
        {
            let mut transfer = pin!(self.transfer(connection, input, stop.clone()));
            tokio::select! {
                result = &mut transfer => return result,
                () = interrupts.next() => stop.cancel(),
            }
            let waiting = unanswered.borrow().len();
            if waiting > 0 {
                progress.print_above(&format!(
                    "interrupted; waiting up to {GRACE:?} for the answers to {waiting} lines (interrupt again to end now)"
                ));
                tokio::select! {
                    result = &mut transfer => return result,
                    () = interrupts.next() => {}
                    () = sleep(GRACE) => {}
                }
            }
        }
        Err(self.interrupted())
    }

    async fn transfer(
        &mut self,
        connection: Connection<Channel<Bytes>>,
        input: Input,
        stop: CancellationToken,
    ) -> Result<()> {
        let (sender, lines) = mpsc::channel(CHUNK_LINES);
        // Joined only when it has ended, because a read of the input may block for ever.
        let reader = thread::spawn(move || read_lines(input, &sender));
        let (chunks, body) = Channel::new(WAITING_CHUNKS);
        let request = Request::post("/orders/import").header(CONTENT_TYPE, NDJSON).body(body)?;
        let sending = spawn(send(lines, chunks, Rc::clone(&self.unanswered), stop.clone()));
        let response = connection.send(request).await?;
        // Before the result of sending: if the connection breaks, the error on this side says more.
        self.receive(response.into_body()).await?;
        let all_sent = sending.await.context("the sender failed")?;
        match self.unanswered.borrow().len() {
            0 if all_sent => {
                let result = reader.join().map_err(|_| anyhow!("the reader failed"))?;
                result.context(match self.last_answered {
                    Some(_) => "cannot read on; what came before was sent",
                    None => "cannot read the input",
                })
            }
            0 if stop.is_cancelled() => Err(self.interrupted()),
            0 => bail!("the service did not read all lines"),
            some => bail!("the service left {some} lines unanswered"),
        }
    }

    async fn receive(&mut self, body: Incoming) -> Result<()> {
        let body = body.map_err(io::Error::other).into_data_stream();
        let mut answers = StreamReader::new(body).lines();
        while let Some(answer) = answers.next_line().await.with_context(|| {
            format!("the service broke off; what was answered is placed, and what was not may be. {IMPORT_AGAIN}")
        })? {
            self.record(&answer)?;
        }
        Ok(())
    }

    /// Records the answer to the first line that is not answered yet.
    fn record(&mut self, answer: &str) -> Result<()> {
        let Answer { r#type, detail } =
            serde_json::from_str(answer).context("the service sent an answer that is not one")?;
        let detail = detail.unwrap_or_default();
        if r#type.as_deref() == Some(IMPORT_STOPPED) {
            bail!(
                "the service gave up: {detail}. Import everything again when it is ready: an order that has an id \
                 and was placed is refused as id-taken"
            );
        }
        let line = self.unanswered.borrow_mut().pop_front();
        let line = line.ok_or_else(|| anyhow!("the service gave up: {detail}"))?;
        self.last_answered = Some(line.number);
        self.progress.add(1, line.text.len() as u64 + 1);
        let Some(problem_type) = r#type else {
            self.summary.add_placed();
            return Ok(());
        };
        let problem_type = problem_type.trim_start_matches("/problems/");
        self.summary.add_rejected(line.number, problem_type, &detail);
        if let Some(file) = &mut self.rejected {
            file.write(&line, answer).context("cannot write the rejected lines")?;
        }
        Ok(())
    }

    /// The error of an interrupted import, with what its user has to know.
    fn interrupted(&self) -> anyhow::Error {
        let unanswered = self.unanswered.borrow();
        let message = match (unanswered.front(), unanswered.back(), self.last_answered) {
            (Some(first), Some(last), _) => format!(
                "{} lines that were sent, from line {} to line {}, are not answered and may be placed; those after \
                 were not sent. {IMPORT_AGAIN}",
                unanswered.len(),
                first.number,
                last.number,
            ),
            (.., Some(last)) => {
                format!("all lines up to line {last} are answered; no others were sent")
            }
            (.., None) => "no line was sent".to_owned(),
        };
        Interrupted(message).into()
    }
}

/// Sends lines as soon as they were read. Returns whether it sent all; it does not after `stop`, or if the service reads
/// no more.
async fn send(
    mut lines: Receiver<Line>,
    mut chunks: Sender<Bytes>,
    unanswered: Rc<RefCell<VecDeque<Line>>>,
    stop: CancellationToken,
) -> bool {
    loop {
        let mut read = Vec::new();
        let receive = timeout(HEARTBEAT, lines.recv_many(&mut read, CHUNK_LINES));
        match stop.run_until_cancelled(receive).await {
            None => return false,
            Some(Ok(0)) => return true,
            Some(Ok(_) | Err(_)) => {}
        }
        let mut chunk = Vec::new();
        for line in &read {
            chunk.extend_from_slice(&line.text);
            chunk.push(b'\n');
        }
        if read.is_empty() {
            chunk.push(b'\n');
        }
        match stop.run_until_cancelled(chunks.send_data(chunk.into())).await {
            // In time, because sending and receiving share a thread: no answer was received in between.
            Some(Ok(())) => unanswered.borrow_mut().extend(read),
            Some(Err(_)) | None => return false,
        }
    }
}
