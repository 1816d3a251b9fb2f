//! A page of changes, which may wait for the first one.

use std::time::{Duration, Instant};

use actix_web::rt::time::{sleep, timeout};
use orders_core::{After, Change, ChangePage, Changes as _, Cursor};

use super::{ChangeParameters, ChangesResponse, changes_after};
use crate::Store;
use crate::access::{Authorization, Caller};
use crate::feed::{Follower, Found, NoPlace, View};
use crate::http::endpoint::Reply;
use crate::http::response::Json;
use crate::problem::Problem;

/// The pause before the database is read again that should have had changes.
const RETRY: Duration = Duration::from_millis(100);

/// The most pages without a match that one request reads before it answers.
const MAX_READS: usize = 10;

pub(super) async fn answer(
    store: Store,
    authorization: Authorization,
    parameters: ChangeParameters,
) -> Reply<ChangesResponse> {
    let mut waiting = Waiting { deadline: Instant::now() + parameters.wait(), follower: None };
    let view = store.view(parameters.filter.clone());
    let mut after = parameters.after;
    let mut reads = 0;
    loop {
        let query = parameters.query(after);
        let (page, is_empty, next, more) = store
            .run(move |orders| {
                let ChangePage { changes, next, more } = orders.changes(&query)?;
                Ok((Json::new(&changes)?, changes.is_empty(), next, more))
            })
            .await?;
        reads += usize::from(more);
        if !is_empty || waiting.left().is_zero() || reads == MAX_READS {
            return Ok(parameters.page(page, next));
        }
        after = After::Cursor(next);
        if more {
            continue;
        }
        match waiting.wait(&store, &view, parameters.limit(), next).await? {
            Waited::Changes(changes, last) => {
                check(&authorization, &view).await?;
                return Ok(parameters.page(Json::new(&changes)?, last));
            }
            Waited::Nothing(cursor) => {
                return Ok(parameters.page(Json::new(&Vec::new())?, cursor));
            }
            Waited::Stopping(cursor) => {
                return Ok(parameters.page(Json::new(&Vec::new())?, cursor).closing());
            }
            Waited::Older(cursor) => {
                if cursor == next {
                    // Another server may lack what this instance has seen.
                    sleep(RETRY).await;
                }
                check(&authorization, &view).await?;
                after = After::Cursor(cursor);
            }
        }
    }
}

/// Fails if the client has lost its access, or may use other calendars than before the wait.
async fn check(authorization: &Authorization, view: &View) -> Reply<()> {
    let Caller(client) = authorization.check().await?;
    match view.is_that_of(client.as_deref()) {
        true => Ok(()),
        false => Err(Problem::unavailable("the calendars of the client have changed; ask again")),
    }
}

impl ChangeParameters {
    /// The page with these changes, after which the next one begins at `next`.
    fn page(&self, changes: Json<Vec<Change>>, next: Cursor) -> ChangesResponse {
        let next =
            changes_after(next, &self.filter).with("limit", self.limit).with("wait", self.wait);
        ChangesResponse::Page { changes, next, closes: false }
    }
}

/// A request that waits for changes.
struct Waiting {
    deadline: Instant,
    /// Set once it waits.
    follower: Option<Follower>,
}

/// How a wait ended.
enum Waited {
    /// With these changes, and the cursor after them.
    Changes(Vec<Change>, Cursor),
    /// Without changes up to this cursor.
    Nothing(Cursor),
    /// Likewise, and the service stops.
    Stopping(Cursor),
    /// The changes after this cursor are only in the database.
    Older(Cursor),
}

impl Waiting {
    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Waits for changes after the cursor.
    async fn wait(
        &mut self,
        store: &Store,
        view: &View,
        limit: usize,
        mut cursor: Cursor,
    ) -> Reply<Waited> {
        let follower = match self.follower.take().map_or_else(|| store.follow(), Ok) {
            Ok(follower) => self.follower.insert(follower),
            Err(NoPlace::Stopping) => return Ok(Waited::Stopping(cursor)),
            Err(reason) => return Err(reason.into()),
        };
        let end = follower.end();
        let time = self.deadline.saturating_duration_since(Instant::now());
        let changes = timeout(time, next(follower, view, limit, &mut cursor));
        let waited = tokio::select! {
            () = end => None,
            waited = changes => Some(waited),
        };
        Ok(match waited {
            Some(Ok(waited)) => waited,
            Some(Err(_elapsed)) => Waited::Nothing(cursor),
            None => Waited::Stopping(cursor),
        })
    }
}

/// The next changes that the view has; the cursor advances past the others.
async fn next(follower: &mut Follower, view: &View, limit: usize, cursor: &mut Cursor) -> Waited {
    loop {
        match follower.after(*cursor) {
            Found::Changes(entries) => {
                let mut changes = Vec::new();
                for entry in entries {
                    changes.extend(view.change(&entry));
                    *cursor = entry.cursor();
                    if changes.len() == limit {
                        break;
                    }
                }
                if !changes.is_empty() {
                    return Waited::Changes(changes, *cursor);
                }
            }
            Found::Nothing => follower.news().await,
            // The database decides whether the cursor is known.
            Found::Older | Found::Discarded => return Waited::Older(*cursor),
        }
    }
}
