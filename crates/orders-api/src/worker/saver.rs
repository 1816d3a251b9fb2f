//! Saves the progress of all webhooks together: [`Saver`].

use std::time::{Duration, Instant};

use actix_web::rt::time::sleep;
use orders_core::StoreError;
use orders_db::WebhookProgress;
use tokio::sync::{mpsc, oneshot};

use super::Db;
use crate::http::log_text::LogText;

/// The pause after nothing could be saved.
const RETRY: Duration = Duration::from_millis(500);

/// How long the saver rests after a statement, as a multiple of the time that it took. So it takes only a part of the
/// database, and saves more with each statement if there is more to save.
const REST: u32 = 9;

/// The longest rest.
const MAX_REST: Duration = Duration::from_secs(1);

/// What came of saving a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Saved {
    Yes,
    /// Its lease or its generation is not the one that was named: another instance has it, or a client has changed it.
    NotOurs,
    /// Not because of an outage, so it would fail again.
    Impossible,
}

/// Tells a delivery what came of it.
type Sender = oneshot::Sender<Saved>;

/// Takes what is to be saved. One statement saves what has come while the last one was executed.
pub(super) struct Saver(mpsc::UnboundedSender<(WebhookProgress, Sender)>);

/// The other end of a [`Saver`].
pub(super) struct Saving(mpsc::UnboundedReceiver<(WebhookProgress, Sender)>);

impl Saver {
    pub(super) fn new() -> (Self, Saving) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), Saving(receiver))
    }

    /// Saves the progress of a webhook, however long it takes.
    pub(super) async fn save(&self, progress: WebhookProgress) -> Saved {
        let (sender, saved) = oneshot::channel();
        // Each webhook saves only once at a time, so the channel has a limit.
        let _ = self.0.send((progress, sender));
        saved.await.unwrap_or(Saved::NotOurs)
    }
}

impl Saving {
    /// Saves for the instance with this lease, until the saver is dropped.
    pub(super) async fn run(mut self, db: Db, lease: i64) {
        while let Some(first) = self.0.recv().await {
            let mut waiting = vec![first];
            while let Ok(next) = self.0.try_recv() {
                waiting.push(next);
            }
            let start = Instant::now();
            self.save(&db, lease, waiting).await;
            sleep((start.elapsed() * REST).min(MAX_REST)).await;
        }
    }

    async fn save(&self, db: &Db, lease: i64, mut waiting: Vec<(WebhookProgress, Sender)>) {
        let mut failed = false;
        loop {
            // Those whose delivery has ended meanwhile are not waited for.
            waiting.retain(|(_, sender)| !sender.is_closed());
            let progress: Vec<_> = waiting.iter().map(|(progress, _)| progress.clone()).collect();
            let count = progress.len();
            match db.run(move |store| store.save_webhooks(lease, &progress)).await {
                Ok(saved) => {
                    for (progress, sender) in waiting {
                        let is_saved = saved.contains(&progress.id);
                        let _ = sender.send(if is_saved { Saved::Yes } else { Saved::NotOurs });
                    }
                    return;
                }
                Err(StoreError::Unavailable(cause)) => {
                    if !failed {
                        let cause = cause.to_string();
                        log::warn!(
                            "cannot save what was sent to webhooks, trying again: {}",
                            LogText(&cause)
                        );
                    }
                    failed = true;
                    sleep(RETRY).await;
                }
                // One of them is the reason.
                Err(_) if count > 1 => {
                    for one in waiting {
                        Box::pin(self.save(db, lease, vec![one])).await;
                    }
                    return;
                }
                Err(error) => {
                    let cause = error.to_string();
                    for (WebhookProgress { id, .. }, sender) in waiting {
                        log::error!(
                            "what was sent to webhook {id} cannot be saved: {}",
                            LogText(&cause)
                        );
                        let _ = sender.send(Saved::Impossible);
                    }
                    return;
                }
            }
        }
    }
}
