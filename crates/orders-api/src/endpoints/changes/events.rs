//! Changes as they happen, as server-sent events.

use std::time::{Duration, Instant};

use actix_web::rt::time::{sleep, timeout};
use actix_web::web::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::{self, LocalBoxStream};
use orders_core::{After, ChangePage, ChangeQuery, Changes as _, Cursor, StoreError};
use orders_db::PgStore;
use tokio::task::yield_now;

use super::ChangeParameters;
use crate::Store;
use crate::access::{Authorization, Caller};
use crate::feed::{Follower, Found, View};
use crate::http::endpoint::Reply;
use crate::http::event_stream::{RETRY, event, id};
use crate::problem::ProblemType;

/// After so long without an event, the cursor of the client is advanced. Proxies close connections that are silent.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// How often a quiet stream checks that its client still has access.
const CHECK: Duration = Duration::from_secs(5);

/// For how long a check suffices before events are sent.
const CHECKED: Duration = Duration::from_secs(1);

/// The pause after the database could not be read.
const RETRY_READ: Duration = Duration::from_secs(1);

/// After so many bytes, the connection sends them before it gets more. Otherwise it collects several times as many, and
/// keeps the memory for them.
const LARGE: usize = 4 << 10;

/// How many changes of the past are read at once.
const PAGE: usize = 100;

/// The body of a stream, which ends if the service stops, the client loses its access, or a change that follows is not
/// known any more.
pub(super) type Events = LocalBoxStream<'static, Result<Bytes, actix_web::Error>>;

pub(super) async fn answer(
    store: Store,
    authorization: Authorization,
    parameters: ChangeParameters,
    last_event_id: Option<Cursor>,
) -> Reply<Events> {
    parameters.check_no_page()?;
    let follower = store.follow()?;
    let after = last_event_id.map_or(parameters.after, After::Cursor);
    let view = store.view(parameters.filter);
    let query = query(after, &view);
    let page = store.run(move |orders| read(orders, &query)).await?;
    let first = match page.events.is_empty() {
        true => format!("{RETRY}{}", id(page.next)).into_bytes(),
        false => [RETRY.as_bytes(), b"\n", &page.events].concat(),
    };
    let end = follower.end();
    let now = Instant::now();
    let state = EventStream {
        store,
        authorization,
        follower,
        view,
        cursor: page.next,
        sent_at: now,
        sent_bytes: 0,
        checked_at: now,
    };
    let rest = stream::unfold(state, |mut state| async {
        let events = state.next().await?;
        state.sent_at = Instant::now();
        state.sent_bytes = events.len();
        Some((events, state))
    });
    let events = stream::once(std::future::ready(first.into())).chain(rest);
    Ok(events.map(Ok).take_until(end).boxed_local())
}

struct EventStream {
    store: Store,
    authorization: Authorization,
    follower: Follower,
    view: View,
    /// Up to here, the client has what it may see.
    cursor: Cursor,
    sent_at: Instant,
    sent_bytes: usize,
    checked_at: Instant,
}

/// Whether the client may see more.
enum Access {
    Granted,
    /// It cannot be checked now.
    Unknown,
    Ended,
}

impl EventStream {
    /// The next events, or a line that advances the cursor.
    async fn next(&mut self) -> Option<Bytes> {
        if self.sent_bytes >= LARGE {
            yield_now().await;
        }
        loop {
            let silence = HEARTBEAT.saturating_sub(self.sent_at.elapsed());
            if silence.is_zero() {
                return Some(id(self.cursor).into());
            }
            match self.check().await {
                Access::Granted => {}
                Access::Unknown => {
                    sleep(RETRY_READ.min(silence)).await;
                    continue;
                }
                Access::Ended => return None,
            }
            let events = match self.follower.after(self.cursor) {
                Found::Changes(entries) => {
                    self.cursor = entries.last().map_or(self.cursor, |last| last.cursor());
                    let events = entries.iter().filter_map(|entry| self.view.event(entry));
                    concat(events.collect())
                }
                Found::Nothing => {
                    let _ = timeout(CHECK.min(silence), self.follower.news()).await;
                    continue;
                }
                Found::Older => self.read(silence).await?,
                Found::Discarded => return None,
            };
            if !events.is_empty() {
                return Some(events);
            }
        }
    }

    /// Events that are only in the database; none if it cannot be read now.
    async fn read(&mut self, silence: Duration) -> Option<Bytes> {
        let query = query(After::Cursor(self.cursor), &self.view);
        let reading = self.store.run(move |orders| read(orders, &query));
        // The next line is due even if the database does not answer.
        let Ok(read) = timeout(silence, reading).await else { return Some(Bytes::new()) };
        match read {
            Ok(page) if page.next != self.cursor => {
                self.cursor = page.next;
                Some(page.events.into())
            }
            Err(problem) if problem.problem_type() != ProblemType::Unavailable => {
                log::info!("an event stream ends: {problem}");
                None
            }
            // Another server may lack what this instance has seen.
            Ok(_) | Err(_) => {
                sleep(RETRY_READ.min(silence)).await;
                Some(Bytes::new())
            }
        }
    }

    async fn check(&mut self) -> Access {
        if self.checked_at.elapsed() < CHECKED {
            return Access::Granted;
        }
        match self.authorization.check().await {
            Ok(Caller(client)) if self.view.is_that_of(client.as_deref()) => {
                self.checked_at = Instant::now();
                Access::Granted
            }
            Err(problem) if problem.problem_type() == ProblemType::Unavailable => Access::Unknown,
            Ok(_) | Err(_) => Access::Ended,
        }
    }
}

fn query(after: After, view: &View) -> ChangeQuery {
    ChangeQuery { after, filter: view.filter().clone(), limit: PAGE }
}

struct Page {
    events: Vec<u8>,
    next: Cursor,
}

fn read(orders: &PgStore, query: &ChangeQuery) -> Result<Page, StoreError> {
    let ChangePage { changes, next, .. } = orders.changes(query)?;
    let events = changes.iter().map(event).collect::<Result<Vec<_>, _>>()?;
    Ok(Page { events: events.concat(), next })
}

/// The events in one chunk. A single one is not copied.
fn concat(mut events: Vec<Bytes>) -> Bytes {
    match events.len() {
        1 => events.swap_remove(0),
        _ => events.concat().into(),
    }
}
