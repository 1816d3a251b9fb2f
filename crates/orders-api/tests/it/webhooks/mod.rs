//! Webhooks as their clients use them.

mod access;
mod addresses;
mod logs;
mod manage;
mod secrets;
mod test_messages;

use std::cell::Cell;

use orders_testkit::{Received, Receiver, Reply};
use serde_json::{Value, json};

use crate::app::{App, STALL_TIMEOUT};

/// A service that may send messages to this machine.
fn app() -> App {
    App::start_with(&["--webhook-networks", "127.0.0.0/8"])
}

/// A webhook with nothing but what is required, at a port where nobody listens.
fn draft(id: &str) -> Value {
    json!({ "id": id, "url": "http://127.0.0.1:9/hooks" })
}

/// The draft with another member.
fn with(mut draft: Value, name: &str, value: impl Into<Value>) -> Value {
    draft[name] = value.into();
    draft
}

impl App {
    /// Creates a webhook, and returns its secret.
    #[track_caller]
    fn add_webhook(&self, draft: Value) -> String {
        secret(&self.post("/webhooks", draft).is(201))
    }
}

/// The secret in a response.
#[track_caller]
fn secret(response: &Value) -> String {
    let secret = response["secret"].as_str().unwrap();
    // 32 bytes in base64.
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
    secret.to_owned()
}

/// An endpoint of a webhook that answers every message in the same way.
struct Endpoint {
    receiver: Receiver,
    seen: Cell<usize>,
}

impl Endpoint {
    fn answering(reply: Reply) -> Self {
        let receiver = Receiver::start(move |_| reply.clone()).unwrap();
        Self { receiver, seen: Cell::new(0) }
    }

    /// The URL of this path.
    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.receiver.address())
    }

    /// The next message.
    #[track_caller]
    fn next(&self) -> Received {
        let seen = self.seen.replace(self.seen.get() + 1);
        let received = self.receiver.wait_until(STALL_TIMEOUT, |received| received.len() > seen);
        received.expect("a message").remove(seen)
    }
}
