//! What requests carry beside a body.

use orders_core::{CalendarId, MAX_KEY_LENGTH};
use serde_json::json;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr, Required};

use super::value::text;
use crate::endpoints::docs;
use crate::endpoints::orders::list::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::problem::ProblemType;

/// What a list of entity tags looks like, or the star that stands for any (RFC 9110, section 13.1.1).
const ENTITY_TAGS: &str = r#"^(\*|[ ,]*(W/)?"[!#-~]*"( *,[ ,]*(W/)?"[!#-~]*")*[ ,]*)$"#;

pub(super) fn all() -> Vec<(&'static str, Parameter)> {
    let id = |what: &str| in_path("id", what, Ref::from_schema_name("Id"));
    vec![
        ("OrderId", id("The order.")),
        ("ServiceId", id("The service.")),
        ("CalendarId", id("The calendar.")),
        ("ProblemKind", in_path("slug", "The last segment of a problem's `type`.", problem_type())),
        ("DocsFile", in_path("file", "A file of the page.", file())),
        (
            "OfCalendar",
            query("calendar", "Only orders of this calendar.", Ref::from_schema_name("Id")),
        ),
        (
            "OfService",
            query("service", "Only orders that name this service.", Ref::from_schema_name("Id")),
        ),
        (
            "From",
            query(
                "from",
                "Only orders that start then or later.",
                Ref::from_schema_name("DateTime"),
            ),
        ),
        ("To", query("to", "Only orders that start earlier.", Ref::from_schema_name("DateTime"))),
        (
            "Direction",
            query(
                "order",
                "By `datetime` then `id`, earliest first (`asc`) or latest first (`desc`).",
                direction(),
            ),
        ),
        (
            "Limit",
            query("limit", "How many orders are on a page at most. Not for NDJSON.", limit()),
        ),
        (
            "After",
            query(
                "after",
                "Where the page begins: an opaque cursor out of the `Link` of the page before. Not for NDJSON.",
                text().examples([json!("a1667301071111000_223")]),
            ),
        ),
        ("WishedCalendar", query("calendar", "The calendar to look into.", wished_calendar())),
        (
            "WindowFrom",
            required(query("from", "Where the window begins.", Ref::from_schema_name("DateTime"))),
        ),
        (
            "WindowTo",
            required(query(
                "to",
                "Where the window ends, itself outside: after `from`, by at most 366 days.",
                Ref::from_schema_name("DateTime"),
            )),
        ),
        (
            "DryRun",
            query(
                "dry_run",
                "`true` runs every check, writes nothing, and answers 200 with the order as it would be, or the error as it would be.",
                dry_run(),
            ),
        ),
        (
            "IfMatch",
            header(
                "If-Match",
                "The entity tags of the versions that may be changed, or `*` for any. Another version is 412.",
                text().pattern(Some(ENTITY_TAGS)).examples([json!("\"1\"")]),
            ),
        ),
        (
            "IfNoneMatch",
            header(
                "If-None-Match",
                "The entity tags of the versions that the client has, or `*` for any. Such a version is answered 304.",
                text().pattern(Some(ENTITY_TAGS)).examples([json!("\"1\"")]),
            ),
        ),
        (
            "IfNone",
            header(
                "If-None-Match",
                "`*`: there is to be no such order. Where there is one it is 412.",
                text().enum_values(Some(["*"])),
            ),
        ),
        (
            "IdempotencyKey",
            header(
                "Idempotency-Key",
                "The client's own name for this creation, which makes it safe to repeat: the same key with the same body gives the first answer again. Kept for at least 24 hours. An error is not remembered. With or without quotes.",
                key(),
            ),
        ),
        (
            "RequestId",
            header(
                "X-Request-Id",
                "Names the request in the log and in the answer: 1 to 128 visible ASCII characters. Anything else is passed over and a new id made.",
                text(),
            ),
        ),
    ]
}

/// The parameters in a path, as `OPTIONS` takes them: whatever they are.
pub(super) fn any_of(path: &str) -> Vec<Parameter> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| in_path(name, "It need not exist.", text())).collect()
}

fn in_path(name: &str, description: &str, schema: impl Into<RefOr<Schema>>) -> Parameter {
    required(parameter(ParameterIn::Path, name, description, schema))
}

fn query(name: &str, description: &str, schema: impl Into<RefOr<Schema>>) -> Parameter {
    parameter(ParameterIn::Query, name, description, schema)
}

fn header(name: &str, description: &str, schema: impl Into<RefOr<Schema>>) -> Parameter {
    parameter(ParameterIn::Header, name, description, schema)
}

fn parameter(
    place: ParameterIn,
    name: &str,
    description: &str,
    schema: impl Into<RefOr<Schema>>,
) -> Parameter {
    ParameterBuilder::new()
        .parameter_in(place)
        .name(name)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

fn required(mut parameter: Parameter) -> Parameter {
    parameter.required = Required::True;
    parameter
}

fn problem_type() -> ObjectBuilder {
    text().enum_values(Some(ProblemType::ALL.map(ProblemType::name)))
}

fn file() -> ObjectBuilder {
    text().enum_values(Some(docs::FILES.map(|file| file.name)))
}

fn direction() -> ObjectBuilder {
    text().enum_values(Some(["asc", "desc"])).default(Some(json!("asc")))
}

fn limit() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .maximum(Some(MAX_LIMIT))
        .default(Some(json!(DEFAULT_LIMIT)))
}

fn wished_calendar() -> Ref {
    let mut id = Ref::from_schema_name("Id");
    id.default = Some(json!(CalendarId::default()));
    id
}

fn dry_run() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Boolean).default(Some(json!(false)))
}

fn key() -> ObjectBuilder {
    text()
        .pattern(Some("^[!-~]+$"))
        .min_length(Some(1))
        .max_length(Some(MAX_KEY_LENGTH))
        .examples([json!("8e03978e-40d5-43dd-bc93-6894a57f9324")])
}
