//! Every response of the tests is checked against the OpenAPI document: [`check`].

use std::sync::LazyLock;

use serde_json::Value;

use crate::app::Answer;

const PROBLEM: &str = "application/problem+json";

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&orders_api::openapi::JSON).unwrap());

/// Panics if the operation does not list the response: its status, media type, problem type and headers.
#[track_caller]
pub(crate) fn check(method: &str, target: &str, answer: &Answer) {
    let path = target.split('?').next().unwrap_or_default();
    let Some(operation) = operation(method, path) else {
        let is_known = operations(path).next().is_some();
        let expected = match method {
            "OPTIONS" if is_known => 204,
            _ if is_known => 405,
            _ => 404,
        };
        assert_eq!(answer.status, expected, "{method} {target} is not in the document");
        return;
    };
    let response = &operation["responses"][answer.status.to_string()];
    assert!(!response.is_null(), "{method} {target}: {} is not in the document", answer.status);
    let response = resolve(response);
    for (name, header) in response["headers"].as_object().unwrap() {
        let is_required = resolve(header)["required"] == true;
        assert!(
            !is_required || answer.headers.contains_key(name),
            "{method} {target} has no {name}"
        );
    }
    let Some(content) = response.get("content") else {
        assert!(answer.body.is_empty(), "{method} {target}: a body is not in the document");
        return;
    };
    let media_type = answer.header("Content-Type").split(';').next().unwrap();
    let content = &content[media_type];
    assert!(!content.is_null(), "{method} {target}: {media_type} is not in the document");
    if media_type == PROBLEM && method != "HEAD" {
        let problem_type = &answer.json()["type"];
        let is_listed = problem_types(&content["schema"]).any(|listed| listed == problem_type);
        assert!(is_listed, "{method} {target}: {problem_type} is not in the document");
    }
}

/// What the document says about a request.
fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let method = if method == "HEAD" { "get" } else { &method.to_ascii_lowercase() };
    operations(path).find_map(|item| item.get(method))
}

/// The operations of the paths that match, those without parameters first.
fn operations(path: &str) -> impl Iterator<Item = &'static Value> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let mut matching: Vec<_> =
        paths.iter().filter(|(template, _)| matches(template, path)).collect();
    matching.sort_by_key(|(template, _)| template.contains('{'));
    matching.into_iter().map(|(_, item)| item)
}

fn matches(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/'), path.split('/'));
    template.clone().count() == path.clone().count()
        && template
            .zip(path)
            .all(|(part, segment)| part == segment || matches_parameter(part, segment))
}

/// Whether a segment is a parameter, with what the template has after it.
fn matches_parameter(part: &str, segment: &str) -> bool {
    let rest = part.strip_prefix('{').and_then(|part| part.split_once('}'));
    rest.is_some_and(|(_, rest)| segment.len() > rest.len() && segment.ends_with(rest))
}

/// The problem types that a schema allows: one, or one of several.
fn problem_types(schema: &'static Value) -> impl Iterator<Item = &'static Value> {
    let schemas = match schema.get("oneOf") {
        Some(several) => several.as_array().unwrap().as_slice(),
        None => std::slice::from_ref(schema),
    };
    schemas.iter().map(|schema| &resolve(schema)["allOf"][1]["properties"]["type"]["const"])
}

/// What a reference leads to.
fn resolve(value: &'static Value) -> &'static Value {
    match value.get("$ref") {
        Some(reference) => {
            DOCUMENT.pointer(reference.as_str().unwrap().trim_start_matches('#')).unwrap()
        }
        None => value,
    }
}
