//! The media type of a response (RFC 9110, section 12.5.1): [`Accept`], [`PrefersHtml`].
//!
//! The choice is made by hand: the framework only sorts the ranges of the header.

use actix_web::dev::Payload;
use actix_web::http::header::{self, Header as _, Quality};
use actix_web::mime::{self, Mime};
use actix_web::{HttpMessage, HttpRequest};

use super::endpoint::{Argument, Reply};
use crate::openapi::Operation;
use crate::problem::{Problem, ProblemType};

/// The media type that the client prefers.
pub(crate) struct Accept<T>(pub(crate) T);

/// The media types that a response can have.
pub(crate) trait MediaTypes: Copy + 'static {
    /// Each with its name; the first is sent if the client has no preference.
    const OFFERS: &'static [(&'static str, Self)];
}

impl<T: MediaTypes> Argument for Accept<T> {
    async fn extract(request: &HttpRequest, _: &mut Payload) -> Reply<Self> {
        negotiate(request, T::OFFERS).map(Self)
    }

    fn describe(operation: &mut Operation) {
        operation.problems(&[ProblemType::NotAcceptable]);
    }
}

/// Whether the client prefers a page for people to JSON, as browsers do.
pub(crate) struct PrefersHtml(pub(crate) bool);

impl Argument for PrefersHtml {
    async fn extract(request: &HttpRequest, _: &mut Payload) -> Reply<Self> {
        let offers = [("application/json", false), ("text/html", true)];
        Ok(Self(negotiate(request, &offers).unwrap_or(false)))
    }

    fn describe(_: &mut Operation) {}
}

/// The offer with the highest quality, and the first of several. Without a header that can be read, every
/// quality is the highest.
fn negotiate<T: Copy>(request: &HttpRequest, offers: &[(&str, T)]) -> Result<T, Problem> {
    let ranges = match request.headers().contains_key(header::Accept::name()) {
        true => request.get_header::<header::Accept>().map(|accept| accept.0).unwrap_or_default(),
        false => Vec::new(),
    };
    let mut best = None;
    for (offer, value) in offers {
        let quality = match ranges.as_slice() {
            [] => Quality::MAX,
            ranges => {
                let matching = ranges.iter().filter(|range| precision(&range.item, offer) > 0);
                let closest = matching.max_by_key(|range| precision(&range.item, offer));
                closest.map_or(Quality::ZERO, |range| range.quality)
            }
        };
        if quality > best.map_or(Quality::ZERO, |(quality, _)| quality) {
            best = Some((quality, *value));
        }
    }
    best.map(|(_, value)| value).ok_or_else(|| {
        let offers: Vec<_> = offers.iter().map(|(offer, _)| *offer).collect();
        Problem::new(ProblemType::NotAcceptable, format!("there is only {}", listed(&offers)))
    })
}

/// Names in a sentence: `a`, `a and b`, `a, b and c`.
fn listed(names: &[&str]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.concat(),
    }
}

/// How precisely a range matches a media type: not at all (0), as `*/*` (1), as `type/*` (2) or by name (3).
fn precision(range: &Mime, offer: &str) -> u8 {
    let (kind, subtype) = offer.split_once('/').unwrap_or((offer, ""));
    // Here a suffix such as `+json` is a part of the subtype.
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
    fn the_preferred_media_type_is_chosen() {
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
    fn the_most_precise_range_counts() {
        check("*/*, application/json;q=0", Some(2));
        check("application/*;q=0.5, application/json;q=0.1", Some(2));
        check("*/*;q=0", None);
    }

    #[test]
    fn a_media_type_that_is_not_offered_is_not_acceptable() {
        check("text/html", None);
        check("application/json;q=0", None);
        check("application/problem+json", None);
    }

    #[test]
    fn without_a_readable_header_the_first_offer_is_chosen() {
        check("", Some(1));
        check("nonsense", Some(1));
        let request = TestRequest::get().to_http_request();
        assert_eq!(negotiate(&request, &[("a/b", 1)]).unwrap(), 1);
    }
}
