//! The header `Retry-After` (RFC 9110, section 10.2.3).

use std::time::{Duration, SystemTime};

use hyper::header::HeaderValue;

/// How long to wait: a number of seconds, or until a time. `None` if it is neither.
pub(super) fn parse(value: &HeaderValue, now: SystemTime) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(Duration::from_secs);
    }
    let time = httpdate::parse_http_date(text).ok()?;
    Some(time.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &'static str, seconds: Option<u64>) {
        // Sun, 06 Nov 1994 08:49:37 GMT
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let wait = parse(&HeaderValue::from_static(value), now);
        assert_eq!(wait, seconds.map(Duration::from_secs), "{value}");
    }

    #[test]
    fn retry_after_is_a_number_of_seconds_or_a_time() {
        check("0", Some(0));
        check("120", Some(120));
        check("18446744073709551615", Some(u64::MAX));
        check("Sun, 06 Nov 1994 08:50:37 GMT", Some(60));
        check("Sunday, 06-Nov-94 08:50:37 GMT", Some(60));
        check("Sun Nov  6 08:50:37 1994", Some(60));
        // Past.
        check("Sun, 06 Nov 1994 08:48:37 GMT", Some(0));
        check("18446744073709551616", None);
        for bad in ["", "-1", "+1", "1.5", "1 s", "soon", "2030-01-01T00:00:00Z"] {
            check(bad, None);
        }
    }
}
