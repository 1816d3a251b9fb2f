//! Which bodies are declared as JSON.

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};

use crate::http::ndjson::NDJSON;
use crate::problem::Problem;
use crate::problem::ProblemType;

/// Lets `application/json` and `application/*+json` pass, in UTF-8 and not compressed.
pub(super) fn check(headers: &HeaderMap) -> Result<(), Problem> {
    let refuse = |detail: &str| Err(Problem::new(ProblemType::UnsupportedMediaType, detail));
    let Some(declared) = headers.get(CONTENT_TYPE) else {
        return refuse("the request has no Content-Type; send application/json");
    };
    if !declared.to_str().is_ok_and(is_json) {
        return refuse("the Content-Type is not application/json in UTF-8");
    }
    check_coding(headers)
}

/// Lets lines of JSON pass, in UTF-8 and not compressed.
pub(super) fn check_lines(headers: &HeaderMap) -> Result<(), Problem> {
    let declared = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !declared.is_some_and(|declared| is_utf_8(declared, |essence| essence == NDJSON)) {
        let detail = format!("send one order a line, in UTF-8, with Content-Type: {NDJSON}");
        return Err(Problem::new(ProblemType::UnsupportedMediaType, detail));
    }
    check_coding(headers)
}

fn check_coding(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(CONTENT_ENCODING) {
        Some(coding) if !coding.as_bytes().eq_ignore_ascii_case(b"identity") => Err(Problem::new(
            ProblemType::UnsupportedMediaType,
            "the body is compressed; send it as it is",
        )),
        Some(_) | None => Ok(()),
    }
}

fn is_json(declared: &str) -> bool {
    is_utf_8(declared, |essence| match essence.strip_prefix("application/") {
        Some("json") => true,
        Some(subtype) => subtype.len() > "+json".len() && subtype.ends_with("+json"),
        None => false,
    })
}

/// Whether the type, in small letters, is a wanted one, and says nothing of another charset.
fn is_utf_8(declared: &str, wanted: impl Fn(&str) -> bool) -> bool {
    let mut parts = declared.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    wanted(&essence)
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
