//! `POST /webhooks/{id}/test`

use actix_web::web::Data;
use orders_core::{Timestamp, WebhookId};
use serde::Serialize;
use uuid::Uuid;

use super::caller::WebhookStore;
use super::duration::IsoDuration;
use super::{secret, url};
use crate::access::now;
use crate::http::endpoint::{Endpoint, Reply, endpoint};
use crate::http::path::Path;
use crate::http::query::Query;
use crate::http::response::Json;
use crate::problem::Problem;
use crate::webhooks::{Attempt, Message, Outcome, Webhooks};

/// A message that is about no order.
#[derive(Serialize)]
pub(crate) struct TestMessage {
    r#type: &'static str,
    timestamp: Timestamp,
    data: Empty,
}

#[derive(Serialize)]
struct Empty {}

impl TestMessage {
    /// The type of the message.
    pub(crate) const TYPE: &'static str = "webhook.test";
}

/// What came of a test message.
#[derive(Serialize)]
pub(crate) struct TestResult {
    status: Option<u16>,
    duration: IsoDuration,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(crate) fn test() -> Endpoint {
    let description = "Sends one message of the type `webhook.test`, signed like any other, in every state of the webhook. \
                       The response says what came of it, after 15 seconds at the latest.";
    endpoint(send_test, "testWebhook", "webhooks", "Send a test message", description)
}

async fn send_test(
    store: WebhookStore,
    webhooks: Data<Webhooks>,
    id: Path<WebhookId>,
    _: Query<()>,
) -> Reply<Json<TestResult>> {
    let Path(id) = id;
    let tested = id.clone();
    let (url, stored) = store.run(move |store| store.webhook_endpoint(&tested)).await?;
    let test = TestMessage { r#type: TestMessage::TYPE, timestamp: now(), data: Empty {} };
    let message = Message {
        target: &url::target(&url)?,
        id: &format!("test_{}", Uuid::now_v7().simple()),
        body: serde_json::to_vec(&test).map_err(Problem::internal)?.into(),
        secrets: &secret::current(&webhooks, &id, &stored)?,
    };
    let attempt = webhooks.sender().send(&message).await;
    Ok(Json::new(&TestResult::from(attempt))?)
}

impl From<Attempt> for TestResult {
    fn from(attempt: Attempt) -> Self {
        let (status, error) = match attempt.outcome {
            Outcome::Status(status) => (Some(status), None),
            Outcome::Failed(error) => (None, Some(error.to_string())),
        };
        Self { status, duration: IsoDuration(attempt.duration), error }
    }
}
