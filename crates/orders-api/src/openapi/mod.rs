//! The OpenAPI document: what the service does, in the form that tools read.
//!
//! Each resource describes its operations in a file here; patterns and limits come from `orders-core`, problems
//! and their examples from the code that answers them. A test holds the document against the route table.

mod about;
mod availability;
mod calendars;
mod example;
mod header;
mod operation;
mod orders;
mod parameter;
mod problem;
mod schema;
mod services;
mod value;

use std::sync::LazyLock;

use utoipa::openapi::path::PathItemBuilder;
use utoipa::openapi::{
    Components, ComponentsBuilder, ContactBuilder, HttpMethod, Info, InfoBuilder, LicenseBuilder,
    OpenApi, OpenApiBuilder, PathsBuilder, Server, tag::TagBuilder,
};

use self::operation::{Described, Tag};

/// What stands at the head of the document.
const DESCRIPTION: &str = "\
Orders as appointments: two orders of one calendar are never less than its minimum gap apart, 3 hours unless it says \
otherwise. Exactly the gap apart is far enough.

**Errors** are `application/problem+json` (RFC 9457). Branch on `type`, never on `detail`; `GET /problems` lists all \
types. A method that a path does not know is 405, a path that there is not 404. Query parameters and fields that nobody \
knows are refused, so that a misspelt one is not silently lost.

**Times** are RFC 3339, answered in UTC, kept to the microsecond. **Money** is a JSON number with at most two decimals, \
kept exactly; read it as a decimal, not as a binary fraction.

**Writing safely**: `Idempotency-Key` makes the creation of an order safe to repeat, and `If-Match` a change. A 503 on a \
write means that it may have happened: repeat it with the same id or `Idempotency-Key`.

**Every answer** carries `X-Request-Id`, the one of the request or a new one; the service's log carries it too.";

/// The document, as it is served, printed and checked in.
pub static JSON: LazyLock<String> = LazyLock::new(|| {
    // OK because every key is a string.
    let mut json = document().to_pretty_json().expect("a document of strings and numbers");
    json.push('\n');
    json
});

fn document() -> OpenApi {
    OpenApiBuilder::new()
        .info(info())
        .servers(Some([Server::new("/")]))
        .security(Some([]))
        .tags(Some(Tag::ALL.map(|tag| {
            TagBuilder::new().name(tag.name()).description(Some(tag.meaning())).build()
        })))
        .paths(paths(operations()))
        .components(Some(components()))
        .build()
}

fn info() -> Info {
    InfoBuilder::new()
        .title("Orders")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .contact(Some(ContactBuilder::new().name(Some("Whoever runs this service")).build()))
        .license(Some(
            LicenseBuilder::new()
                .name(env!("CARGO_PKG_LICENSE"))
                .identifier(Some(env!("CARGO_PKG_LICENSE")))
                .build(),
        ))
        .build()
}

/// Every operation, in the order of the route table; `HEAD` and `OPTIONS` follow from the others.
fn operations() -> Vec<Described> {
    let mut all = Vec::new();
    all.extend(orders::operations());
    all.extend(services::operations());
    all.extend(calendars::operations());
    all.extend(availability::operations());
    all.extend(about::operations());
    all
}

fn paths(operations: Vec<Described>) -> PathsBuilder {
    let mut names: Vec<&str> = operations.iter().map(|described| described.path).collect();
    names.dedup();
    let mut paths = PathsBuilder::new();
    for name in names {
        let here: Vec<_> = operations.iter().filter(|described| described.path == name).collect();
        let mut item = PathItemBuilder::new();
        for described in &here {
            item = item.operation(described.method.clone(), described.operation.clone());
            if described.method == HttpMethod::Get {
                item = item.operation(HttpMethod::Head, described.head());
            }
        }
        item = item.operation(HttpMethod::Options, operation::options(&here));
        paths = paths.path(name, item.build());
    }
    paths
}

fn components() -> Components {
    let mut components = ComponentsBuilder::new()
        .schemas_from_iter(value::all())
        .schemas_from_iter(schema::all())
        .schemas_from_iter(problem::schemas())
        .responses_from_iter(problem::responses());
    for (name, example) in example::all().into_iter().chain(problem::examples()) {
        components = components.example(name, example);
    }
    for (name, parameter) in parameter::all() {
        components = components.parameter(name, parameter);
    }
    for (name, header) in header::all() {
        components = components.header(name, header);
    }
    components.build()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::routes;

    fn read() -> Value {
        serde_json::from_str(&JSON).unwrap()
    }

    /// Path and method of every operation in the document.
    fn documented() -> BTreeSet<(String, String)> {
        let document = read();
        let paths = document["paths"].as_object().unwrap();
        let operations = paths.iter().flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(move |method| (path.clone(), method.to_uppercase()))
        });
        operations.collect()
    }

    #[test]
    fn every_route_is_documented_and_nothing_else() {
        let mut routed = BTreeSet::new();
        for resource in routes::table() {
            let methods = resource.methods().map(ToString::to_string);
            match resource.path() {
                // What it shares with every order stands at /orders/{id}.
                routes::IMPORT => routed.extend(
                    methods
                        .filter(|method| ["POST", "OPTIONS"].contains(&method.as_str()))
                        .map(|method| ("/orders/import".to_owned(), method)),
                ),
                path => routed.extend(methods.map(|method| (path.to_owned(), method))),
            }
        }
        assert_eq!(documented(), routed);
    }

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let document = read();
        let paths = document["paths"].as_object().unwrap();
        let items = paths.values().flat_map(|item| item.as_object().unwrap().values());
        let names: Vec<_> =
            items.map(|operation| operation["operationId"].as_str().unwrap()).collect();
        let different: BTreeSet<_> = names.iter().collect();
        assert_eq!(different.len(), names.len());
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_component_is_used() {
        let document = read();
        let mut used = BTreeSet::new();
        collect(&document, &mut used);
        for reference in &used {
            let target = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(target).is_some(), "{reference}");
        }
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
