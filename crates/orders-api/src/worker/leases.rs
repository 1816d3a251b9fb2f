//! Which webhooks this instance delivers: [`Leases`].

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::rt::task::JoinHandle;
use actix_web::rt::time::{sleep, timeout};
use orders_core::{StoreError, WebhookId};
use orders_db::LeasedWebhook;
use tokio::sync::watch;

use super::Shared;
use super::delivery_task::DeliveryTask;
use crate::http::log_text::LogText;

/// How often leases are renewed, and webhooks looked for that no instance has.
const INTERVAL: Duration = Duration::from_secs(1);

/// The most webhooks that are taken at once, so that instances that start together share them.
const AT_ONCE: usize = 16;

/// How long a lease lasts at least after it was renewed.
const LASTS: Duration = Duration::from_secs(20);

/// How long before the end of its lease a webhook gets its last message: longer than an attempt takes.
const MARGIN: Duration = Duration::from_secs(16);

/// How often the metrics are updated.
const METRICS: Duration = Duration::from_secs(5);

/// The webhooks that this instance has leased, each with a task that delivers its changes.
pub(super) struct Leases {
    shared: Rc<Shared>,
    lease: i64,
    validity: Rc<Validity>,
    tasks: HashMap<WebhookId, Task>,
    failed: bool,
    measured_at: Option<Instant>,
}

struct Task {
    configuration: i64,
    stop: watch::Sender<bool>,
    handle: JoinHandle<()>,
}

/// Until when the leases are valid for certain.
pub(super) struct Validity(Cell<Instant>);

impl Validity {
    /// Whether a message that is sent now is answered or given up before another instance can take over.
    pub(super) fn suffices(&self) -> bool {
        Instant::now() + MARGIN < self.0.get()
    }
}

impl Leases {
    pub(super) fn new(shared: Rc<Shared>, lease: i64) -> Self {
        let validity = Rc::new(Validity(Cell::new(Instant::now())));
        Self { shared, lease, validity, tasks: HashMap::new(), failed: false, measured_at: None }
    }

    /// Delivers the changes of webhooks until the service stops.
    pub(super) async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        loop {
            let renewed = self.renew().await;
            self.log(&renewed);
            self.measure().await;
            tokio::select! {
                () = sleep(INTERVAL) => {}
                () = self.shared.changed.notified() => {}
                _ = stopped.wait_for(|stopped| *stopped) => break,
            }
        }
        for task in self.tasks.values() {
            task.stop.send_replace(true);
        }
        let ends = self.tasks.values_mut().map(|task| &mut task.handle);
        let _ = timeout(MARGIN, futures_util::future::join_all(ends)).await;
        let ids: Vec<_> = self.tasks.into_keys().collect();
        let lease = self.lease;
        // Without it, another instance continues when the leases end.
        let _ = self.shared.db.run(move |store| store.release_webhooks(lease, &ids)).await;
    }

    async fn renew(&mut self) -> Result<(), StoreError> {
        let ended = self.tasks.extract_if(|_, task| task.handle.is_finished());
        let ended: Vec<_> = ended.map(|(id, _)| id).collect();
        let (start, lease) = (Instant::now(), self.lease);
        let leases = self.shared.db.run(move |store| {
            if !ended.is_empty() {
                store.release_webhooks(lease, &ended)?;
            }
            store.lease_webhooks(lease, AT_ONCE)
        });
        let leases = leases.await?;
        self.validity.0.set(start + LASTS);
        for (id, task) in &self.tasks {
            if leases.kept.get(id) != Some(&task.configuration) {
                task.stop.send_replace(true);
            }
        }
        // The response to an earlier lease or release may have been lost.
        let has_no_task = |id: &&WebhookId| !self.tasks.contains_key(*id);
        let orphans: Vec<_> = leases.kept.keys().filter(has_no_task).cloned().collect();
        for webhook in leases.new {
            self.start(webhook);
        }
        if !orphans.is_empty() {
            self.shared.db.run(move |store| store.release_webhooks(lease, &orphans)).await?;
        }
        Ok(())
    }

    fn start(&mut self, webhook: LeasedWebhook) {
        let (id, configuration) = (webhook.id.clone(), webhook.configuration);
        let (stop, stopped) = watch::channel(false);
        let (shared, validity) = (Rc::clone(&self.shared), Rc::clone(&self.validity));
        let handle = actix_web::rt::spawn(async move {
            let changed = shared.changed.clone();
            if let Some(task) = DeliveryTask::start(shared, validity, webhook).await {
                task.run(stopped).await;
            }
            // So that the webhook is released at once, and perhaps leased again.
            changed.notify_one();
        });
        // A task whose lease had ended is aborted.
        if let Some(old) = self.tasks.insert(id, Task { configuration, stop, handle }) {
            old.handle.abort();
        }
    }

    async fn measure(&mut self) {
        if self.measured_at.is_some_and(|at| at.elapsed() < METRICS) {
            return;
        }
        self.measured_at = Some(Instant::now());
        let lease = self.lease;
        let measured = self
            .shared
            .db
            .run(move |store| Ok((store.webhook_lags(lease)?, store.count_webhooks()?)));
        if let Ok((lags, counts)) = measured.await {
            self.shared.metrics.set_lags(&lags);
            self.shared.metrics.set_counts(&counts);
        }
    }

    /// Logs the first of several failures, and the end of them.
    fn log(&mut self, renewed: &Result<(), StoreError>) {
        match renewed {
            Err(error) if !self.failed => {
                let cause = error.to_string();
                log::warn!("webhooks cannot be read, trying again: {}", LogText(&cause));
            }
            Ok(()) if self.failed => log::info!("webhooks can be read again"),
            Ok(()) | Err(_) => {}
        }
        self.failed = renewed.is_err();
    }
}
