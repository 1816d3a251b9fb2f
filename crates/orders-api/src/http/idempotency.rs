//! The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): [`Key`].

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use orders_core::{IdempotencyKey, MAX_KEY_LENGTH};
use serde_json::json;

use super::endpoint::{Argument, Reply};
use crate::openapi::{Header, Operation};
use crate::problem::{Problem, ProblemType};

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// The header of a response that was sent before.
pub(crate) const IDEMPOTENCY_REPLAYED: Header = Header::new(
    "Idempotency-Replayed",
    "The response is that of an earlier request with the same `Idempotency-Key`.",
    "^true$",
);

/// The key under which a creation may be repeated, if there is one.
pub(crate) struct Key(pub(crate) Option<IdempotencyKey>);

impl Argument for Key {
    async fn extract(request: &HttpRequest, _: &mut Payload) -> Reply<Self> {
        let mut given = request.headers().get_all(IDEMPOTENCY_KEY);
        match (given.next(), given.next()) {
            (None, _) => Ok(Self(None)),
            (Some(key), None) => parse(key.as_bytes()).map(|key| Self(Some(key))),
            (Some(_), Some(_)) => Err(invalid("is given more than once")),
        }
    }

    fn describe(operation: &mut Operation) {
        let description = "The client's own name for this creation, which makes it safe to repeat: the same key with \
                           the same body returns the first response again. Kept for at least 24 hours. An error is \
                           not kept. With or without quotes.";
        let schema = json!({
            "type": "string", "pattern": "^[!-~]+$", "minLength": 1, "maxLength": MAX_KEY_LENGTH,
            "examples": ["8e03978e-40d5-43dd-bc93-6894a57f9324"]
        });
        operation.header(IDEMPOTENCY_KEY, description, schema);
        operation.problems(&[ProblemType::KeyInUse, ProblemType::KeyReused]);
    }
}

/// The draft has the key as a quoted string; most clients send it without quotes.
fn parse(text: &[u8]) -> Result<IdempotencyKey, Problem> {
    let text = str::from_utf8(text).map_err(|_| invalid("is not ASCII"))?;
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    IdempotencyKey::new(bare).map_err(|error| invalid(&error.to_string()))
}

fn invalid(why: &str) -> Problem {
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
    fn anything_but_a_key_is_malformed() {
        check("", None);
        check("\"\"", None);
        check("two words", None);
        check("ä", None);
        check(&"x".repeat(256), None);
    }
}
