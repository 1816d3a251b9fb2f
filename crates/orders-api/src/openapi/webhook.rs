//! The schemas of webhooks, and the messages that are sent to them.

use orders_core::{Change, ChangeType, MAX_URL_LENGTH, Timestamp, Webhook, WebhookState};
use serde_json::{Value, json};

use super::components::{Components, Example, Model, described, example, object, with_optional};
use super::schema::{cursor, id, read_only};
use crate::endpoints::webhooks::{Delivery, NewSecret, NewWebhook, TestMessage, TestResult};
use crate::http::response::JSON;

impl Model for Webhook {
    const LINKS: &'static [(&'static str, &'static str)] = &[
        ("getWebhook", "id"),
        ("replaceWebhook", "id"),
        ("deleteWebhook", "id"),
        ("testWebhook", "id"),
        ("listWebhookDeliveries", "id"),
    ];

    fn schema(components: &mut Components) -> Value {
        let webhook = object(
            "An endpoint, and how far it has been sent the changes.",
            properties(components),
        );
        components.schema("Webhook", webhook)
    }

    fn examples() -> Vec<Example> {
        vec![example("Webhook", "A webhook that works", webhook())]
    }
}

impl Model for NewWebhook {
    const LINKS: &'static [(&'static str, &'static str)] = Webhook::LINKS;

    fn schema(components: &mut Components) -> Value {
        let mut schema = object("A new webhook, with its secret.", properties(components));
        schema["properties"]["secret"] = secret(components);
        if let Some(required) = schema["required"].as_array_mut() {
            required.push("secret".into());
        }
        components.schema("NewWebhook", schema)
    }

    fn examples() -> Vec<Example> {
        let mut webhook = webhook();
        webhook["secret"] = SECRET.into();
        vec![example("NewWebhook", "A webhook and its secret", webhook)]
    }
}

impl Model for NewSecret {
    fn schema(components: &mut Components) -> Value {
        let properties = [("secret", secret(components))];
        components.schema("NewSecret", object("The new secret of a webhook.", properties))
    }

    fn examples() -> Vec<Example> {
        vec![example("NewSecret", "A secret", json!({ "secret": SECRET }))]
    }
}

impl Model for TestResult {
    fn schema(components: &mut Components) -> Value {
        let error = json!({ "type": "string", "description": "Why there was no response." });
        let properties =
            [("status", status()), ("duration", duration(components)), ("error", error)];
        let description =
            "What came of a test message. There is an `error` if there was no response.";
        components.schema("TestResult", with_optional(&["error"], object(description, properties)))
    }

    fn examples() -> Vec<Example> {
        let failed =
            json!({ "status": null, "duration": "PT5.001S", "error": "no connection within 5 s" });
        vec![
            example(
                "TestResult",
                "It was received",
                json!({ "status": 204, "duration": "PT0.031S" }),
            ),
            example("TestResultFailed", "There was no response", failed),
        ]
    }
}

impl Model for Delivery {
    fn schema(components: &mut Components) -> Value {
        let properties = [
            ("cursor", described(cursor(components), "The change.")),
            ("order", described(id(components), "The order that was changed.")),
            ("type", change_type()),
            ("attempted_at", described(Timestamp::schema(components), "When the attempt began.")),
            ("status", status()),
            ("duration", duration(components)),
            (
                "error",
                or_null(json!({ "type": "string" }), "Why it failed; null if it was delivered."),
            ),
        ];
        components.schema("Delivery", object("An attempt to deliver a change.", properties))
    }

    fn examples() -> Vec<Example> {
        let delivery = json!({
            "cursor": "42_1667124180123456", "order": "223", "type": "order.created",
            "attempted_at": "2022-10-30T08:00:01Z", "status": 204, "duration": "PT0.031S", "error": null
        });
        vec![example("Delivery", "A change that was delivered", delivery)]
    }
}

impl Model for TestMessage {
    fn schema(components: &mut Components) -> Value {
        let data = json!({ "type": "object", "maxProperties": 0, "description": "Nothing." });
        let properties = [
            (
                "type",
                json!({ "type": "string", "const": Self::TYPE, "description": "The type of the message." }),
            ),
            ("timestamp", described(Timestamp::schema(components), "When it was sent.")),
            ("data", data),
        ];
        components.schema("TestMessage", object("A message that is about no order.", properties))
    }

    fn examples() -> Vec<Example> {
        let message =
            json!({ "type": Self::TYPE, "timestamp": "2022-10-30T08:00:00.123456Z", "data": {} });
        vec![example("TestMessage", "A test", message)]
    }
}

/// The messages to webhooks: the section `webhooks` of the document.
pub(super) fn messages(components: &mut Components) -> Value {
    let change = "Sent for every change that the webhook wants, at least once, and for the changes of one order in their \
                  sequence. The body is the same bytes as in `GET /changes`, and `webhook-id` is its cursor. Any status \
                  2xx means that it was received. 410 disables the webhook; anything else is a failure, after which the \
                  message is sent again, at the earliest after the time in `Retry-After`. Redirects are not followed.";
    let test = "Sent once when a client asks for it, with a `webhook-id` of its own.";
    // Without an example: linters reject read-only fields in the body of a request.
    let content = json!({ "schema": Change::schema(components) });
    let change = message(components, content, "receiveChange", "Receive a change", change);
    let content = components.content::<TestMessage>();
    let test = message(components, content, "receiveTest", "Receive a test message", test);
    json!({ "change": { "post": change }, "test": { "post": test } })
}

fn message(
    components: &mut Components,
    content: Value,
    id: &str,
    summary: &str,
    description: &str,
) -> Value {
    let mut header = |component: &str, name: &str, pattern: &str, description: &str| {
        let schema = json!({ "type": "string", "pattern": pattern });
        let header = json!({
            "name": name, "in": "header", "required": true, "description": description, "schema": schema
        });
        components.add("parameters", component, header)
    };
    let parameters = [
        header(
            "WebhookId",
            "webhook-id",
            "^[!-~]+$",
            "Names the message, and is the same whenever it is repeated: ignore those that are known.",
        ),
        header(
            "WebhookTimestamp",
            "webhook-timestamp",
            r"^\d+$",
            "When it was sent, in seconds since 1970.",
        ),
        header(
            "WebhookSignature",
            "webhook-signature",
            r"^v1,\S+( v1,\S+)*$",
            "`v1,` and the HMAC-SHA256 of `webhook-id.webhook-timestamp.body` in base64, as in the specification Standard \
             Webhooks; for 24 hours after a rotation of the secret two of them, with a blank in between.",
        ),
    ];
    let received = json!({ "description": "It was received." });
    let gone = json!({ "description": "No more messages are wanted; the webhook is disabled." });
    json!({
        "operationId": id, "tags": ["webhooks"], "summary": summary, "description": description,
        "security": [], "parameters": parameters,
        "requestBody": { "required": true, "content": { JSON: content } },
        "responses": { "2XX": received, "410": gone },
    })
}

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=";

fn webhook() -> Value {
    json!({
        "id": "crm", "url": "https://crm.example/hooks", "calendar": "analysis", "service": null,
        "types": ["order.created"], "state": "active", "cursor": "42_1667124180123456", "behind": 0, "parked": 0,
        "failing_since": null, "last_error": null
    })
}

fn properties(components: &mut Components) -> [(&'static str, Value); 11] {
    let url = json!({
        "type": "string", "format": "uri", "maxLength": MAX_URL_LENGTH, "description": "Where the changes are sent."
    });
    let types = json!({ "type": "array", "items": change_type(), "uniqueItems": true });
    let states = WebhookState::ALL.map(WebhookState::as_str);
    let state = json!({
        "type": "string", "enum": states,
        "description": "`active`, `paused` by a client, or `disabled` by the service, for the reason in `last_error`."
    });
    let count = |description: &str| {
        read_only(
            json!({ "type": "integer", "format": "int64", "minimum": 0, "description": description }),
        )
    };
    let only = "Only changes of orders that are or were in this calendar; null is all.";
    let service = "Only changes of orders that contain or contained this service; null is all.";
    let failing_since = "When the first delivery failed after the last success, or since when the service cannot send \
                         anything; null if the last one succeeded.";
    [
        ("id", id(components)),
        ("url", url),
        ("calendar", or_null(id(components), only)),
        ("service", or_null(id(components), service)),
        ("types", or_null(types, "Only changes of these types; null is all.")),
        ("state", state),
        (
            "cursor",
            read_only(described(
                cursor(components),
                "Up to here, all changes were delivered, were not wanted, or wait with a parked order.",
            )),
        ),
        (
            "behind",
            count("How many changes there are after the cursor, also those that are not wanted."),
        ),
        ("parked", count("How many orders wait because a delivery failed; other orders continue.")),
        ("failing_since", read_only(or_null(Timestamp::schema(components), failing_since))),
        (
            "last_error",
            read_only(or_null(
                json!({ "type": "string" }),
                "Why the last delivery failed, why nothing can be sent, or why the webhook is disabled.",
            )),
        ),
    ]
}

fn or_null(schema: Value, description: &str) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }], "description": description })
}

fn change_type() -> Value {
    let names = ChangeType::ALL.map(ChangeType::as_str);
    json!({ "type": "string", "enum": names, "description": "What was done." })
}

fn secret(components: &mut Components) -> Value {
    let schema = json!({
        "type": "string", "pattern": "^whsec_[A-Za-z0-9+/]+=*$", "examples": [SECRET],
        "description": "The key with which messages are signed. It is not shown again."
    });
    components.schema("WebhookSecret", schema)
}

fn status() -> Value {
    or_null(
        json!({ "type": "integer", "minimum": 100, "maximum": 999 }),
        "The status of the response; null if there was none.",
    )
}

fn duration(components: &mut Components) -> Value {
    let schema = json!({
        "type": "string", "pattern": r"^PT\d+\.\d{3}S$", "examples": ["PT0.031S"],
        "description": "How long it took: an ISO 8601 duration in seconds."
    });
    components.schema("ElapsedTime", schema)
}
