//! An import that is under way: [`Transfer`].

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use futures_util::{Stream, stream};
use orders_client::{Client, Import, ImportLine, ImportResult};
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::input::Input;
use super::lines::{Line, read_lines};
use super::rejected::RejectedFile;
use super::summary::ImportSummary;
use crate::interrupt::{Interrupted, Interrupts};
use crate::progress::Progress;

/// How many lines wait to be sent, at most.
const WAITING_LINES: usize = 512;

/// How long an interrupted import waits for the answers to the lines that were sent.
const GRACE: Duration = Duration::from_secs(5);

/// What to do about lines that are not answered.
const IMPORT_AGAIN: &str =
    "Import them again: an order that has an id and exists already is rejected as id-taken";

/// An import that is under way, and what has come of it so far.
pub(super) struct Transfer {
    /// The lines that were sent and are not answered yet.
    unanswered: Unanswered,
    last_answered: Option<u64>,
    pub(super) summary: ImportSummary,
    pub(super) rejected: Option<RejectedFile>,
    pub(super) progress: Progress,
}

#[derive(Clone, Default)]
struct Unanswered(Arc<Mutex<VecDeque<Line>>>);

impl Unanswered {
    /// The lines are consistent whenever they are unlocked.
    fn lock(&self) -> MutexGuard<'_, VecDeque<Line>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transfer {
    pub(super) fn new(rejected: Option<RejectedFile>) -> Self {
        Self {
            unanswered: Unanswered::default(),
            last_answered: None,
            summary: ImportSummary::default(),
            rejected,
            progress: Progress::hidden(),
        }
    }

    /// Sends all lines and receives the answers. After an interrupt it sends no more lines, and waits for the answers
    /// to those that were sent, for [`GRACE`] or until the next interrupt.
    pub(super) async fn run(&mut self, client: &Client, input: Input) -> Result<()> {
        let mut interrupts = Interrupts::listen()?;
        self.progress = Progress::new(input.length());
        let (sender, lines) = mpsc::channel(WAITING_LINES);
        // Joined only when it has ended, because a read of the input may block for ever.
        let reader = thread::spawn(move || read_lines(input, &sender));
        let stop = CancellationToken::new();
        let mut import = client.import(send(lines, self.unanswered.clone(), stop.clone()));
        tokio::select! {
            result = self.receive(&mut import) => {
                result?;
                let read = reader.join().map_err(|_| anyhow!("the reader failed"))?;
                return read.context(match self.last_answered {
                    Some(_) => "cannot read on; what came before was sent",
                    None => "cannot read the input",
                });
            }
            () = interrupts.next() => stop.cancel(),
        }
        let waiting = self.unanswered.lock().len();
        if waiting > 0 {
            self.progress.print_above(&format!(
                "interrupted; waiting up to {GRACE:?} for the answers to {waiting} lines (interrupt again to end now)"
            ));
            tokio::select! {
                result = self.receive(&mut import) => result?,
                () = interrupts.next() => {}
                () = sleep(GRACE) => {}
            }
        }
        Err(self.interrupted())
    }

    async fn receive(&mut self, import: &mut Import) -> Result<()> {
        while let Some(result) = import.try_next().await? {
            self.record(result)?;
        }
        Ok(())
    }

    /// Records the answer to the first line that is not answered yet.
    fn record(&mut self, result: ImportResult) -> Result<()> {
        let line = self.unanswered.lock().pop_front();
        let line =
            line.ok_or_else(|| anyhow!("the service answers more lines than it was sent"))?;
        self.last_answered = Some(line.number);
        self.progress.add(1, line.text.len() as u64 + 1);
        match result.result {
            Ok(_) => self.summary.add_booked(),
            Err(error) => {
                self.summary.add_rejected(line.number, &error);
                if let Some(file) = &mut self.rejected {
                    // Not as its source: it is not the output of the program that is closed.
                    file.write(&line, &error).map_err(|error| {
                        anyhow!("cannot write the rejected lines: {error}; the import is not complete. {IMPORT_AGAIN}")
                    })?;
                }
            }
        }
        Ok(())
    }

    /// The error of an interrupted import, with what its user has to know.
    fn interrupted(&self) -> anyhow::Error {
        let unanswered = self.unanswered.lock();
        let message = match (unanswered.front(), unanswered.back(), self.last_answered) {
            (Some(first), Some(last), _) => format!(
                "{} lines that were sent, from line {} to line {}, are not answered and may be booked; those after \
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

/// The lines as they are read, until `stop`. Those that were sent are added to `unanswered`.
fn send(
    lines: mpsc::Receiver<Line>,
    unanswered: Unanswered,
    stop: CancellationToken,
) -> impl Stream<Item = ImportLine> + Send + 'static {
    stream::unfold((lines, unanswered, stop), async |(mut lines, unanswered, stop)| {
        loop {
            let line = stop.run_until_cancelled(lines.recv()).await??;
            // OK because a line that was read is one line that is not blank.
            let Ok(sent) = ImportLine::json(&line.text) else { continue };
            unanswered.lock().push_back(line);
            return Some((sent, (lines, unanswered, stop)));
        }
    })
}
