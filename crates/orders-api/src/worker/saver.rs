//! Saves the progress of all webhooks together: [`Saver`].

use std::time::Duration;

use actix_web::rt::time::sleep;
use orders_db::WebhookProgress;
use tokio::sync::{mpsc, oneshot};

use super::Db;
use crate::http::log_text::LogText;

/// The pause after nothing could be saved.
const RETRY: Duration = Duration::from_millis(500);

/// Whether a webhook was saved: its lease and its configuration were those that were named.
type IsSaved = bool;

/// Takes what is to be saved. One statement saves what has come while the last one was executed.
pub(super) struct Saver(mpsc::UnboundedSender<(WebhookProgress, oneshot::Sender<IsSaved>)>);

/// The other end of a [`Saver`].
pub(super) struct Saving(mpsc::UnboundedReceiver<(WebhookProgress, oneshot::Sender<IsSaved>)>);

impl Saver {
    pub(super) fn new() -> (Self, Saving) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), Saving(receiver))
    }

    /// Saves the progress of a webhook, however long it takes.
    pub(super) async fn save(&self, progress: WebhookProgress) -> IsSaved {
        let (sender, saved) = oneshot::channel();
        // Each webhook saves only once at a time, so the channel has a limit.
        let _ = self.0.send((progress, sender));
        saved.await.unwrap_or(false)
    }
}

impl Saving {
    /// Saves for the instance with this lease, until the saver is dropped.
    pub(super) async fn run(mut self, db: Db, lease: i64) {
        let mut failed = false;
        while let Some(first) = self.0.recv().await {
            let mut waiting = vec![first];
            while let Ok(next) = self.0.try_recv() {
                waiting.push(next);
            }
            let (progress, senders): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
            let ids: Vec<_> = progress.iter().map(|webhook| webhook.id.clone()).collect();
            let progress = std::sync::Arc::new(progress);
            let saved = loop {
                let progress = progress.clone();
                match db.run(move |store| store.save_webhooks(lease, &progress)).await {
                    Ok(saved) => break saved,
                    Err(error) => {
                        if !failed {
                            let cause = error.to_string();
                            log::warn!(
                                "cannot save what was sent to webhooks, trying again: {}",
                                LogText(&cause)
                            );
                        }
                        failed = true;
                        sleep(RETRY).await;
                    }
                }
            };
            failed = false;
            for (id, sender) in ids.iter().zip(senders) {
                // The webhook may have been given up meanwhile.
                let _ = sender.send(saved.contains(id));
            }
        }
    }
}
