//! What only webhooks have: [`RotateWebhookSecret`], [`TestWebhook`], [`GetWebhookDeliveries`].

use std::fmt;
use std::time::Duration;

use http::{Method, StatusCode};
use orders_core::{ChangeType, Cursor, OrderId, Timestamp, Webhook, WebhookId};
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::request::request;
use super::resources::path;
use super::response::json;
use super::{Effect, Failure, Operation, Request, Response};

/// A new webhook, with its secret.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NewWebhook {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: Webhook,
    /// With this the messages are signed.
    pub secret: WebhookSecret,
}

/// The secret with which the messages of a webhook are signed, as [Standard Webhooks](https://www.standardwebhooks.com)
/// writes it: `whsec_` and Base64. The service shows it only once.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct WebhookSecret(String);

impl WebhookSecret {
    /// The secret as text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Without the secret.
impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(..)")
    }
}

/// `POST /webhooks/{id}/secret`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotateWebhookSecret {
    /// The webhook.
    pub id: WebhookId,
}

impl Operation for RotateWebhookSecret {
    type Output = WebhookSecret;

    fn request(&self) -> Request {
        request(Method::POST, path::<Webhook>(&self.id) + "/secret")
    }

    fn read(&self, response: &Response) -> Result<WebhookSecret, Failure> {
        #[derive(Deserialize)]
        struct Rotated {
            secret: WebhookSecret,
        }
        json(response, &[StatusCode::OK]).map(|Rotated { secret }| secret)
    }

    fn effect(&self) -> Effect {
        Effect::Once
    }
}

/// `POST /webhooks/{id}/test`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestWebhook {
    /// The webhook.
    pub id: WebhookId,
}

/// What an endpoint answered to a test message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WebhookTest {
    /// The status of its response; `None` if there was none.
    pub status: Option<u16>,
    /// How long that took.
    #[serde(deserialize_with = "duration")]
    pub duration: Duration,
    /// Why there was no response.
    #[serde(default)]
    pub error: Option<String>,
}

impl Operation for TestWebhook {
    type Output = WebhookTest;

    fn request(&self) -> Request {
        request(Method::POST, path::<Webhook>(&self.id) + "/test")
    }

    fn read(&self, response: &Response) -> Result<WebhookTest, Failure> {
        json(response, &[StatusCode::OK])
    }

    /// It changes nothing in the service; a repetition sends another message.
    fn effect(&self) -> Effect {
        Effect::None
    }
}

/// `GET /webhooks/{id}/deliveries`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetWebhookDeliveries {
    /// The webhook.
    pub id: WebhookId,
}

/// An attempt to deliver a change.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WebhookDelivery {
    /// The change.
    pub cursor: Cursor,
    /// Its order.
    pub order: OrderId,
    /// What happened to the order.
    #[serde(rename = "type")]
    pub change_type: ChangeType,
    /// When the attempt began.
    pub attempted_at: Timestamp,
    /// The status of the response; `None` if there was none.
    pub status: Option<u16>,
    /// How long the attempt took.
    #[serde(deserialize_with = "duration")]
    pub duration: Duration,
    /// Why it failed; `None` if it succeeded.
    pub error: Option<String>,
}

impl Operation for GetWebhookDeliveries {
    type Output = Vec<WebhookDelivery>;

    fn request(&self) -> Request {
        request(Method::GET, path::<Webhook>(&self.id) + "/deliveries")
    }

    fn read(&self, response: &Response) -> Result<Vec<WebhookDelivery>, Failure> {
        json(response, &[StatusCode::OK])
    }

    fn effect(&self) -> Effect {
        Effect::None
    }
}

/// Reads seconds as ISO 8601 writes them: `PT0.031S`.
fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    let seconds = text.strip_prefix("PT").and_then(|rest| rest.strip_suffix('S'));
    let seconds = seconds.and_then(|seconds| seconds.parse().ok());
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| D::Error::custom(format_args!("{text:?} is not a duration in seconds")))
}
