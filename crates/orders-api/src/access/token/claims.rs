//! What a token says: [`Claims`].

use orders_core::{Scope, Timestamp};
use serde::Deserialize;

use super::InvalidToken;
use super::jws::object;

/// How far the clock of the issuer may differ from ours, in seconds.
const LEEWAY: f64 = 60.0;

/// What an accepted token says about its bearer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    /// The claims that can name the client, in this order: `client_id`, `azp`, `sub`.
    pub(crate) subjects: Vec<String>,
    /// The largest of our scopes in the claim `scope`, to which the client is limited. None if there is no such claim.
    pub(crate) scope: Option<Scope>,
}

/// The claims that are used, as they are in the token. The others are ignored, as RFC 7519 says.
#[derive(Deserialize)]
struct RawClaims {
    iss: Option<String>,
    aud: Option<Audience>,
    exp: Option<f64>,
    nbf: Option<f64>,
    client_id: Option<String>,
    azp: Option<String>,
    sub: Option<String>,
    scope: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Claims {
    /// The claims in the payload of a token, if they are for this audience, from this issuer, and valid now.
    ///
    /// # Errors
    /// If they are not.
    pub(super) fn accept(
        payload: &[u8],
        issuer: &str,
        audience: &str,
        now: Timestamp,
    ) -> Result<Self, InvalidToken> {
        let raw: RawClaims = object(payload).ok_or(InvalidToken::Claims)?;
        if raw.iss.as_deref() != Some(issuer) {
            return Err(InvalidToken::Issuer);
        }
        if !raw.aud.is_some_and(|intended| intended.includes(audience)) {
            return Err(InvalidToken::Audience);
        }
        // A NumericDate: seconds since 1970, possibly with a fraction.
        let now = now.as_micros() as f64 / 1e6;
        if now >= raw.exp.ok_or(InvalidToken::NoExpiry)? + LEEWAY {
            return Err(InvalidToken::Expired);
        }
        if raw.nbf.is_some_and(|start| now < start - LEEWAY) {
            return Err(InvalidToken::NotYetValid);
        }
        let subjects = [raw.client_id, raw.azp, raw.sub].into_iter().flatten().collect();
        let scope = raw.scope.map(|names| {
            let ours = names.split(' ').filter_map(|name| name.parse().ok());
            ours.max().ok_or(InvalidToken::Scope)
        });
        Ok(Self { subjects, scope: scope.transpose()? })
    }
}

impl Audience {
    fn includes(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Several(several) => several.iter().any(|one| one == audience),
        }
    }
}
