//! The signature of a token, which is a JWS in compact form (RFC 7515): [`verified_payload`].

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::InvalidToken;
use super::jwks::Jwks;

/// The members of the header that are used. All others are ignored, especially those that bring a key along: `jwk`,
/// `jku`, `x5c` and `x5u`.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    /// Whether there are extensions that must be understood.
    #[serde(default, deserialize_with = "is_present")]
    crit: bool,
}

/// The payload of the token, if one of the keys signed it.
///
/// # Errors
/// If none did, or the token has another form or type.
pub(super) fn verified_payload(token: &str, keys: &Jwks) -> Result<Vec<u8>, InvalidToken> {
    let (signed, signature) = token.rsplit_once('.').ok_or(InvalidToken::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(InvalidToken::Malformed)?;
    let header: Header = object(&decode(header)?).ok_or(InvalidToken::Malformed)?;
    // A dot in the payload is not base64, so a token of more than three parts ends here.
    let (payload, signature) = (decode(payload)?, decode(signature)?);
    if header.crit {
        return Err(InvalidToken::CriticalExtension);
    }
    if !header.typ.as_deref().is_none_or(is_accepted_type) {
        return Err(InvalidToken::Type);
    }
    let key = keys.find(header.kid.as_deref(), &header.alg)?;
    if key.verifies(signed.as_bytes(), &signature) {
        Ok(payload)
    } else {
        Err(InvalidToken::Signature)
    }
}

/// The JSON object in a part of a token.
pub(super) fn object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Option<T> {
    // Serde would also read the members from an array.
    let is_object = json.trim_ascii_start().starts_with(b"{");
    is_object.then(|| serde_json::from_slice(json).ok()).flatten()
}

fn decode(part: &str) -> Result<Vec<u8>, InvalidToken> {
    BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| InvalidToken::Malformed)
}

/// The types are media types without parameters, whose prefix `application/` is usually omitted.
fn is_accepted_type(typ: &str) -> bool {
    ["at+jwt", "application/at+jwt", "JWT"]
        .iter()
        .any(|accepted| accepted.eq_ignore_ascii_case(typ))
}

/// True, whatever the value is, even `null`.
fn is_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}
