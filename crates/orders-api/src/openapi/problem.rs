//! Problems in the document, each made from its [`ProblemType`] and shown by one that the service would answer.

use orders_core::{
    Booking, CalendarId, Conflict, GapTooWide, MAX_PAIRS, MinimumGap, NearestFree, StoreError,
    TooClose,
};
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::schema::{
    AllOfBuilder, ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, Type,
};
use utoipa::openapi::{Ref, RefOr, Response};

use super::example::{at, sample};
use super::operation::problem_response;
use super::value::{instant, or_null, text};
use crate::problem::ProblemType;
use crate::problem::{FieldError, MAX_FIELD_ERRORS, Problem};

/// The schema that all problems have in common.
const BASE: &str = "Problem";

/// The response of problems that have one status: that of the only one, or any of several.
pub(super) fn response(kinds: &[ProblemType]) -> RefOr<Response> {
    match kinds {
        [only] => RefOr::Ref(Ref::from_response_name(name(*only))),
        several => RefOr::T(one_of(several)),
    }
}

/// What a reference to a problem's response means.
pub(super) fn response_of(status: &str, response: &RefOr<Response>) -> Option<Response> {
    let RefOr::Ref(reference) = response else { return None };
    let found = ProblemType::ALL.into_iter().find(|problem_type| {
        problem_type.status().as_str() == status
            && reference.ref_location.ends_with(&format!("/{}", name(*problem_type)))
    });
    found.map(only)
}

pub(super) fn responses() -> Vec<(String, Response)> {
    let shared = ProblemType::ALL.into_iter().filter(|problem_type| {
        // These are answered only where another problem has the same status, or within a stream.
        !matches!(
            problem_type,
            ProblemType::KeyReused | ProblemType::KeyInUse | ProblemType::ImportStopped
        )
    });
    shared.map(|problem_type| (name(problem_type), only(problem_type))).collect()
}

pub(super) fn schemas() -> Vec<(String, Schema)> {
    let base = ObjectBuilder::new()
        .description(Some("Why a request got no other answer (RFC 9457)."))
        .property(
            "type",
            text().format(Some(uri_reference())).description(Some(
                "The kind of the problem: what to branch on. A path that explains itself.",
            )),
        )
        .property("title", text().description(Some("The kind in words.")))
        .property(
            "status",
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(400))
                .maximum(Some(599))
                .description(Some("The HTTP status.")),
        )
        .property(
            "detail",
            text().description(Some("What is wrong with this request, for people.")),
        )
        .required("type")
        .required("title")
        .required("status")
        .required("detail");
    let mut schemas = vec![
        (BASE.to_owned(), base.into()),
        ("FieldError".to_owned(), field_error().into()),
        ("TooClose".to_owned(), too_close().into()),
        ("NearestFree".to_owned(), nearest_free().into()),
    ];
    schemas.extend(ProblemType::ALL.map(|problem_type| (name(problem_type), schema(problem_type))));
    schemas
}

pub(super) fn examples() -> Vec<(String, Example)> {
    let example = |problem_type: ProblemType| {
        ExampleBuilder::new()
            .summary(problem_type.title())
            .value(Some(document(problem_type)))
            .build()
    };
    // No response is this problem alone: it is the last line of an import.
    let shown = ProblemType::ALL
        .into_iter()
        .filter(|problem_type| *problem_type != ProblemType::ImportStopped);
    shown.map(|problem_type| (name(problem_type), example(problem_type))).collect()
}

/// The body of an answer of this kind.
pub(super) fn document(problem_type: ProblemType) -> serde_json::Value {
    // OK because problems are made to be written as JSON.
    serde_json::to_value(example(problem_type).document()).expect("a problem as JSON")
}

/// The name of a problem's schema, response and example.
pub(super) fn name(problem_type: ProblemType) -> String {
    format!("{problem_type:?}")
}

fn only(problem_type: ProblemType) -> Response {
    let headers: &[&str] = match problem_type {
        ProblemType::MethodNotAllowed => &["Allow"],
        ProblemType::Unavailable => &["Retry-After"],
        _ => &[],
    };
    let name = name(problem_type);
    problem_response(problem_type.meaning(), Ref::from_schema_name(&name), &[&name], headers)
}

fn one_of(kinds: &[ProblemType]) -> Response {
    let names: Vec<_> = kinds.iter().map(|problem_type| name(*problem_type)).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let lines: Vec<_> = kinds
        .iter()
        .map(|problem_type| format!("- `{}`: {}", problem_type.name(), problem_type.meaning()))
        .collect();
    let any =
        names.iter().fold(OneOfBuilder::new(), |any, name| any.item(Ref::from_schema_name(*name)));
    problem_response(&lines.join("\n"), Schema::OneOf(any.build()), &names, &[])
}

fn schema(problem_type: ProblemType) -> Schema {
    let narrowed = ObjectBuilder::new()
        .property("type", text().enum_values(Some([format!("/problems/{}", problem_type.name())])))
        .property("title", text().enum_values(Some([problem_type.title()])))
        .property(
            "status",
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .enum_values(Some([problem_type.status().as_u16()])),
        );
    let narrowed = match problem_type {
        ProblemType::InvalidRequest => {
            narrowed.property("errors", many("FieldError", 1, MAX_FIELD_ERRORS)).required("errors")
        }
        ProblemType::OrderConflict => calendar_and_gap(narrowed)
            .property(
                "conflicts_with",
                ArrayBuilder::new()
                    .items(Ref::from_schema_name("Booking"))
                    .min_items(Some(1))
                    .description(Some("The orders in the way, by time.")),
            )
            .property("nearest_free", Ref::from_schema_name("NearestFree"))
            .required("conflicts_with")
            .required("nearest_free"),
        ProblemType::GapTooWide => calendar_and_gap(narrowed)
            .property("too_close", many("TooClose", 1, MAX_PAIRS))
            .required("too_close"),
        _ => narrowed,
    };
    AllOfBuilder::new()
        .description(Some(problem_type.meaning()))
        .item(Ref::from_schema_name(BASE))
        .item(narrowed)
        .into()
}

fn calendar_and_gap(object: ObjectBuilder) -> ObjectBuilder {
    object
        .property("calendar", Ref::from_schema_name("Id"))
        .property("minimum_gap", Ref::from_schema_name("MinimumGap"))
        .required("calendar")
        .required("minimum_gap")
}

fn many(schema: &str, least: usize, most: usize) -> ArrayBuilder {
    ArrayBuilder::new()
        .items(Ref::from_schema_name(schema))
        .min_items(Some(least))
        .max_items(Some(most))
}

fn field_error() -> ObjectBuilder {
    ObjectBuilder::new()
        .description(Some("One field that breaks a rule."))
        .property("pointer", text().description(Some("Where it is, as a JSON pointer (RFC 6901).")))
        .property("detail", text().description(Some("What is wrong with it, for people.")))
        .required("pointer")
        .required("detail")
}

fn too_close() -> ObjectBuilder {
    ObjectBuilder::new()
        .description(Some("Two orders that stand against a wider gap, the earlier one first."))
        .property("first", Ref::from_schema_name("Booking"))
        .property("second", Ref::from_schema_name("Booking"))
        .required("first")
        .required("second")
}

fn nearest_free() -> ObjectBuilder {
    ObjectBuilder::new()
        .description(Some(
            "The times to take instead. Booking one of them at once succeeds, unless somebody else was faster.",
        ))
        .property("before", instant().schema_type(or_null(Type::String)).description(Some("The latest free time before the wished one; null when there is none within 366 days.")))
        .property("after", instant().schema_type(or_null(Type::String)).description(Some("The earliest free time after the wished one; null when there is none within 366 days.")))
        .required("before")
        .required("after")
}

fn uri_reference() -> SchemaFormat {
    SchemaFormat::Custom("uri-reference".to_owned())
}

/// A problem as the service would answer it.
fn example(problem_type: ProblemType) -> Problem {
    let calendar = CalendarId::default;
    let minimum_gap = MinimumGap::default();
    match problem_type {
        ProblemType::MalformedRequest => {
            Problem::malformed("query parameter limit: must be a number from 1 to 1000")
        }
        ProblemType::NotFound => Problem::not_found("there is no order 223"),
        ProblemType::MethodNotAllowed => Problem::new(problem_type, "TRACE is not possible here"),
        ProblemType::NotAcceptable => {
            Problem::new(problem_type, "there is only application/json and application/x-ndjson")
        }
        ProblemType::RequestTimeout => {
            Problem::new(problem_type, "the body did not arrive within 10s")
        }
        ProblemType::OrderConflict => StoreError::Conflict(Box::new(Conflict {
            datetime: at("2022-11-01T12:00:00Z"),
            calendar: calendar(),
            minimum_gap,
            conflicts_with: vec![booking("223", "2022-11-01T11:11:11.111Z")],
            nearest_free: NearestFree {
                before: Some(at("2022-11-01T08:11:11.111Z")),
                after: Some(at("2022-11-01T14:11:11.111Z")),
            },
        }))
        .into(),
        ProblemType::IdTaken => Problem::new(problem_type, "order 223 already exists"),
        ProblemType::KeyInUse => {
            Problem::new(problem_type, "a creation under idempotency key 8e03978e is still running")
        }
        ProblemType::ServiceInUse => Problem::new(problem_type, "service 123 is in use"),
        ProblemType::CalendarInUse => Problem::new(problem_type, "calendar default is in use"),
        ProblemType::GapTooWide => StoreError::GapTooWide(Box::new(GapTooWide {
            calendar: calendar(),
            minimum_gap,
            too_close: vec![TooClose {
                first: booking("223", "2022-11-01T11:11:11.111Z"),
                second: booking("224", "2022-11-01T12:00:00Z"),
            }],
        }))
        .into(),
        ProblemType::VersionMismatch => Problem::new(problem_type, "order 223 is at version 2 now"),
        ProblemType::TooLarge => Problem::new(problem_type, "the body has more than 65536 bytes"),
        ProblemType::UnsupportedMediaType => {
            Problem::new(problem_type, "the Content-Type is not application/json in UTF-8")
        }
        ProblemType::InvalidRequest => Problem::invalid(vec![
            field_error_at("/totalfee", "-1 is not between 0 and 9999999999.99"),
            field_error_at("/services/0/id", "there is no service 789"),
        ]),
        ProblemType::KeyReused => {
            Problem::new(problem_type, "idempotency key 8e03978e was used with another body")
        }
        ProblemType::InternalError => Problem::internal("shown"),
        ProblemType::ImportStopped => Problem::import_stopped(),
        ProblemType::Unavailable => Problem::unavailable("the database cannot answer now"),
    }
}

fn booking(id: &str, datetime: &str) -> Booking {
    Booking { id: sample(id), datetime: at(datetime) }
}

fn field_error_at(pointer: &str, detail: &str) -> FieldError {
    FieldError { pointer: pointer.to_owned(), detail: detail.to_owned() }
}
