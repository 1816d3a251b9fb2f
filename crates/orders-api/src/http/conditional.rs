//! Conditional requests (RFC 9110, section 13): [`IfMatch`], [`IfNoneMatch`].

use std::future::{Ready, ready};

use actix_web::http::header::{EntityTag, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use actix_web::{FromRequest, HttpRequest, dev};
use orders_core::{Order, Precondition};

use crate::problem::Problem;

/// The strong tag of an order's version.
pub(crate) fn etag(order: &Order) -> EntityTag {
    EntityTag::new_strong(order.version.to_string())
}

/// What a client says an order must be for a write to happen.
pub(crate) struct IfMatch(pub(crate) Precondition);

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let given = || Ok((Tags::of(request, IF_MATCH)?, Tags::of(request, IF_NONE_MATCH)?));
        ready(given().and_then(|(be, not_be)| precondition(be, not_be)))
    }
}

fn precondition(be: Option<Tags>, not_be: Option<Tags>) -> Result<IfMatch, Problem> {
    Ok(IfMatch(match (be, not_be) {
        (None | Some(Tags::Any), None) => Precondition::None,
        (Some(Tags::These(tags)), None) => {
            Precondition::VersionIn(tags.iter().filter_map(Tag::version).collect())
        }
        // There is to be no order of this id; so whichever there is, it is not the right one.
        (_, Some(Tags::Any)) => Precondition::VersionIn(Vec::new()),
        (_, Some(Tags::These(_))) => {
            return Err(Problem::malformed("If-None-Match with tags is for reading; use If-Match"));
        }
    }))
}

/// What a client says it has of an order already.
pub(crate) struct IfNoneMatch(Option<Tags>);

impl IfNoneMatch {
    /// Whether the client has the order as it is.
    pub(crate) fn has(&self, order: &Order) -> bool {
        match &self.0 {
            None => false,
            Some(Tags::Any) => true,
            // Compared weakly: a weak tag will do.
            Some(Tags::These(tags)) => {
                tags.iter().any(|tag| tag.opaque == order.version.to_string())
            }
        }
    }
}

impl FromRequest for IfNoneMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(Tags::of(request, IF_NONE_MATCH).map(Self))
    }
}

/// The value of a condition: `*`, or one tag at least.
enum Tags {
    Any,
    These(Vec<Tag>),
}

/// An entity tag, without its quotes.
struct Tag {
    weak: bool,
    opaque: String,
}

impl Tags {
    /// The tags of a header that may be given in several lines. What the framework reads leaves out what
    /// is no tag; a misspelt condition must not pass for one that was kept.
    fn of(request: &HttpRequest, name: HeaderName) -> Result<Option<Self>, Problem> {
        let lines: Vec<_> = request.headers().get_all(&name).map(HeaderValue::as_bytes).collect();
        if lines.is_empty() {
            return Ok(None);
        }
        let value = lines.join(&b',');
        let tags = str::from_utf8(&value).ok().and_then(Self::read).map(Some);
        tags.ok_or_else(|| {
            Problem::malformed(format!("the header {name} is no list of entity tags"))
        })
    }

    fn read(value: &str) -> Option<Self> {
        if value.trim() == "*" {
            return Some(Self::Any);
        }
        let mut tags = Vec::new();
        let mut rest = value.trim();
        while !rest.is_empty() {
            if let Some(behind) = rest.strip_prefix(',') {
                rest = behind.trim_start();
                continue;
            }
            let (weak, quoted) =
                rest.strip_prefix("W/").map_or((false, rest), |quoted| (true, quoted));
            let (opaque, behind) = quoted.strip_prefix('"')?.split_once('"')?;
            if !opaque.bytes().all(|byte| byte.is_ascii_graphic()) {
                return None;
            }
            tags.push(Tag { weak, opaque: opaque.to_owned() });
            rest = behind.trim_start();
            if !rest.is_empty() && !rest.starts_with(',') {
                return None;
            }
        }
        (!tags.is_empty()).then_some(Self::These(tags))
    }
}

impl Tag {
    /// The version that it stands for. Of tags that are compared strongly a weak one is never equal.
    fn version(&self) -> Option<u64> {
        let version: u64 = self.opaque.parse().ok()?;
        (!self.weak && self.opaque == version.to_string()).then_some(version)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn given(name: &str, value: &str) -> Result<IfMatch, Problem> {
        let request = TestRequest::put().insert_header((name, value)).to_http_request();
        IfMatch::from_request(&request, &mut dev::Payload::None).into_inner()
    }

    #[track_caller]
    fn check(value: &str, versions: &[u64]) {
        let read = given("If-Match", value).ok().map(|read| read.0);
        assert_eq!(read, Some(Precondition::VersionIn(versions.to_vec())), "{value}");
    }

    #[test]
    fn tags_are_versions() {
        check("\"1\"", &[1]);
        check("\"1\", \"22\"", &[1, 22]);
        check("\"01\", \"x\", \"\", \"-1\"", &[]);
        check("W/\"1\", \"2\"", &[2]);
        check("\"1,3\",,\"2\"", &[2]);
        check(",\"1\" ,, \"2\",", &[1, 2]);
        check("\"1,2\"", &[]);
        check("\"18446744073709551616\"", &[]);
    }

    #[test]
    fn any_order_will_do_for_a_star_and_none_for_its_opposite() {
        let any = given("If-Match", "*").ok().map(|read| read.0);
        assert_eq!(any, Some(Precondition::None));
        let none = given("If-None-Match", "*").ok().map(|read| read.0);
        assert_eq!(none, Some(Precondition::VersionIn(Vec::new())));
    }

    #[test]
    fn what_is_no_tag_is_malformed() {
        for value in [
            "1",
            "\"1",
            "",
            ",",
            "\"1\" \"2\"",
            "\"1\", x",
            "\"a b\"",
            "w/\"1\"",
            "*, *",
            "W/",
            "W/1\"",
        ] {
            assert!(given("If-Match", value).is_err(), "{value}");
            let request =
                TestRequest::get().insert_header(("If-None-Match", value)).to_http_request();
            let read = IfNoneMatch::from_request(&request, &mut dev::Payload::None).into_inner();
            assert!(read.is_err(), "{value}");
        }
        assert!(given("If-None-Match", "\"1\"").is_err());
    }
}
