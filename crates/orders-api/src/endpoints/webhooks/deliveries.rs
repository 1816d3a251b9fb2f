//! `GET /webhooks/{id}/deliveries`

use orders_core::{ChangeType, Cursor, OrderId, Timestamp, WebhookId};
use orders_db::{DeliveryAttempt, PgStore};
use serde::Serialize;

use super::caller::WebhookStore;
use super::duration::IsoDuration;
use crate::http::endpoint::{Endpoint, Reply, endpoint};
use crate::http::path::Path;
use crate::http::query::Query;
use crate::http::response::Json;

/// An attempt to deliver a change.
#[derive(Serialize)]
pub(crate) struct Delivery {
    cursor: Cursor,
    order: OrderId,
    r#type: ChangeType,
    attempted_at: Timestamp,
    status: Option<u16>,
    duration: IsoDuration,
    error: Option<String>,
}

pub(crate) fn list_deliveries() -> Endpoint {
    let description = "The last 100 attempts to deliver changes, the newest first. Those of the last moments may still be \
                       missing.";
    endpoint(list, "listWebhookDeliveries", "webhooks", "List the last deliveries", description)
}

async fn list(
    store: WebhookStore,
    id: Path<WebhookId>,
    _: Query<()>,
) -> Reply<Json<Vec<Delivery>>> {
    let list = move |store: &PgStore| {
        let attempts = store.webhook_attempts(&id.0)?;
        Json::new(&attempts.into_iter().map(Delivery::from).collect())
    };
    store.run(list).await
}

impl From<DeliveryAttempt> for Delivery {
    fn from(attempt: DeliveryAttempt) -> Self {
        Self {
            cursor: attempt.cursor,
            order: attempt.order,
            r#type: attempt.change_type,
            attempted_at: attempt.attempted_at,
            status: attempt.status,
            duration: IsoDuration(attempt.duration),
            error: attempt.error,
        }
    }
}
