use std::collections::HashSet;

use http::{HeaderMap, StatusCode};
use serde_json::Value;
use standardwebhooks::Webhook;

/// A receiver, for any framework that has the request's headers and its body as bytes.
struct Receiver {
    webhook: Webhook,
    /// In production: a unique key in your database, written in the same transaction as the effect of the change.
    seen: HashSet<String>,
}

impl Receiver {
    /// What to answer to a request. A change that is new goes to `handle`.
    fn receive(
        &mut self,
        headers: &HeaderMap,
        body: &[u8],
        handle: impl FnOnce(&Value),
    ) -> StatusCode {
        let Ok(()) = self.webhook.verify(body, headers) else { return StatusCode::BAD_REQUEST };
        let Ok(change) = serde_json::from_slice::<Value>(body) else {
            return StatusCode::BAD_REQUEST;
        };
        let id = String::from_utf8_lossy(headers["webhook-id"].as_bytes());
        let is_new = !self.seen.contains(&*id);
        if is_new && change["type"].as_str().is_some_and(|kind| kind.starts_with("order.")) {
            handle(&change);
        }
        self.seen.insert(id.into_owned());
        StatusCode::NO_CONTENT
    }
}
