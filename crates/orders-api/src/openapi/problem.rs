//! The problems in the document, each made from its [`ProblemType`].

use orders_core::{Booking, MAX_PAIRS, MinimumGap, NearestFree, TooClose};
use serde_json::{Map, Value, json};

use super::components::{Components, Model, object};
use super::operation::{self, Header};
use super::schema::id;
use crate::problem::{
    MAX_FIELD_ERRORS, PROBLEM_JSON, ProblemType, RATE_LIMIT, RATE_LIMIT_POLICY, RETRY_AFTER,
    WWW_AUTHENTICATE,
};

/// The response with one of these problems, which have the same status.
pub(super) fn response(components: &mut Components, problems: &[ProblemType]) -> Value {
    let headers: &[Header] = match problems {
        [ProblemType::Unavailable] => &[RETRY_AFTER],
        [ProblemType::AuthenticationRequired | ProblemType::NotPermitted] => &[WWW_AUTHENTICATE],
        [ProblemType::TooManyRequests] => &[RETRY_AFTER, RATE_LIMIT_POLICY, RATE_LIMIT],
        _ => &[],
    };
    let (mut schemas, mut examples) = (Vec::new(), Map::new());
    for &problem in problems {
        schemas.push(schema(components, problem));
        let value = json!({ "summary": problem.title(), "value": example(problem) });
        examples.insert(name(problem), components.add("examples", &name(problem), value));
    }
    let (description, schema) = match problems {
        [only] => (only.meaning().to_owned(), schemas.remove(0)),
        several => {
            let meaning =
                |problem: &ProblemType| format!("- `{}`: {}", problem.name(), problem.meaning());
            let meanings: Vec<_> = several.iter().map(meaning).collect();
            (meanings.join("\n"), json!({ "oneOf": schemas }))
        }
    };
    let mut response = operation::response(components, &description, headers);
    response["content"][PROBLEM_JSON] = json!({ "schema": schema, "examples": examples });
    match problems {
        [only] => components.add("responses", &name(*only), response),
        _ => response,
    }
}

/// The schema of every problem.
pub(crate) fn any(components: &mut Components) -> Value {
    let properties = [
        (
            "type",
            json!({
                "type": "string", "format": "uri-reference",
                "description": "The type of the problem, on which clients branch. A path that explains itself."
            }),
        ),
        ("title", json!({ "type": "string", "description": "The type in words." })),
        (
            "status",
            json!({ "type": "integer", "minimum": 400, "maximum": 599, "description": "The HTTP status." }),
        ),
        (
            "detail",
            json!({ "type": "string", "description": "What is wrong with this request, for people." }),
        ),
    ];
    components.schema("Problem", object("Why the request failed (RFC 9457).", properties))
}

/// The schema of problems of one type.
pub(crate) fn schema(components: &mut Components, problem: ProblemType) -> Value {
    let mut calendar_and_gap =
        || [("calendar", id(components)), ("minimum_gap", MinimumGap::schema(components))];
    let members = match problem {
        ProblemType::InvalidRequest => vec![("errors", many(field_error(), MAX_FIELD_ERRORS))],
        ProblemType::OrderConflict => {
            let [calendar, gap] = calendar_and_gap();
            let conflicts = json!({
                "type": "array", "items": Booking::schema(components), "minItems": 1,
                "description": "The orders that are too close, by time."
            });
            let nearest_free = NearestFree::schema(components);
            vec![calendar, gap, ("conflicts_with", conflicts), ("nearest_free", nearest_free)]
        }
        ProblemType::GapTooWide => {
            let [calendar, gap] = calendar_and_gap();
            vec![calendar, gap, ("too_close", many(TooClose::schema(components), MAX_PAIRS))]
        }
        _ => Vec::new(),
    };
    let required: Vec<_> = members.iter().map(|(name, _)| *name).collect();
    let mut narrowed = json!({
        "type": "object",
        "properties": {
            "type": { "const": problem.path() },
            "title": { "const": problem.title() },
            "status": { "const": problem.status().as_u16() }
        },
        "required": required
    });
    for (name, schema) in members {
        narrowed["properties"][name] = schema;
    }
    let schema = json!({ "description": problem.meaning(), "allOf": [any(components), narrowed] });
    components.schema(&name(problem), schema)
}

fn many(item: Value, most: usize) -> Value {
    json!({ "type": "array", "items": item, "minItems": 1, "maxItems": most })
}

fn field_error() -> Value {
    let pointer = "Where the field is, as a JSON pointer (RFC 6901).";
    let properties = [
        ("pointer", json!({ "type": "string", "description": pointer })),
        (
            "detail",
            json!({ "type": "string", "description": "What is wrong with it, for people." }),
        ),
    ];
    object("A field that breaks a rule.", properties)
}

/// The name of a problem's schema, response and example.
fn name(problem: ProblemType) -> String {
    format!("{problem:?}")
}

/// A problem of this type, as the service sends it.
pub(crate) fn example(problem: ProblemType) -> Value {
    let mut example = json!({
        "type": problem.path(), "title": problem.title(), "status": problem.status().as_u16(),
        "detail": problem.example_detail()
    });
    let first = json!({ "id": "223", "datetime": "2022-11-01T11:11:11.111Z" });
    let members = match problem {
        ProblemType::OrderConflict => json!({
            "calendar": "default",
            "minimum_gap": "PT3H",
            "conflicts_with": [first],
            "nearest_free": { "before": "2022-11-01T08:11:11.111Z", "after": "2022-11-01T14:11:11.111Z" }
        }),
        ProblemType::GapTooWide => json!({
            "calendar": "default",
            "minimum_gap": "PT3H",
            "too_close": [{ "first": first, "second": { "id": "224", "datetime": "2022-11-01T12:00:00Z" } }]
        }),
        ProblemType::InvalidRequest => json!({ "errors": [
            { "pointer": "/totalfee", "detail": "-1 is not between 0 and 9999999999.99" },
            { "pointer": "/services/0/id", "detail": "there is no service 789" }
        ] }),
        _ => json!({}),
    };
    if let (Value::Object(example), Value::Object(members)) = (&mut example, members) {
        example.extend(members);
    }
    example
}
