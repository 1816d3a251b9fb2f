//! Which form of an answer a client can read: [`negotiate`].

use actix_web::http::header::{Accept, Header, Quality};
use actix_web::mime::{self, Mime};
use actix_web::{HttpMessage, HttpRequest};

use crate::problem::Problem;
use crate::problem::ProblemType;

/// The offer that the `Accept` header likes best (RFC 9110, section 12.5.1), and the first of those it likes
/// alike. A header that is absent or cannot be read likes everything.
pub(crate) fn negotiate<T: Copy>(
    request: &HttpRequest,
    offers: &[(&str, T)],
) -> Result<T, Problem> {
    let ranges = match request.headers().contains_key(Accept::name()) {
        true => request.get_header::<Accept>().map(|Accept(ranges)| ranges).unwrap_or_default(),
        false => Vec::new(),
    };
    let mut best = None;
    for (offer, value) in offers {
        let quality = match ranges.as_slice() {
            [] => Quality::MAX,
            ranges => {
                let fitting = ranges.iter().filter(|range| rank(&range.item, offer) > 0);
                let closest = fitting.max_by_key(|range| rank(&range.item, offer));
                closest.map_or(Quality::ZERO, |range| range.quality)
            }
        };
        if quality > best.map_or(Quality::ZERO, |(quality, _)| quality) {
            best = Some((quality, *value));
        }
    }
    best.map(|(_, value)| value).ok_or_else(|| {
        let offers: Vec<_> = offers.iter().map(|(offer, _)| *offer).collect();
        Problem::new(ProblemType::NotAcceptable, format!("there is only {}", offers.join(" and ")))
    })
}

/// How closely a range describes a type: not at all (0), as anything, by its type, or by name (3).
fn rank(range: &Mime, offer: &str) -> u8 {
    let (kind, subtype) = offer.split_once('/').unwrap_or((offer, ""));
    // A subtype's suffix is a part of its name here.
    let named = range.essence_str().split_once('/').map_or("", |(_, subtype)| subtype);
    match (range.type_() == mime::STAR, range.type_() == kind) {
        (true, _) if range.subtype() == mime::STAR => 1,
        (_, true) if range.subtype() == mime::STAR => 2,
        (_, true) if named.eq_ignore_ascii_case(subtype) => 3,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[track_caller]
    fn check(accept: &str, chosen: Option<u8>) {
        let request = TestRequest::get().insert_header(("Accept", accept)).to_http_request();
        let offers = [("application/json", 1), ("application/x-ndjson", 2)];
        assert_eq!(negotiate(&request, &offers).ok(), chosen, "{accept}");
    }

    #[test]
    fn the_form_that_is_liked_best_is_chosen() {
        check("*/*", Some(1));
        check("application/*", Some(1));
        check("application/json", Some(1));
        check("application/x-ndjson", Some(2));
        check("Application/X-NDJSON", Some(2));
        check("application/x-ndjson, application/json;q=0.9", Some(2));
        check("application/json;q=0.2, application/x-ndjson;q=0.3", Some(2));
        check("application/x-ndjson, */*", Some(1));
        check("application/x-ndjson, */*;q=0.1", Some(2));
        check("text/html,application/xhtml+xml,*/*;q=0.8", Some(1));
    }

    #[test]
    fn the_closest_range_counts() {
        check("*/*, application/json;q=0", Some(2));
        check("application/*;q=0.5, application/json;q=0.1", Some(2));
        check("*/*;q=0", None);
    }

    #[test]
    fn what_nobody_can_give_is_not_acceptable() {
        check("text/html", None);
        check("application/json;q=0", None);
        check("application/problem+json", None);
    }

    #[test]
    fn without_a_readable_header_everything_is_liked() {
        check("", Some(1));
        check("nonsense", Some(1));
        let request = TestRequest::get().to_http_request();
        assert_eq!(negotiate(&request, &[("a/b", 1)]).unwrap(), 1);
    }
}
