//! The media types of bodies: [`check_json`], [`check_ndjson`].
//!
//! The header is parsed by hand because `mime` rejects `application/json ; charset=utf-8`, which RFC 9110 allows.

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};

use crate::http::ndjson::NDJSON;
use crate::problem::{Problem, ProblemType};

/// Accepts `application/json` and `application/*+json`, in UTF-8 and not compressed.
pub(super) fn check_json(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(declared) = headers.get(CONTENT_TYPE) else {
        return Err(unsupported("the request has no Content-Type; send application/json"));
    };
    if !declared.to_str().is_ok_and(is_json) {
        return Err(unsupported("the Content-Type is not application/json in UTF-8"));
    }
    check_encoding(headers)
}

/// Accepts newline-delimited JSON, in UTF-8 and not compressed.
pub(super) fn check_ndjson(headers: &HeaderMap) -> Result<(), Problem> {
    let declared = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !declared.is_some_and(|declared| is_utf_8(declared, |essence| essence == NDJSON)) {
        let detail = format!("send one order a line, in UTF-8, with Content-Type: {NDJSON}");
        return Err(unsupported(&detail));
    }
    check_encoding(headers)
}

fn check_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(CONTENT_ENCODING) {
        Some(encoding) if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") => {
            Err(unsupported("the body is compressed; send it as it is"))
        }
        Some(_) | None => Ok(()),
    }
}

fn unsupported(detail: &str) -> Problem {
    Problem::new(ProblemType::UnsupportedMediaType, detail)
}

fn is_json(declared: &str) -> bool {
    is_utf_8(declared, |essence| match essence.strip_prefix("application/") {
        Some("json") => true,
        Some(subtype) => subtype.len() > "+json".len() && subtype.ends_with("+json"),
        None => false,
    })
}

/// Whether the media type, in lower case, is an expected one, and has no charset but UTF-8.
fn is_utf_8(declared: &str, is_expected: impl Fn(&str) -> bool) -> bool {
    let mut parts = declared.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    is_expected(&essence)
        && parts.filter_map(|parameter| parameter.split_once('=')).all(|(name, value)| {
            !name.eq_ignore_ascii_case("charset")
                || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
}

#[cfg(test)]
mod tests {
    use super::is_json;

    #[track_caller]
    fn check(declared: &str, passes: bool) {
        assert_eq!(is_json(declared), passes, "{declared:?}");
    }

    #[test]
    fn json_in_utf_8_passes_and_nothing_else() {
        check("application/json", true);
        check("Application/JSON; Charset=UTF-8", true);
        check("application/json;charset=\"utf-8\"", true);
        check("application/json ; charset=utf-8", true);
        check("application/vnd.orders.v1+json", true);
        check("application/json; charset=iso-8859-1", false);
        check("application/+json", false);
        check("application/xml", false);
        check("text/json", false);
        check("text/plain", false);
        check("application/x-www-form-urlencoded", false);
        check("", false);
    }
}
