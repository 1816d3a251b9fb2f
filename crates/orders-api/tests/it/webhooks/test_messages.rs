//! Test messages.

use std::net::TcpListener;

use orders_core::Timestamp;
use serde_json::json;

use super::*;
use crate::signatures::verify;

#[test]
fn a_test_message_is_like_every_other_message() {
    let app = app();
    let receiver = Endpoint::answering(Reply::Status(204));
    let secret = app.add_webhook(with(draft("crm"), "url", receiver.url("/hooks?token=1")));
    // In every state.
    let states = [
        "UPDATE webhooks SET paused = false",
        "UPDATE webhooks SET paused = true",
        "UPDATE webhooks SET disabled = 'nobody is there'",
    ];
    let mut ids = Vec::new();
    for state in states {
        app.execute(state);
        let result = app.send("POST", "/webhooks/crm/test", &[]).is(200);
        assert_eq!(result["status"], 204);
        let duration = result["duration"].as_str().unwrap();
        assert!(duration.starts_with("PT") && duration.ends_with('S'), "{duration}");
        assert_eq!(result.as_object().unwrap().len(), 2, "{result}");

        let message = receiver.next();
        assert_eq!((&*message.method, &*message.path), ("POST", "/hooks?token=1"));
        assert_eq!(message.header("content-type"), "application/json");
        verify(&message, &secret);
        let body: Value = serde_json::from_slice(&message.body).unwrap();
        let timestamp = body["timestamp"].as_str().unwrap();
        assert_eq!(body, json!({ "type": "webhook.test", "timestamp": timestamp, "data": {} }));
        timestamp.parse::<Timestamp>().unwrap();
        let id = message.header("webhook-id").to_owned();
        assert!(!id.contains('.') && !ids.contains(&id), "{id} {ids:?}");
        ids.push(id);
    }
    // It is no delivery.
    assert_eq!(app.get("/webhooks/crm/deliveries").is(200), json!([]));
}

#[test]
fn the_status_is_that_of_the_response_whatever_it_is() {
    let app = app();
    for (id, reply, number) in [
        ("a", Reply::Status(500), 500),
        ("b", Reply::With(302, "Location: /elsewhere\r\n".to_owned()), 302),
        ("c", Reply::Status(410), 410),
    ] {
        let receiver = Endpoint::answering(reply);
        app.add_webhook(with(draft(id), "url", receiver.url("/")));
        let result = app.send("POST", &format!("/webhooks/{id}/test"), &[]).is(200);
        assert_eq!((&result["status"], &result["error"]), (&json!(number), &Value::Null));
        let message = receiver.next();
        assert_eq!((&*message.method, &*message.path), ("POST", "/"));
        assert_eq!(app.get(&format!("/webhooks/{id}")).is(200)["state"], "active");
    }
}

#[test]
fn without_a_response_the_result_says_why() {
    let app = app();
    // Nobody listens there any more.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    app.add_webhook(with(draft("crm"), "url", format!("http://{address}/")));
    let result = app.send("POST", "/webhooks/crm/test", &[]).is(200);
    assert_eq!((&result["status"], &result["error"]), (&Value::Null, &json!("connection refused")));
    assert!(result["duration"].as_str().unwrap().starts_with("PT"), "{result}");
    // An address that has become forbidden is not called.
    let strict = app.start_another(&[]);
    let result = strict.send("POST", "/webhooks/crm/test", &[]).is(200);
    assert!(result["error"].as_str().unwrap().contains("--webhook-networks"), "{result}");
}
