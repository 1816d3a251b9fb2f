//! Conditional requests (RFC 9110, section 13): [`IfMatch`], [`IfNoneMatch`], [`IfModified`].
//!
//! The headers are parsed by hand: what the framework reads leaves out what is not an entity tag, and a misspelt
//! condition must not count as met.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::http::header::{
    EntityTag, HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH,
};
use orders_core::{Order, Precondition, Timestamp};
use serde_json::{Value, json};

use super::endpoint::{Argument, Reply};
use crate::openapi::{Header, Operation};
use crate::problem::{Problem, ProblemType};

/// The header with an entity tag: that of an order is its [`etag`].
pub(crate) const ETAG: Header = Header::new(
    "ETag",
    "The entity tag of what is returned. That of an order is strong, and is its version.",
    r#"^(W/)?"[!#-~]+"$"#,
);

/// The header with the time of the last modification.
pub(crate) const LAST_MODIFIED: Header =
    Header::new("Last-Modified", "When it became as it is, or shortly after.", " GMT$");

/// A list of entity tags, or `*` for any (RFC 9110, section 13.1.1).
const ENTITY_TAGS: &str = r#"^(\*|[ ,]*(W/)?"[!#-~]*"( *,[ ,]*(W/)?"[!#-~]*")*[ ,]*)$"#;

fn entity_tags() -> Value {
    json!({ "type": "string", "pattern": ENTITY_TAGS, "examples": ["\"1\""] })
}

/// The strong entity tag of an order's version.
pub(crate) fn etag(order: &Order) -> EntityTag {
    EntityTag::new_strong(order.version.to_string())
}

/// The condition of a write: `If-Match`, or `If-None-Match: *`.
pub(crate) struct IfMatch(pub(crate) Precondition);

impl Argument for IfMatch {
    async fn extract(request: &HttpRequest, _: &mut Payload) -> Reply<Self> {
        Self::of(request)
    }

    fn describe(operation: &mut Operation) {
        let description = "The entity tags of the versions that may be changed, or `*` for any. Another version is \
                           412.";
        operation.header("If-Match", description, entity_tags());
        let description = "`*`: there must not be such an order. If there is one, it is 412.";
        operation.header("If-None-Match", description, json!({ "type": "string", "const": "*" }));
        operation.problems(&[ProblemType::VersionMismatch]);
    }
}

impl IfMatch {
    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let condition = match (Tags::of(request, IF_MATCH)?, Tags::of(request, IF_NONE_MATCH)?) {
            (None | Some(Tags::Any), None) => Precondition::None,
            (Some(Tags::These(tags)), None) => {
                Precondition::VersionIn(tags.iter().filter_map(Tag::version).collect())
            }
            // There must not be an order with this id, so no version of it is the right one.
            (_, Some(Tags::Any)) => Precondition::VersionIn(Vec::new()),
            (_, Some(Tags::These(_))) => {
                let detail = "If-None-Match with tags is for reading; use If-Match";
                return Err(Problem::malformed(detail));
            }
        };
        Ok(Self(condition))
    }
}

/// The versions of a resource that the client has already.
pub(crate) struct IfNoneMatch(Option<Tags>);

impl IfNoneMatch {
    /// Whether the client has the version with this entity tag, which is given without its quotes.
    pub(crate) fn includes(&self, opaque: &str) -> bool {
        match &self.0 {
            None => false,
            Some(Tags::Any) => true,
            // The comparison is weak: a weak tag counts too.
            Some(Tags::These(tags)) => tags.iter().any(|tag| tag.opaque == opaque),
        }
    }
}

/// The version that the client has already, by its entity tag or by its time.
pub(crate) struct IfModified {
    known: IfNoneMatch,
    since: Option<SystemTime>,
}

impl IfModified {
    /// Whether the client does not have the version with this entity tag and this time. If it has sent tags, only they
    /// count.
    pub(crate) fn is_met(&self, opaque: &str, modified_at: Timestamp) -> bool {
        match (&self.known.0, self.since) {
            (Some(_), _) => !self.known.includes(opaque),
            (None, Some(since)) => to_second(modified_at) > since,
            (None, None) => true,
        }
    }
}

impl Argument for IfModified {
    async fn extract(request: &HttpRequest, payload: &mut Payload) -> Reply<Self> {
        let since = request.headers().get(IF_MODIFIED_SINCE).and_then(|since| since.to_str().ok());
        // What is no date is ignored (RFC 9110, section 13.1.3).
        let since = since.and_then(|since| httpdate::parse_http_date(since).ok());
        Ok(Self { known: IfNoneMatch::extract(request, payload).await?, since })
    }

    fn describe(operation: &mut Operation) {
        IfNoneMatch::describe(operation);
        let description = "The `Last-Modified` of the version that the client has. If there is no later one, it is 304. \
                           Ignored with `If-None-Match`.";
        operation.header("If-Modified-Since", description, json!({ "type": "string" }));
    }
}

/// An instant as a header has it.
pub(crate) fn http_date(at: Timestamp) -> String {
    httpdate::fmt_http_date(to_second(at))
}

/// An instant without its fraction, and not before 1970, as a header has it.
fn to_second(at: Timestamp) -> SystemTime {
    let seconds = u64::try_from(at.as_micros().div_euclid(1_000_000)).unwrap_or(0);
    UNIX_EPOCH + Duration::from_secs(seconds)
}

impl Argument for IfNoneMatch {
    async fn extract(request: &HttpRequest, _: &mut Payload) -> Reply<Self> {
        Tags::of(request, IF_NONE_MATCH).map(Self)
    }

    fn describe(operation: &mut Operation) {
        let description = "The entity tags of the versions that the client has, or `*` for any. Such a version is 304.";
        operation.header("If-None-Match", description, entity_tags());
    }
}

/// The value of a condition: `*`, or at least one tag.
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
    /// The tags of a header, which may be split into several lines; none if the header is absent.
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
            if let Some(after) = rest.strip_prefix(',') {
                rest = after.trim_start();
                continue;
            }
            let (weak, quoted) =
                rest.strip_prefix("W/").map_or((false, rest), |quoted| (true, quoted));
            let (opaque, after) = quoted.strip_prefix('"')?.split_once('"')?;
            if !opaque.bytes().all(|byte| byte.is_ascii_graphic()) {
                return None;
            }
            tags.push(Tag { weak, opaque: opaque.to_owned() });
            rest = after.trim_start();
            if !rest.is_empty() && !rest.starts_with(',') {
                return None;
            }
        }
        (!tags.is_empty()).then_some(Self::These(tags))
    }
}

impl Tag {
    /// The version that it stands for; none for a weak tag, since the comparison is strong.
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
        IfMatch::of(&request)
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
    fn if_match_star_allows_every_version_and_if_none_match_star_none() {
        let any = given("If-Match", "*").ok().map(|read| read.0);
        assert_eq!(any, Some(Precondition::None));
        let none = given("If-None-Match", "*").ok().map(|read| read.0);
        assert_eq!(none, Some(Precondition::VersionIn(Vec::new())));
    }

    #[test]
    fn anything_but_entity_tags_is_malformed() {
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
            assert!(Tags::of(&request, IF_NONE_MATCH).is_err(), "{value}");
        }
        assert!(given("If-None-Match", "\"1\"").is_err());
    }
}
