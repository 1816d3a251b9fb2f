//! The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): [`Key`].

use std::future::{Ready, ready};

use actix_web::http::header::HeaderName;
use actix_web::{FromRequest, HttpRequest, dev};
use orders_core::IdempotencyKey;

use crate::problem::Problem;

/// The header that names a creation.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The header that tells an answer which was given before.
pub(crate) const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The key under which a creation may be repeated, if there is one.
pub(crate) struct Key(pub(crate) Option<IdempotencyKey>);

impl FromRequest for Key {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let mut given = request.headers().get_all(IDEMPOTENCY_KEY);
        ready(match (given.next(), given.next()) {
            (None, _) => Ok(Self(None)),
            (Some(key), None) => parse(key.as_bytes()).map(|key| Self(Some(key))),
            (Some(_), Some(_)) => Err(refuse("is given more than once")),
        })
    }
}

/// The draft writes the key as a quoted string; most clients write it bare.
fn parse(text: &[u8]) -> Result<IdempotencyKey, Problem> {
    let text = str::from_utf8(text).map_err(|_| refuse("is not ASCII"))?;
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    IdempotencyKey::new(bare).map_err(|error| refuse(&error.to_string()))
}

fn refuse(why: &str) -> Problem {
    Problem::malformed(format!("the header Idempotency-Key: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, key: Option<&str>) {
        assert_eq!(parse(text.as_bytes()).ok().as_ref().map(IdempotencyKey::as_str), key);
    }

    #[test]
    fn a_key_is_the_same_with_and_without_quotes() {
        check("abc-1", Some("abc-1"));
        check("\"abc-1\"", Some("abc-1"));
        check("\"", Some("\""));
    }

    #[test]
    fn what_is_no_key_is_malformed() {
        check("", None);
        check("\"\"", None);
        check("two words", None);
        check("ä", None);
        check(&"x".repeat(256), None);
    }
}
