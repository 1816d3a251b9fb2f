//! The OpenAPI document: what the service does, in the form that tools read.
//!
//! It is generated from the route table. Each endpoint has its prose; parameters, bodies, responses and problems
//! come from the types of its handler's arguments and response, see `http::endpoint`.

mod calendar_feed;
mod components;
mod model;
mod operation;
mod problem;
mod schema;
mod webhook;

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

pub(crate) use self::components::{
    Components, Example, Model, described, example, object, with_optional,
};
pub(crate) use self::model::ordered_services;
use self::operation::SECURITY_SCHEME;
pub(crate) use self::operation::{Header, Operation};
pub(crate) use self::problem::{
    any as any_problem, example as problem_example, schema as problem_schema,
};
pub(crate) use self::schema::{
    after, cursor, datetime, gap_draft, id, id_or_integer, metadata, metadata_value, read_only,
};
use crate::http::resource::MethodEndpoint;
use crate::routes;

/// The introduction of the document.
const DESCRIPTION: &str = "\
Orders as appointments: two orders of one calendar are never less than its minimum gap apart, 3 hours unless it says \
otherwise. Exactly the gap apart is far enough.

**Errors** are `application/problem+json` (RFC 9457). Branch on `type`, never on `detail`; `GET /problems` lists all \
types. An unknown path is 404; a method that a path does not have is 405, `method-not-allowed`. Unknown query \
parameters and fields are rejected, so that a misspelt one is not silently lost.

**Access**: each operation says which scope its client needs; those that say nothing are open to everyone. Without valid \
credentials the answer is 401, without the scope or the calendar 403, and 429 to a client that exceeds its rate. A client that is \
restricted to some calendars sees only their orders.

**HEAD and OPTIONS**: `HEAD` works wherever `GET` does and has the same status and headers, without the body. `OPTIONS` \
answers 204 with the methods of the path in `Allow`.

**Times** are RFC 3339, returned in UTC, kept to the microsecond. **Money** is a JSON number with at most two decimals, \
kept exactly; read it as a decimal, not as a binary fraction.

**Writing safely**: `Idempotency-Key` makes the creation of an order safe to repeat, and `If-Match` a change. A 503 on a \
write means that it may have happened: repeat it with the same id or `Idempotency-Key`.

**Every response** has an `X-Request-Id`, that of the request or a new one; the service's log has it too.";

/// What the document says about credentials.
const AUTHENTICATION: &str = "\
An API key, `ordk_` and 36 letters and digits, which the operator creates with `orders-api keys create`; or an access token of the \
identity provider that the operator trusts. A client has one of the \
scopes `read`, `write` and `admin`, each of which includes those before it, and may be restricted to some calendars.";

/// The groups of operations, and what they are about.
const TAGS: [(&str, &str); 7] = [
    ("orders", "Booked appointments."),
    ("changes", "What happened to orders."),
    ("webhooks", "Endpoints of other systems, to which the changes of orders are sent."),
    ("feeds", "Calendars to which programs such as Google Calendar subscribe."),
    ("services", "What can be ordered."),
    ("calendars", "Resources that serve one order at a time, and when they are free."),
    ("about", "The service itself: its health, its problems, its documentation."),
];

/// The document, as it is served, printed and checked in.
pub static JSON: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", document()));

fn document() -> Value {
    let mut components = Components::default();
    let mut paths = Map::new();
    for resource in routes::table() {
        let mut item = Map::new();
        for MethodEndpoint { method, scope, endpoint } in resource.methods() {
            let operation = endpoint.describe(*scope, &mut components);
            item.insert(method.as_str().to_ascii_lowercase(), operation);
        }
        paths.insert(resource.path().to_owned(), item.into());
    }
    let webhooks = webhook::messages(&mut components);
    components.add(
        "securitySchemes",
        SECURITY_SCHEME,
        json!({
            "type": "http", "scheme": "bearer", "description": AUTHENTICATION
        }),
    );
    let license = env!("CARGO_PKG_LICENSE");
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Orders",
            "description": DESCRIPTION,
            "contact": { "name": "The operator of this service" },
            "license": { "name": license, "identifier": license },
            "version": env!("CARGO_PKG_VERSION")
        },
        "servers": [{ "url": "/" }],
        "security": [],
        "tags": TAGS.map(|(name, description)| json!({ "name": name, "description": description })),
        "paths": paths,
        "webhooks": webhooks,
        "components": components
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_operation_has_an_id_of_its_own_a_known_tag_and_prose() {
        let document = document();
        let mut ids = BTreeSet::new();
        let paths = document["paths"].as_object().unwrap().values();
        for operation in paths.flat_map(|item| item.as_object().unwrap().values()) {
            assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{operation}");
            assert!(TAGS.iter().any(|(name, _)| operation["tags"] == json!([name])), "{operation}");
            for prose in ["summary", "description"] {
                assert_ne!(operation[prose].as_str().unwrap(), "", "{operation}");
            }
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_component_is_used() {
        let document = document();
        let mut used = BTreeSet::new();
        collect(&document, &mut used);
        for reference in &used {
            let target = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(target).is_some(), "{reference}");
        }
        // Not by a reference, but by its name.
        used.insert(format!("#/components/securitySchemes/{SECURITY_SCHEME}"));
        for (kind, components) in document["components"].as_object().unwrap() {
            for name in components.as_object().unwrap().keys() {
                let reference = format!("#/components/{kind}/{name}");
                assert!(used.contains(&reference), "nothing refers to {reference}");
            }
        }
    }

    fn collect(value: &Value, used: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    used.insert(reference.clone());
                }
                members.values().for_each(|value| collect(value, used));
            }
            Value::Array(elements) => elements.iter().for_each(|value| collect(value, used)),
            _ => {}
        }
    }
}
