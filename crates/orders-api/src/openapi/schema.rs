//! The schemas of single values, with the limits that `orders-core` keeps.

use orders_core::{
    FEE_DECIMALS, Fee, MAX_ID_LENGTH, MAX_METADATA_ENTRIES, MAX_METADATA_KEY_LENGTH,
    MAX_METADATA_VALUE_LENGTH, MAX_NAME_LENGTH, MAX_REFERENCE_LENGTH, Metadata, MinimumGap, Name,
    Reference, Timestamp,
};
use serde_json::{Value, json};

use super::components::{Components, Model};

/// An RFC 3339 time that the service accepts: with an offset of at most 15:59, without second 60, and in the
/// years 0001 to 9999 in UTC. The first and the last day have only the offsets that stay within these years.
const DATETIME: &str = r"^(?!0000|0001-01-01.{9,}\+|9999-12-31.{9,}-\d\d:\d\d$)\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,30})?([Zz]|[+-](0\d|1[0-5]):[0-5]\d)$";

/// A time as the service sends it.
const INSTANT: &str = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}|\.\d{6})?Z$";

/// A duration that the service accepts. The limit is 31 days in all; a pattern can only say that by leaving out
/// some spellings that no one uses.
const GAP_DRAFT: &str = r"^P(3[01]D|[0-2]?\dD(T(?=\d)(([01]?\d|2[0-3])H)?([0-5]?\dM)?([0-5]?\d(\.\d{1,6})?S)?)?|T(?=\d)([0-4]?\d{1,2}H)?(\d{1,4}M)?(\d{1,5}(\.\d{1,6})?S)?)$";

/// A duration as the service sends it.
const GAP: &str = r"^P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d{1,6})?S)?)?$";

/// A name: no control character, and at least one character that is not blank.
const NAME: &str = r"^[^\u0000-\u001f\u007f-\u009f]*[^\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000][^\u0000-\u001f\u007f-\u009f]*$";

/// A reference: no control character.
const REFERENCE: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";

const GAP_DESCRIPTION: &str = "How far apart the orders of a calendar must start: an ISO 8601 duration of days (of 24 \
    hours), hours, minutes and seconds, from PT0S to P31D, to the microsecond. PT0S means no rule at all: any number of \
    orders may share an instant.";

/// An id as the service sends it, and as it stands in a path or a query.
pub(crate) fn id(components: &mut Components) -> Value {
    let schema = json!({
        "type": "string", "minLength": 1, "maxLength": MAX_ID_LENGTH,
        // Unreserved characters (RFC 3986), and not `.` or `..`.
        "pattern": format!(r"^(?!\.{{1,2}}$)[A-Za-z0-9._~-]{{1,{MAX_ID_LENGTH}}}$"),
        "description": "Names a resource: characters that need no escaping in a URL.",
        "examples": ["223"]
    });
    components.schema("Id", schema)
}

/// An id in a request body.
pub(crate) fn id_or_integer(components: &mut Components) -> Value {
    let schema = json!({
        "description": "An id, or an integer that is read as its decimal string. Responses contain strings.",
        "anyOf": [id(components), { "type": "integer" }]
    });
    components.schema("IdOrInteger", schema)
}

/// A position in the feed of changes.
pub(crate) fn cursor(components: &mut Components) -> Value {
    let schema = json!({
        "type": "string", "pattern": r"^(0|[1-9]\d*)_-?\d+$",
        "description": "A position in the feed of changes: pass it back as it is.",
        "examples": ["42_1667124180123456"]
    });
    components.schema("Cursor", schema)
}

/// A position after which changes are wanted.
pub(crate) fn after(components: &mut Components) -> Value {
    json!({ "anyOf": [cursor(components), { "type": "string", "const": "now" }] })
}

/// A time in a request.
pub(crate) fn datetime(components: &mut Components) -> Value {
    let schema = json!({
        "type": "string", "format": "date-time", "pattern": DATETIME,
        "description": "RFC 3339 with an offset of at most 15:59, in the years 0001 to 9999 in UTC. Digits finer than \
                        a microsecond are cut off. There are no leap seconds.",
        "examples": ["2022-11-01T12:11:11.111+01:00"]
    });
    components.schema("DateTime", schema)
}

/// A minimum gap in a request.
pub(crate) fn gap_draft(components: &mut Components) -> Value {
    let schema = json!({
        "type": "string", "pattern": GAP_DRAFT, "description": GAP_DESCRIPTION, "examples": ["PT90M"]
    });
    components.schema("GapDraft", schema)
}

/// The value of an entry of metadata.
pub(crate) fn metadata_value() -> Value {
    json!({ "type": "string", "maxLength": MAX_METADATA_VALUE_LENGTH, "pattern": r"^[^\u0000]*$" })
}

/// An object whose keys are those of metadata, and whose values are as `value` says.
pub(crate) fn metadata(value: Value) -> Value {
    let key = format!("^[A-Za-z0-9_.-]{{1,{MAX_METADATA_KEY_LENGTH}}}$");
    json!({
        "type": "object", "propertyNames": { "pattern": key }, "additionalProperties": value,
        "description": format!("At most {MAX_METADATA_ENTRIES} texts with keys; nothing interprets them.")
    })
}

/// The same schema of a property that only the service sets.
pub(crate) fn read_only(mut schema: Value) -> Value {
    schema["readOnly"] = true.into();
    schema
}

impl Model for Timestamp {
    fn schema(components: &mut Components) -> Value {
        let schema = json!({
            "type": "string", "format": "date-time", "pattern": INSTANT,
            "description": "RFC 3339 in UTC, with 0, 3 or 6 fractional digits, as many as it needs.",
            "examples": ["2022-11-01T11:11:11.111Z"]
        });
        components.schema("Instant", schema)
    }
}

impl Model for Fee {
    fn schema(components: &mut Components) -> Value {
        // OK because the digits of a decimal are a number.
        let maximum: f64 = Fee::MAX.to_string().parse().expect("a number");
        let schema = json!({
            "type": "number", "minimum": 0, "maximum": maximum,
            "multipleOf": 1.0 / f64::from(10_u32.pow(FEE_DECIMALS)),
            "description": "Money, kept exactly: at most two decimals.",
            "examples": [99.95]
        });
        components.schema("Fee", schema)
    }
}

impl Model for Name {
    fn schema(components: &mut Components) -> Value {
        let schema = json!({
            "type": "string", "minLength": 1, "maxLength": MAX_NAME_LENGTH, "pattern": NAME,
            "description": "What people call it: one line that is not all blank.",
            "examples": ["Inspection"]
        });
        components.schema("Name", schema)
    }
}

impl Model for Reference {
    fn schema(components: &mut Components) -> Value {
        let schema = json!({
            "type": "string", "minLength": 1, "maxLength": MAX_REFERENCE_LENGTH, "pattern": REFERENCE,
            "description": "The name of an order in the caller's own system: one line, which need not be unique.",
            "examples": ["PO-4711"]
        });
        components.schema("Reference", schema)
    }
}

impl Model for Metadata {
    fn schema(components: &mut Components) -> Value {
        let mut schema = metadata(metadata_value());
        schema["maxProperties"] = MAX_METADATA_ENTRIES.into();
        schema["examples"] = json!([{ "gate": "B", "lang": "de" }]);
        components.schema("Metadata", schema)
    }
}

impl Model for MinimumGap {
    fn schema(components: &mut Components) -> Value {
        let schema = json!({
            "type": "string", "pattern": GAP, "description": GAP_DESCRIPTION,
            "examples": [MinimumGap::default()]
        });
        components.schema("MinimumGap", schema)
    }
}
