//! What is counted of the delivery to webhooks: [`WebhookMetrics`].

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use orders_core::{WebhookId, WebhookState};
use orders_db::WebhookLag;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::{Fraction, Label};
use crate::webhooks::Outcome;

/// A webhook. There are at most as many as the store allows.
type ByWebhook = [(&'static str, String); 1];

/// A webhook and the outcome of an attempt.
type ByOutcome = [(&'static str, String); 2];

/// How the delivery to the webhooks goes that this instance delivers, and how far those are behind that none delivers.
#[derive(Default)]
pub(crate) struct WebhookMetrics {
    webhooks: Family<Label, Gauge>,
    attempts: Family<ByOutcome, Counter>,
    behind: Family<ByWebhook, Gauge>,
    oldest: Family<ByWebhook, Fraction>,
    /// The webhooks that have series.
    known: Mutex<BTreeSet<WebhookId>>,
}

/// The outcomes of attempts: with a status of success, with another one, and without a complete response.
const OUTCOMES: [&str; 3] = ["delivered", "rejected", "failed"];

impl WebhookMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "orders_webhooks",
            "How many webhooks there are in a state, in the whole database",
            self.webhooks.clone(),
        );
        registry.register(
            "orders_webhook_attempts",
            "How often this instance tried to deliver a change to a webhook: delivered, rejected with a status, or failed \
             without a complete response",
            self.attempts.clone(),
        );
        registry.register(
            "orders_webhook_changes_behind",
            "How many changes of the feed come after the cursor of a webhook that this instance delivers, or that none delivers",
            self.behind.clone(),
        );
        registry.register(
            "orders_webhook_oldest_pending_seconds",
            "The age of the oldest change that may not be delivered yet to a webhook that this instance delivers, or that none \
             delivers",
            self.oldest.clone(),
        );
    }

    /// Takes how many webhooks there are in each state.
    pub(crate) fn set_counts(&self, counts: &[(WebhookState, u64)]) {
        for (state, count) in counts {
            let gauge = self.webhooks.get_or_create(&[("state", state.as_str())]);
            gauge.set((*count).try_into().unwrap_or(i64::MAX));
        }
    }

    /// Counts an attempt.
    pub(crate) fn count(&self, webhook: &WebhookId, outcome: &Outcome) {
        let name = match outcome {
            outcome if outcome.is_success() => OUTCOMES[0],
            Outcome::Status(_) => OUTCOMES[1],
            Outcome::Failed(_) => OUTCOMES[2],
        };
        self.attempts.get_or_create(&by_outcome(webhook, name)).inc();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains(webhook) {
            known.insert(webhook.clone());
        }
    }

    /// Takes how far behind webhooks are. Those that are not among them any more lose their series.
    pub(crate) fn set_lags(&self, lags: &[WebhookLag]) {
        for lag in lags {
            let labels = by_webhook(&lag.id);
            self.behind.get_or_create(&labels).set(lag.behind.try_into().unwrap_or(i64::MAX));
            self.oldest.get_or_create(&labels).set(lag.oldest_pending.as_secs_f64());
        }
        let present: BTreeSet<_> = lags.iter().map(|lag| lag.id.clone()).collect();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for gone in known.difference(&present) {
            self.behind.remove(&by_webhook(gone));
            self.oldest.remove(&by_webhook(gone));
            for outcome in OUTCOMES {
                self.attempts.remove(&by_outcome(gone, outcome));
            }
        }
        *known = present;
    }
}

fn by_webhook(webhook: &WebhookId) -> ByWebhook {
    [("webhook", webhook.to_string())]
}

fn by_outcome(webhook: &WebhookId, outcome: &str) -> ByOutcome {
    [("webhook", webhook.to_string()), ("outcome", outcome.to_owned())]
}
