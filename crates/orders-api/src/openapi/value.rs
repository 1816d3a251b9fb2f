//! The single values of the API, with the limits that `orders-core` keeps.

use orders_core::{FEE_DECIMALS, Fee, MAX_ID_LENGTH, MAX_NAME_LENGTH, MinimumGap};
use serde_json::json;
use utoipa::openapi::Ref;
use utoipa::openapi::schema::{
    AnyOfBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};

/// What an RFC 3339 time looks like that the service reads: it exists (the format says that), has an offset of
/// at most 15:59, no second 60, and is in the years 0001 to 9999 in UTC. The first and the last day have only
/// the offsets that cannot lead out of these.
const DATETIME: &str = r"^(?!0000|0001-01-01.{9,}\+|9999-12-31.{9,}-\d\d:\d\d$)\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,30})?([Zz]|[+-](0\d|1[0-5]):[0-5]\d)$";

/// What a time looks like that the service answers.
const INSTANT: &str = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}|\.\d{6})?Z$";

/// What a duration looks like that the service reads: up to 31 days in all, which a pattern can only tell by
/// leaving out some that no one writes.
const GAP: &str = r"^P(3[01]D|[0-2]?\dD(T(?=\d)(([01]?\d|2[0-3])H)?([0-5]?\dM)?([0-5]?\d(\.\d{1,6})?S)?)?|T(?=\d)([0-4]?\d{1,2}H)?(\d{1,4}M)?(\d{1,5}(\.\d{1,6})?S)?)$";

/// What a duration looks like that the service answers.
const ANSWERED_GAP: &str = r"^P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d{1,6})?S)?)?$";

/// What a name looks like: no control character, and something that is not blank.
const NAME: &str = r"^[^\u0000-\u001f\u007f-\u009f]*[^\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000][^\u0000-\u001f\u007f-\u009f]*$";

pub(super) fn all() -> Vec<(&'static str, Schema)> {
    vec![
        ("Id", id().into()),
        ("AnyId", any_id()),
        ("DateTime", datetime().into()),
        ("Instant", instant().into()),
        ("Fee", fee().into()),
        ("Name", name().into()),
        ("MinimumGap", minimum_gap().into()),
        ("GapDraft", gap_draft().into()),
    ]
}

pub(super) fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// A type that may also be null.
pub(super) fn or_null(kind: Type) -> SchemaType {
    SchemaType::Array(vec![kind, Type::Null])
}

fn id() -> ObjectBuilder {
    text()
        .pattern(Some(id_pattern()))
        .min_length(Some(1))
        .max_length(Some(MAX_ID_LENGTH))
        .description(Some("Names a thing: characters that need no escaping in a URL."))
        .examples([json!("223")])
}

/// What an id looks like: unreserved characters (RFC 3986), and not `.` or `..`.
fn id_pattern() -> String {
    format!(r"^(?!\.{{1,2}}$)[A-Za-z0-9._~-]{{1,{MAX_ID_LENGTH}}}$")
}

fn any_id() -> Schema {
    AnyOfBuilder::new()
        .description(Some(
            "An id, or an integer that is read as its decimal string. Answers hold strings.",
        ))
        .item(Ref::from_schema_name("Id"))
        .item(ObjectBuilder::new().schema_type(Type::Integer))
        .into()
}

fn datetime() -> ObjectBuilder {
    text()
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .pattern(Some(DATETIME))
        .description(Some(
            "RFC 3339 with an offset of at most 15:59, in the years 0001 to 9999 in UTC. Digits finer than a \
             microsecond are cut off. There are no leap seconds.",
        ))
        .examples([json!("2022-11-01T12:11:11.111+01:00")])
}

pub(super) fn instant() -> ObjectBuilder {
    text()
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .pattern(Some(INSTANT))
        .description(Some(
            "RFC 3339 in UTC, with 0, 3 or 6 fractional digits, as many as it needs.",
        ))
        .examples([json!("2022-11-01T11:11:11.111Z")])
}

fn fee() -> ObjectBuilder {
    // OK because the digits of a decimal are a number.
    let most: f64 = Fee::MAX.to_string().parse().expect("a number");
    ObjectBuilder::new()
        .schema_type(Type::Number)
        .minimum(Some(0))
        .maximum(Some(most))
        .multiple_of(Some(1.0 / f64::from(10_u32.pow(FEE_DECIMALS))))
        .description(Some("Money, kept exactly: at most two decimals."))
        .examples([json!(99.95)])
}

fn name() -> ObjectBuilder {
    text()
        .min_length(Some(1))
        .max_length(Some(MAX_NAME_LENGTH))
        .pattern(Some(NAME))
        .description(Some("What people call it: one line that is not all blank."))
        .examples([json!("Inspection")])
}

/// How a gap is described, wherever it stands.
const GAP_MEANING: &str = "How far apart the orders of a calendar must start: an ISO 8601 duration of days (of 24 \
    hours), hours, minutes and seconds, from PT0S to P31D, to the microsecond. PT0S means no rule at all: any number of \
    orders may share an instant.";

fn gap_draft() -> ObjectBuilder {
    text().pattern(Some(GAP)).description(Some(GAP_MEANING)).examples([json!("PT90M")])
}

fn minimum_gap() -> ObjectBuilder {
    text()
        .pattern(Some(ANSWERED_GAP))
        .description(Some(GAP_MEANING))
        .examples([json!(MinimumGap::default())])
}
