//! Secrets at rest: [`seal`] and [`open`].

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::error::Unspecified;
use ring::rand::{SecureRandom as _, SystemRandom};

use super::Secret;

/// The environment variable with the key. There is no flag for it, because other users can see the command line.
pub(crate) const KEY_VARIABLE: &str = "ORDERS_SECRET_KEY";

/// The first byte of a secret that is stored as it is.
const PLAIN: u8 = 0;

/// The first byte of a secret that is encrypted: a nonce, then the output of ChaCha20-Poly1305 (RFC 8439).
const ENCRYPTED: u8 = 1;

/// The key that encrypts the secrets of webhooks in the database, so that a dump does not reveal them.
#[derive(Clone)]
pub(crate) struct SecretKey(LessSafeKey);

/// A text is not a key. The error does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{KEY_VARIABLE} is not 32 bytes in base64; make a key with: openssl rand -base64 32")]
pub(crate) struct InvalidSecretKey;

/// A stored secret cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OpenError {
    #[error(
        "the secret is encrypted, but {KEY_VARIABLE} is not set; set the key that it was encrypted with"
    )]
    NoKey,
    /// Or it is the secret of another webhook.
    #[error(
        "the secret was encrypted with another {KEY_VARIABLE}; set that key again, or delete the webhook and create a new one"
    )]
    OtherKey,
    #[error("the stored secret is damaged")]
    Damaged,
}

impl SecretKey {
    /// The key in the environment, if there is one.
    ///
    /// # Errors
    /// If it is not a key.
    pub(crate) fn from_environment() -> Result<Option<Self>, InvalidSecretKey> {
        Self::from_variable(env::var_os(KEY_VARIABLE))
    }

    fn from_variable(value: Option<OsString>) -> Result<Option<Self>, InvalidSecretKey> {
        match value.unwrap_or_default().to_str() {
            Some("") => Ok(None),
            Some(text) => text.parse().map(Some),
            None => Err(InvalidSecretKey),
        }
    }
}

impl FromStr for SecretKey {
    type Err = InvalidSecretKey;

    fn from_str(text: &str) -> Result<Self, InvalidSecretKey> {
        let bytes = BASE64_STANDARD.decode(text.trim()).map_err(|_| InvalidSecretKey)?;
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes).map_err(|_| InvalidSecretKey)?;
        Ok(Self(LessSafeKey::new(key)))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

/// The bytes to store for a webhook's secret, encrypted if there is a key. They can be opened only for the same webhook.
///
/// # Errors
/// If the system has no random numbers.
pub(crate) fn seal(
    key: Option<&SecretKey>,
    secret: &Secret,
    webhook: &str,
) -> Result<Vec<u8>, Unspecified> {
    let Some(SecretKey(key)) = key else {
        return Ok([&[PLAIN], secret.as_bytes()].concat());
    };
    // A random nonce is safe for 2^32 secrets under one key.
    let mut nonce = [0; NONCE_LEN];
    SystemRandom::new().fill(&mut nonce)?;
    let mut text = secret.as_bytes().to_vec();
    let nonce_once = Nonce::assume_unique_for_key(nonce);
    key.seal_in_place_append_tag(nonce_once, Aad::from(webhook), &mut text)?;
    Ok([&[ENCRYPTED], &nonce[..], &text].concat())
}

/// The secret of a webhook, from the bytes that [`seal`] returned for it.
///
/// # Errors
/// If the key is missing or another one, or if these are not such bytes.
pub(crate) fn open(
    key: Option<&SecretKey>,
    sealed: &[u8],
    webhook: &str,
) -> Result<Secret, OpenError> {
    let secret = match sealed.split_first() {
        Some((&PLAIN, bytes)) => bytes.to_vec(),
        Some((&ENCRYPTED, rest)) => {
            let SecretKey(key) = key.ok_or(OpenError::NoKey)?;
            let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>().ok_or(OpenError::Damaged)?;
            let nonce = Nonce::assume_unique_for_key(*nonce);
            let mut text = text.to_vec();
            let opened = key.open_in_place(nonce, Aad::from(webhook), &mut text);
            opened.map_err(|Unspecified| OpenError::OtherKey)?.to_vec()
        }
        Some(_) | None => return Err(OpenError::Damaged),
    };
    Secret::from_bytes(secret).map_err(|_| OpenError::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SecretKey {
        BASE64_STANDARD.encode([byte; 32]).parse().unwrap()
    }

    #[test]
    fn a_sealed_secret_is_opened_with_the_same_key_for_the_same_webhook() {
        let secret = Secret::generate().unwrap();
        let key = key(1);
        let sealed = seal(Some(&key), &secret, "crm").unwrap();
        assert_eq!(sealed.len(), 1 + 12 + 32 + 16);
        assert_eq!(open(Some(&key), &sealed, "crm"), Ok(secret.clone()));
        // No two are alike, and none contains the secret.
        assert_ne!(seal(Some(&key), &secret, "crm").unwrap(), sealed);
        assert!(!sealed.windows(4).any(|part| secret.as_bytes().starts_with(part)));
    }

    #[test]
    fn another_key_another_webhook_and_damage_are_noticed() {
        let secret = Secret::generate().unwrap();
        let sealed = seal(Some(&key(1)), &secret, "crm").unwrap();
        assert_eq!(open(None, &sealed, "crm"), Err(OpenError::NoKey));
        assert_eq!(open(Some(&key(2)), &sealed, "crm"), Err(OpenError::OtherKey));
        assert_eq!(open(Some(&key(1)), &sealed, "erp"), Err(OpenError::OtherKey));
        for index in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[index] ^= 2;
            assert!(open(Some(&key(1)), &damaged, "crm").is_err(), "{index}");
            assert!(open(Some(&key(1)), &sealed[..index], "crm").is_err(), "{index}");
        }
    }

    #[test]
    fn without_a_key_the_secret_is_stored_as_it_is() {
        let secret = Secret::generate().unwrap();
        let stored = seal(None, &secret, "crm").unwrap();
        assert_eq!(stored, [&[0], secret.as_bytes()].concat());
        // A key that is set later does not make it unusable.
        for key in [None, Some(&key(1))] {
            assert_eq!(open(key, &stored, "crm"), Ok(secret.clone()));
        }
        assert_eq!(open(None, &stored[..20], "crm"), Err(OpenError::Damaged));
    }

    #[test]
    fn a_key_is_32_bytes_in_base64_and_is_not_shown() {
        assert_eq!(format!("{:?}", key(1)), "SecretKey(..)");
        for bad in ["", "key", &BASE64_STANDARD.encode([1; 31]), &BASE64_STANDARD.encode([1; 33])] {
            let error = bad.parse::<SecretKey>().unwrap_err().to_string();
            let expected = "ORDERS_SECRET_KEY is not 32 bytes in base64; make a key with: openssl rand -base64 32";
            assert_eq!(error, expected);
        }
    }

    #[test]
    fn a_key_in_the_environment_is_optional() {
        assert!(SecretKey::from_environment().is_ok());
        assert!(SecretKey::from_variable(Some("".into())).unwrap().is_none());
        assert!(SecretKey::from_variable(Some("key".into())).is_err());
        let text = BASE64_STANDARD.encode([1; 32]);
        assert!(SecretKey::from_variable(Some(text.into())).unwrap().is_some());
    }
}
