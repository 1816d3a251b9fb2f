//! The trace that a request belongs to: [`trace_id`].

use actix_web::http::header::HeaderMap;

/// The trace id of a valid `traceparent` (W3C Trace Context): 32 hexadecimal digits, not all zero.
pub(crate) fn trace_id(headers: &HeaderMap) -> Option<&str> {
    let mut parents = headers.get_all("traceparent");
    let (parent, None) = (parents.next()?.to_str().ok()?, parents.next()) else { return None };
    let mut parts = parent.split('-');
    let [version, trace, span, flags] = [(); 4].map(|()| parts.next().unwrap_or_default());
    // Later versions may add parts.
    let is_known = if version == "00" { parts.next().is_none() } else { version != "ff" };
    let has_ids = is_id(trace, 32) && is_id(span, 16);
    (is_known && is_hex(version, 2) && has_ids && is_hex(flags, 2)).then_some(trace)
}

fn is_id(text: &str, length: usize) -> bool {
    is_hex(text, length) && text.bytes().any(|digit| digit != b'0')
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[track_caller]
    fn check(parents: &[&str], found: bool) {
        let mut headers = HeaderMap::new();
        for parent in parents {
            let value = HeaderValue::from_str(parent).unwrap();
            headers.append(HeaderName::from_static("traceparent"), value);
        }
        assert_eq!(trace_id(&headers), found.then_some(TRACE), "{parents:?}");
    }

    #[test]
    fn only_a_valid_traceparent_has_a_trace_id() {
        let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        check(&[valid], true);
        check(&["cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-new"], true);
        check(&[], false);
        check(&[valid, valid], false);
        for invalid in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-new",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "0g-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            check(&[invalid], false);
        }
    }
}
