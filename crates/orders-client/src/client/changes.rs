//! Changes as they happen: [`Changes`].

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, stream};
use orders_core::{After, Change, ChangeFilter, Cursor};
use tokio::time::sleep;

use super::Client;
use super::retry::Attempt;
use super::transport::StreamedBody;
use crate::error::{Cause, Error};
use crate::wire::{Events, Failure, FollowChanges, Unexpected};

/// The service sends something at least every 15 s.
const MAX_SILENCE: Duration = Duration::from_secs(30);

/// The changes of orders as they happen: an endless [`Stream`] of them, each exactly once and in sequence.
///
/// It connects again by itself, with growing pauses, and continues where it was. It ends only with an error that a new
/// connection does not cure: [`Error::CursorGone`], [`Error::Unauthorized`], [`Error::Forbidden`] and other rejections.
#[must_use = "changes are received only when they are asked for"]
pub struct Changes {
    cursor: Option<Cursor>,
    steps: BoxStream<'static, Result<Step, Error>>,
}

/// A change, or only a new position.
struct Step {
    cursor: Cursor,
    change: Option<Change>,
}

/// An open event stream.
struct Connection {
    body: StreamedBody,
    events: Events,
}

struct Follower {
    client: Client,
    follow: FollowChanges,
    connection: Option<Connection>,
    /// What was received while the stream was opened.
    first: Option<Step>,
    /// How many times in a row it could not connect, or received nothing.
    failures: u32,
}

impl Changes {
    pub(super) async fn open(
        client: &Client,
        after: After,
        filter: &ChangeFilter,
    ) -> Result<Self, Error> {
        let follow = FollowChanges { after, filter: filter.clone() };
        let mut follower =
            Follower { client: client.clone(), follow, connection: None, first: None, failures: 0 };
        let mut failures = 0;
        let first = loop {
            let cause = match follower.step().await {
                Ok(step) => break step,
                Err(Attempt::Rejected(failure)) => return Err(Error::rejected(failure, None)),
                Err(Attempt::NotDone(cause) | Attempt::InDoubt(cause)) => cause,
            };
            failures += 1;
            client.0.wait_to_repeat_read(failures, cause).await?;
        };
        // If it only has a position, the follower is there. Otherwise it is before the change that is returned next.
        let cursor = match (&first.change, after) {
            (Some(_), After::Cursor(cursor)) => Some(cursor),
            (Some(_), After::Oldest | After::Now) => None,
            (None, _) => Some(first.cursor),
        };
        follower.first = Some(first);
        let steps = stream::try_unfold(follower, async |mut follower| {
            let step = follower.next().await?;
            Ok(Some((step, follower)))
        });
        Ok(Self { cursor, steps: steps.boxed() })
    }

    /// The position after the last change that was returned. Store it together with what the changes led to, and continue
    /// with [`After::Cursor`] after a restart. `None` if no change was returned yet of those after [`After::Oldest`].
    #[must_use]
    pub fn cursor(&self) -> Option<Cursor> {
        self.cursor
    }

    /// The next change. It waits until there is one, and never returns `None` before an error.
    ///
    /// # Errors
    /// If the service says that there will be no more. After that it returns `None`.
    pub async fn try_next(&mut self) -> Result<Option<Change>, Error> {
        self.next().await.transpose()
    }
}

impl Follower {
    /// The next change or position, whatever happens to the connection.
    async fn next(&mut self) -> Result<Step, Error> {
        if let Some(first) = self.first.take() {
            return Ok(first);
        }
        loop {
            match self.step().await {
                Ok(step) => return Ok(step),
                // What is between client and service may answer so while the service is away.
                Err(Attempt::Rejected(Failure::Unexpected(unexpected))) => {
                    self.pause(&Cause::Unexpected(unexpected)).await;
                }
                Err(Attempt::Rejected(failure)) => return Err(Error::rejected(failure, None)),
                Err(Attempt::NotDone(cause) | Attempt::InDoubt(cause)) => {
                    self.pause(&cause).await;
                }
            }
        }
    }

    /// The next change or position, from one connection, which is opened if there is none.
    async fn step(&mut self) -> Result<Step, Attempt> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let step = connection.next().await.map_err(Attempt::without_response)?;
        self.follow.after = After::Cursor(step.cursor);
        self.failures = 0;
        self.connection = Some(connection);
        Ok(step)
    }

    async fn connect(&self) -> Result<Connection, Attempt> {
        let mut body = self.client.0.try_open(self.follow.request()).await?;
        FollowChanges::check(&body.head())
            .map_err(|unexpected| Attempt::Rejected(Failure::Unexpected(unexpected)))?;
        body.silence = MAX_SILENCE;
        Ok(Connection { body, events: Events::default() })
    }

    /// Waits before the next connection after a failure.
    async fn pause(&mut self, cause: &Cause) {
        self.failures = self.failures.saturating_add(1);
        let pause = self.client.0.pauses.before_reconnect(self.failures, cause.retry_after());
        log::info!("changes are followed again in {pause:?}: {cause}");
        sleep(pause).await;
    }
}

impl Connection {
    async fn next(&mut self) -> Result<Step, Cause> {
        loop {
            match self.events.next_event() {
                Ok(Some(event)) => {
                    // An event without a cursor is none of the service's.
                    let Some(cursor) = event.cursor() else { continue };
                    let change = event.change();
                    let change = change.map_err(|error| self.unexpected(&error.to_string()))?;
                    return Ok(Step { cursor, change });
                }
                Ok(None) => match self.body.next().await? {
                    Some(bytes) => self.events.push(&bytes),
                    None => return Err(Cause::Disconnected("the stream ended".to_owned())),
                },
                Err(error) => return Err(self.unexpected(&error.to_string())),
            }
        }
    }

    fn unexpected(&self, what: &str) -> Cause {
        Cause::Unexpected(Unexpected::new(&self.body.head(), what))
    }
}

impl Stream for Changes {
    type Item = Result<Change, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let step = match std::task::ready!(self.steps.poll_next_unpin(context)) {
                Some(Ok(step)) => step,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            };
            self.cursor = Some(step.cursor);
            if let Some(change) = step.change {
                return Poll::Ready(Some(Ok(change)));
            }
        }
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes").field("cursor", &self.cursor).finish_non_exhaustive()
    }
}
