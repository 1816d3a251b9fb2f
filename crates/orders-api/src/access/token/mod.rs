//! Tokens of an identity provider: [`Tokens`].
//!
//! They are JWTs (RFC 7519) in the profile for access tokens (RFC 9068), verified as RFC 8725 recommends.

mod claims;
mod jwks;
mod jws;
mod key_file;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use orders_core::Timestamp;

pub(crate) use self::claims::Claims;
use self::key_file::KeyFile;
pub(crate) use self::key_file::UnusableKeys;
use crate::http::log_text::LogText;

/// The longest token that is read, in bytes.
const MAX_LENGTH: usize = 8 * 1024;

/// The identity provider whose tokens are accepted.
pub(crate) struct Tokens {
    issuer: String,
    audience: String,
    keys: KeyFile,
}

/// Why a token is not accepted. It contains nothing of the token, so it can be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidToken {
    #[error("the token is longer than {MAX_LENGTH} bytes")]
    TooLong,
    #[error("the token is not a signed JWT")]
    Malformed,
    #[error("the type of the token is neither at+jwt nor JWT")]
    Type,
    #[error("the token demands an extension that is not supported")]
    CriticalExtension,
    #[error("the token names no key, although there is not exactly one")]
    NoKeyId,
    #[error("the key of the token is not known")]
    UnknownKey,
    #[error("the algorithm of the token is not the algorithm of the key")]
    Algorithm,
    #[error("the signature of the token is wrong")]
    Signature,
    #[error("the claims of the token are not those of a JWT")]
    Claims,
    #[error("the token is from another issuer")]
    Issuer,
    #[error("the token is for another audience")]
    Audience,
    #[error("the token does not say when it expires")]
    NoExpiry,
    #[error("the scope of the token contains none of read, write and admin")]
    Scope,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYetValid,
}

impl Tokens {
    /// Accepts the tokens of this issuer for this audience. `jwks` is a file with the issuer's public keys, a JWK Set.
    ///
    /// # Errors
    /// If the file cannot be read or is not a JWK Set.
    pub(crate) fn new(
        issuer: String,
        audience: String,
        jwks: PathBuf,
    ) -> Result<Self, UnusableKeys> {
        Ok(Self { issuer, audience, keys: KeyFile::open(jwks)? })
    }

    /// Reads the keys again if their file has changed. If the new file is not usable, the old keys stay in use, and the
    /// log says so once.
    pub(crate) fn reload_keys(&self) {
        if let Err(error) = self.keys.reload() {
            let error = error.to_string();
            log::warn!("the old keys of the identity provider stay in use: {}", LogText(&error));
        }
    }

    /// What the token claims, if the issuer signed it and it is valid at this time.
    ///
    /// # Errors
    /// If it is not accepted.
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, InvalidToken> {
        if token.len() > MAX_LENGTH {
            return Err(InvalidToken::TooLong);
        }
        let payload = jws::verified_payload(token, &self.keys.current())?;
        Claims::accept(&payload, &self.issuer, &self.audience, now)
    }
}
