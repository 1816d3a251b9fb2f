//! Many orders at once: [`Import`].

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http_body_util::StreamBody;
use http_body_util::combinators::BoxBody;
use orders_core::{OrderId, Timestamp};
use reqwest::Body;
use sync_wrapper::SyncStream;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::Client;
use super::retry::{Attempt, unavailable};
use super::transport::StreamedBody;
use crate::error::{Cause, Error, ImportStopped, Unknown};
use crate::wire::{
    Effect, Failure, ImportAnswer, ImportLine, ImportOrders, Lines, Problem, Unexpected,
};

/// How many lines are sent as one chunk, at most.
const CHUNK_LINES: usize = 512;

/// After so long without an order a blank line is sent, so that the service does not take the client for dead.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// So many lines are sent without an answer, at most. The service reads far fewer before it waits for the client.
const MAX_UNANSWERED: usize = 200_000;

/// How often a body that has sent so many looks for answers.
const POLL: Duration = Duration::from_millis(10);

/// How long the orders wait for the head of the response, which the service sends before it reads them. A rejection of the
/// whole import is received reliably only while nothing is sent. A proxy that buffers requests sends no head.
const WAIT_FOR_HEAD: Duration = Duration::from_secs(1);

/// An import: a [`Stream`] of the results of its lines, in the order of the lines.
///
/// Orders are sent while the results of others arrive. Take the results: the service stops reading if too many wait. The
/// import begins when it is first asked for a result.
///
/// [`Error::ImportStopped`] says that it ended early, and how many lines were answered before.
#[must_use = "an import begins only when it is asked for results"]
pub struct Import(BoxStream<'static, Result<ImportResult, Error>>);

/// What came of a line of an import.
#[derive(Debug)]
pub struct ImportResult {
    /// The number of the line, from 1.
    pub line: u64,
    /// The id of the new order, or why there is none.
    pub result: Result<OrderId, Error>,
}

/// What was sent and is not answered yet.
#[derive(Default)]
struct Sent {
    /// The requested time of each line.
    unanswered: VecDeque<Option<Timestamp>>,
    /// Whether there are no more lines.
    is_complete: bool,
}

type SharedSent = Arc<Mutex<Sent>>;

/// The response.
struct Answers {
    body: StreamedBody,
    lines: Lines,
    sent: SharedSent,
    count: u64,
}

impl Import {
    pub(super) fn new<S>(client: &Client, orders: S) -> Self
    where
        S: Stream<Item: Into<ImportLine>> + Send + 'static,
    {
        let client = client.clone();
        let results = stream::once(async move {
            let sent = SharedSent::default();
            let (has_head, head) = oneshot::channel();
            let body = send(orders.map(Into::into), head, Arc::clone(&sent));
            let answers = open(&client, body, sent).await?;
            // The body may not have waited so long.
            let _ = has_head.send(());
            Ok(answers)
        });
        let results = results.map_ok(|answers| {
            stream::try_unfold(answers, async |mut answers| {
                let result = answers.next().await?;
                Ok(result.map(|result| (result, answers)))
            })
        });
        Self(results.try_flatten().boxed())
    }

    /// The next result; `None` if all lines were answered.
    ///
    /// # Errors
    /// If the import did not begin, or with [`Error::ImportStopped`].
    pub async fn try_next(&mut self) -> Result<Option<ImportResult>, Error> {
        self.0.try_next().await
    }
}

/// The body of the request.
fn send(
    orders: impl Stream<Item = ImportLine> + Send + 'static,
    head: oneshot::Receiver<()>,
    sent: SharedSent,
) -> Body {
    let chunks = orders.ready_chunks(CHUNK_LINES).boxed();
    let start = (chunks, Some(head), sent);
    let frames = stream::unfold(start, async |(mut chunks, mut head, sent)| {
        if let Some(head) = head.take() {
            // If there is no import, nobody reads the body either.
            let _ = timeout(WAIT_FOR_HEAD, head).await;
        }
        while lock(&sent).unanswered.len() >= MAX_UNANSWERED {
            sleep(POLL).await;
        }
        let bytes = match timeout(HEARTBEAT, chunks.next()).await {
            Ok(Some(lines)) => {
                let times = lines.iter().map(ImportLine::datetime);
                lock(&sent).unanswered.extend(times);
                lines.iter().map(ImportLine::as_bytes).collect::<Vec<_>>().concat().into()
            }
            Ok(None) => {
                lock(&sent).is_complete = true;
                return None;
            }
            Err(_) => Bytes::from_static(b"\n"),
        };
        Some((Ok::<_, Infallible>(http_body::Frame::data(bytes)), (chunks, None, sent)))
    });
    Body::wrap(BoxBody::new(StreamBody::new(SyncStream::new(frames))))
}

async fn open(client: &Client, body: Body, sent: SharedSent) -> Result<Answers, Error> {
    let request = ImportOrders.request().map(|_| body);
    let mut open = pin!(client.0.open(request));
    let opened = loop {
        match timeout(client.0.timeout, &mut open).await {
            Ok(opened) => break opened,
            // There may be nothing to answer yet.
            Err(_) if lock(&sent).is_waiting() => {}
            Err(_) => break Err(Cause::TimedOut(client.0.timeout)),
        }
    };
    let attempt = match opened {
        Ok(Ok(body)) => {
            ImportOrders::check(&body.head()).map_err(Error::Unexpected)?;
            return Ok(Answers { body, lines: Lines::default(), sent, count: 0 });
        }
        // No line is read before the first answer.
        Ok(Err(Failure::Problem(problem))) if problem.status() == 503 => {
            Attempt::NotDone(Cause::Problem(problem))
        }
        Ok(Err(failure)) => Attempt::of(failure, Effect::Once),
        Err(cause) => Attempt::without_response(cause),
    };
    Err(match attempt {
        Attempt::Rejected(failure) => Error::rejected(failure, None),
        Attempt::NotDone(cause) => unavailable(cause),
        Attempt::InDoubt(cause) => Error::ImportStopped(ImportStopped { answered: 0, cause }),
    })
}

impl Answers {
    async fn next(&mut self) -> Result<Option<ImportResult>, Error> {
        let answer = self.answer().await.map_err(|cause| self.stopped(cause))?;
        let Some(answer) = answer else {
            let sent = lock(&self.sent);
            return match sent.is_complete && sent.unanswered.is_empty() {
                true => Ok(None),
                false => {
                    drop(sent);
                    Err(self.stopped(self.unexpected("not all lines are answered".to_owned())))
                }
            };
        };
        let result = match answer {
            ImportAnswer::Stopped(problem) => return Err(self.stopped(Cause::Problem(problem))),
            ImportAnswer::Created(id) => Ok(id),
            ImportAnswer::Rejected(problem) => Err(problem),
        };
        let Some(datetime) = lock(&self.sent).unanswered.pop_front() else {
            return Err(self.stopped(self.unexpected("there are too many answers".to_owned())));
        };
        self.count += 1;
        let result = result.map_err(|problem| rejected(problem, datetime));
        Ok(Some(ImportResult { line: self.count, result }))
    }

    async fn answer(&mut self) -> Result<Option<ImportAnswer>, Cause> {
        loop {
            match self.lines.next_line() {
                Ok(Some(line)) if line.is_empty() => {}
                Ok(Some(line)) => {
                    let answer = ImportAnswer::read(&line);
                    return answer.map(Some).map_err(|error| self.unexpected(error.to_string()));
                }
                Ok(None) => match self.body.next().await {
                    Ok(Some(bytes)) => self.lines.push(&bytes),
                    Ok(None) => return Ok(None),
                    // There may be nothing to answer.
                    Err(Cause::TimedOut(_)) if lock(&self.sent).is_waiting() => {}
                    Err(cause) => return Err(cause),
                },
                Err(error) => return Err(self.unexpected(error.to_string())),
            }
        }
    }

    fn unexpected(&self, what: String) -> Cause {
        Cause::Unexpected(Unexpected::new(&self.body.head(), what))
    }

    fn stopped(&self, cause: Cause) -> Error {
        Error::ImportStopped(ImportStopped { answered: self.count, cause })
    }
}

impl Sent {
    /// Whether everything is answered and the next line is awaited.
    fn is_waiting(&self) -> bool {
        self.unanswered.is_empty() && !self.is_complete
    }
}

fn lock(sent: &SharedSent) -> MutexGuard<'_, Sent> {
    sent.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The error of a line that was not created.
fn rejected(problem: Problem, datetime: Option<Timestamp>) -> Error {
    let conflict = datetime.and_then(|datetime| problem.conflict(datetime));
    match Attempt::of(Failure::Problem(problem), Effect::Once) {
        Attempt::Rejected(failure) => Error::rejected(failure, conflict),
        Attempt::NotDone(cause) => unavailable(cause),
        Attempt::InDoubt(cause) => Error::Unknown(Unknown { cause, idempotency_key: None }),
    }
}

impl Stream for Import {
    type Item = Result<ImportResult, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}

impl fmt::Debug for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Import").finish_non_exhaustive()
    }
}
