//! `POST /orders/import`: orders as lines of JSON, each answered by a line.
//!
//! Lines are placed in batches as they come in: a batch is closed when it is full or when the client has
//! no more to send for the moment, so that a slow client is answered at once and a fast one is placed fast.
//! When a batch finds the database unavailable, the import ends, for the next ones would fare no better.

use std::future::{Future as _, poll_fn};
use std::mem;
use std::task::Poll;

use actix_web::rt::time::timeout;
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use futures_core::Stream as _;
use orders_core::{Order, OrderDraft, OrderId, Orders as _};
use serde::Serialize;

use crate::Store;
use crate::http::body::{BodyLimits, check_lines, read_line};
use crate::http::log_text::LogText;
use crate::http::ndjson::{self, ClientGone, Lines, NDJSON, Sender};
use crate::http::query::Query;
use crate::problem::Problem;
use crate::problem::ProblemType;

/// How many lines are placed at once.
const BATCH: usize = 500;

/// How many bytes of answers may wait for a client that sends all its lines before it reads. When they are
/// full, no more lines are read until it does.
const ROOM: usize = 8 << 20;

/// What some programs write at the start of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// `POST /orders/import`
pub(crate) async fn import(
    store: Store,
    _: Query<()>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    check_lines(&request)?;
    let limits = BodyLimits::of(&request);
    let (sender, body) = Lines::channel(ROOM, limits.stall_timeout);
    let lines = Incoming {
        payload,
        buffer: Vec::new(),
        too_long: false,
        limits,
        is_first: true,
        ended: false,
    };
    actix_web::rt::spawn(async move {
        // If the client has gone, the end of the body tells the log so.
        let _ = place_all(store, lines, sender).await;
    });
    Ok(HttpResponse::Ok().content_type(NDJSON).body(body))
}

async fn place_all(store: Store, mut lines: Incoming, sender: Sender) -> Result<(), ClientGone> {
    let mut more = true;
    while more {
        let mut batch = Vec::new();
        more = lines.fill(&mut batch).await;
        if batch.is_empty() {
            continue;
        }
        let Answers { mut lines, database_is_there } = place(&store, batch).await;
        if more && !database_is_there {
            write(&mut lines, &Problem::import_stopped().document());
            more = false;
        }
        sender.send(lines).await?;
    }
    sender.end()
}

/// The answers to a batch.
struct Answers {
    /// One for each line.
    lines: Vec<u8>,
    /// Whether the database was available.
    database_is_there: bool,
}

/// Places what can be placed of a batch.
async fn place(store: &Store, batch: Vec<Result<OrderDraft, Problem>>) -> Answers {
    let mut drafts = Vec::with_capacity(batch.len());
    let mut read = Vec::with_capacity(batch.len());
    for line in batch {
        read.push(line.map(|draft| drafts.push(draft)));
    }
    let placed = match drafts.is_empty() {
        true => Ok(Vec::new()),
        false => store.run(move |orders| orders.place_batch(drafts)).await,
    };
    let mut answers = Vec::with_capacity(read.len() * 64);
    let mut database_is_there = true;
    match placed {
        Ok(placed) => {
            let mut placed = placed.into_iter();
            for line in read {
                // OK because there is one result for each draft.
                let result = line.map(|()| placed.next().expect("a result for each draft"));
                answer(&mut answers, result.and_then(|placed| placed.map_err(Problem::from)));
            }
        }
        Err(fault) => {
            database_is_there = fault.problem_type() != ProblemType::Unavailable;
            log::warn!("an import cannot place {} lines: {}", read.len(), caused(&fault));
            for line in read {
                answer(&mut answers, line.and_then(|()| Err(fault.again())));
            }
        }
    }
    Answers { lines: answers, database_is_there }
}

fn caused(problem: &Problem) -> String {
    let said = problem.to_string();
    match problem.cause().map(ToString::to_string) {
        Some(cause) => format!("{}: {}", LogText(&said), LogText(&cause)),
        None => LogText(&said).to_string(),
    }
}

#[derive(Serialize)]
struct Placed<'a> {
    id: &'a OrderId,
}

fn answer(answers: &mut Vec<u8>, result: Result<Order, Problem>) {
    match &result {
        Ok(order) => write(answers, &Placed { id: &order.id }),
        Err(problem) => {
            if problem.cause().is_some() {
                log::error!("an import cannot place a line: {}", caused(problem));
            }
            write(answers, &problem.document());
        }
    }
}

fn write(answers: &mut Vec<u8>, line: &impl Serialize) {
    // OK because what is answered can be written as JSON, and memory takes it.
    ndjson::push(answers, line).expect("a line of JSON");
}

/// The lines of a request's body, as they come in.
struct Incoming {
    payload: Payload,
    /// What came after the last line break.
    buffer: Vec<u8>,
    /// The line that is coming in is longer than allowed, and what there is of it was thrown away.
    too_long: bool,
    limits: BodyLimits,
    /// No line was read yet.
    is_first: bool,
    ended: bool,
}

impl Incoming {
    /// Reads lines until the batch is full, or there is none for the moment and it is not empty.
    /// Whether there is more.
    async fn fill(&mut self, batch: &mut Vec<Result<OrderDraft, Problem>>) -> bool {
        while !self.ended && batch.len() < BATCH {
            let arrived = match batch.is_empty() {
                true => timeout(self.limits.stall_timeout, self.next()).await.ok(),
                false => match self.next_now().await {
                    None => break,
                    arrived => arrived,
                },
            };
            match arrived {
                Some(Some(Ok(bytes))) => self.split(&bytes, batch),
                Some(Some(Err(()))) => {
                    self.ended = true;
                    batch.push(Err(Problem::malformed("the body broke off")));
                }
                Some(None) => {
                    self.ended = true;
                    self.finish_line(batch);
                }
                None => {
                    self.ended = true;
                    let waited = format!("no line arrived within {:?}", self.limits.stall_timeout);
                    batch.push(Err(Problem::new(ProblemType::RequestTimeout, waited)));
                }
            }
        }
        !self.ended
    }

    /// Cuts what came in into lines.
    fn split(&mut self, bytes: &Bytes, batch: &mut Vec<Result<OrderDraft, Problem>>) {
        let mut pieces = bytes.split(|&byte| byte == b'\n');
        if let Some(first) = pieces.next() {
            self.append(first);
        }
        for piece in pieces {
            self.finish_line(batch);
            self.append(piece);
        }
    }

    fn append(&mut self, piece: &[u8]) {
        self.too_long |= self.buffer.len() + piece.len() > self.limits.bytes;
        match self.too_long {
            true => self.buffer.clear(),
            false => self.buffer.extend_from_slice(piece),
        }
    }

    /// Reads a line that is complete; a blank one is none. The first may start with a byte order mark.
    fn finish_line(&mut self, batch: &mut Vec<Result<OrderDraft, Problem>>) {
        let mut line = mem::take(&mut self.buffer);
        if mem::take(&mut self.is_first) && line.starts_with(BYTE_ORDER_MARK) {
            line.drain(..BYTE_ORDER_MARK.len());
        }
        if mem::take(&mut self.too_long) {
            let detail = format!("the line has more than {} bytes", self.limits.bytes);
            batch.push(Err(Problem::new(ProblemType::TooLarge, detail)));
        } else if !line.trim_ascii().is_empty() {
            batch.push(read_line(&line));
        }
    }

    /// What comes next; none at the end.
    async fn next(&mut self) -> Option<Result<Bytes, ()>> {
        poll_fn(|context| std::pin::Pin::new(&mut self.payload).poll_next(context).map_err(drop))
            .await
    }

    /// What is there already; none when nothing is.
    async fn next_now(&mut self) -> Option<Option<Result<Bytes, ()>>> {
        let mut next = std::pin::pin!(self.next());
        poll_fn(|context| {
            Poll::Ready(match next.as_mut().poll(context) {
                Poll::Ready(arrived) => Some(arrived),
                Poll::Pending => None,
            })
        })
        .await
    }
}
