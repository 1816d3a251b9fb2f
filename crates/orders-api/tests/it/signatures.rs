//! The signatures of messages, as receivers verify them.

use orders_testkit::Received;
use ureq::http::HeaderMap;

/// Asserts that a message is signed with this secret.
#[track_caller]
pub(crate) fn verify(message: &Received, secret: &str) {
    try_verify(message, secret).unwrap();
}

/// Checks whether it is.
pub(crate) fn try_verify(
    message: &Received,
    secret: &str,
) -> Result<(), standardwebhooks::WebhookError> {
    let mut headers = HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, message.header(name).parse().unwrap());
    }
    standardwebhooks::Webhook::new(secret).unwrap().verify(&message.body, &headers)
}
