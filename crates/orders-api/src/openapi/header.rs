//! What answers carry beside a body.

use utoipa::openapi::HeaderBuilder;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::header::Header;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::value::text;

/// Headers by the names of their components; each is in every answer that names it, but for those that stand
/// for a part of the answers.
pub(super) fn all() -> Vec<(&'static str, Header)> {
    vec![
        (
            "X-Request-Id",
            always("The id of the request, its own or a new one.", text().min_length(Some(1))),
        ),
        (
            "ETag",
            always(
                "The strong tag of the order's version, for `If-Match` and `If-None-Match`.",
                text().pattern(Some(r#"^"\d+"$"#)),
            ),
        ),
        (
            "ETagOfAWrite",
            sometimes(
                "The strong tag of the order's new version; a dry run has none.",
                text().pattern(Some(r#"^"\d+"$"#)),
            ),
        ),
        (
            "Cache-Control",
            always(
                "An order is not used again without asking.",
                text().enum_values(Some(["no-cache"])),
            ),
        ),
        (
            "CacheControlOfAWrite",
            sometimes(
                "An order is not used again without asking; a dry run has none.",
                text().enum_values(Some(["no-cache"])),
            ),
        ),
        ("Location", always("Where it is.", text().pattern(Some("^/")))),
        (
            "Idempotency-Replayed",
            sometimes(
                "The answer is that of an earlier request with the same `Idempotency-Key`.",
                text().enum_values(Some(["true"])),
            ),
        ),
        (
            "Link",
            sometimes(
                "`<...>; rel=\"next\"` (RFC 8288) while there is more: follow it as it is. A walk along the links sees every order that stays where it is exactly once; an order that is moved across the cursor meanwhile may appear at both places or at neither. Ask for NDJSON for one consistent snapshot.",
                text(),
            ),
        ),
        ("Vary", always("What of the request the form of the answer depends on.", text())),
        ("Allow", always("The methods that the path knows.", text())),
        ("Accept-Patch", always("The form of a patch.", text())),
        (
            "Retry-After",
            always(
                "After how many seconds to try again.",
                ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)),
            ),
        ),
        (
            "Content-Security-Policy",
            always("The page may load what the service has, and nothing else.", text()),
        ),
    ]
}

/// The field that a header component stands for.
pub(super) fn field(component: &str) -> &str {
    match component {
        "ETagOfAWrite" => "ETag",
        "CacheControlOfAWrite" => "Cache-Control",
        name => name,
    }
}

fn always(description: &str, schema: ObjectBuilder) -> Header {
    let mut header = sometimes(description, schema);
    // The builder does not know this member of the Header Object.
    header.extensions = Some(Extensions::from_iter([("required", true)]));
    header
}

fn sometimes(description: &str, schema: ObjectBuilder) -> Header {
    HeaderBuilder::new().description(Some(description)).schema(Some(schema)).build()
}
