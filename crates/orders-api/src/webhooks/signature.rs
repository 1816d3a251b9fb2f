//! Signatures of messages: [`Secret`].

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::error::Unspecified;
use ring::hmac::{Context, HMAC_SHA256, Key};
use ring::rand::{SecureRandom as _, SystemRandom};

/// How every secret begins in its text form.
const PREFIX: &str = "whsec_";

/// How many random bytes a new secret has.
const LENGTH: usize = 32;

/// How many bytes a secret may have, according to
/// [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// The key with which the messages of a webhook are signed. It cannot be displayed; [`Secret::expose`] is for the one time
/// that it is shown to its owner.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Vec<u8>);

/// A text or bytes are not a secret. The error does not repeat them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("that is not a secret: a secret is {PREFIX} and 24 to 64 bytes in base64")]
pub(crate) struct InvalidSecret;

impl Secret {
    /// A new secret, from the random numbers of the system.
    ///
    /// # Errors
    /// If the system has none.
    pub(crate) fn generate() -> Result<Self, Unspecified> {
        let mut bytes = vec![0; LENGTH];
        SystemRandom::new().fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    pub(super) fn from_bytes(bytes: Vec<u8>) -> Result<Self, InvalidSecret> {
        if LENGTHS.contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(InvalidSecret) }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The secret itself, in its text form.
    pub(crate) fn expose(&self) -> String {
        format!("{PREFIX}{}", BASE64_STANDARD.encode(&self.0))
    }

    /// Whether one of the signatures of a message is that of this secret. The timestamp is taken as it is.
    pub(crate) fn has_signed(
        &self,
        id: &str,
        timestamp: &str,
        body: &[u8],
        signatures: &str,
    ) -> bool {
        let Ok(timestamp) = timestamp.parse() else { return false };
        let own = self.sign(id, timestamp, body);
        signatures.split(' ').any(|signature| signature == own)
    }

    /// The signature of a message: `v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64.
    fn sign(&self, id: &str, timestamp: u64, body: &[u8]) -> String {
        let mut mac = Context::with_key(&Key::new(HMAC_SHA256, &self.0));
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", BASE64_STANDARD.encode(mac.sign()))
    }
}

/// The value of `webhook-signature`: one signature for each secret, so that a receiver may have either during a rotation.
pub(super) fn signatures(secrets: &[Secret], id: &str, timestamp: u64, body: &[u8]) -> String {
    let each = secrets.iter().map(|secret| secret.sign(id, timestamp, body));
    each.collect::<Vec<_>>().join(" ")
}

impl FromStr for Secret {
    type Err = InvalidSecret;

    fn from_str(text: &str) -> Result<Self, InvalidSecret> {
        let base64 = text.strip_prefix(PREFIX).ok_or(InvalidSecret)?;
        Self::from_bytes(BASE64_STANDARD.decode(base64).map_err(|_| InvalidSecret)?)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_secret_is_read_again() {
        let secret = Secret::generate().unwrap();
        assert_eq!(secret.expose().len(), PREFIX.len() + 44);
        assert_eq!(secret.expose().parse::<Secret>().unwrap(), secret);
        assert_ne!(secret, Secret::generate().unwrap());
    }

    #[test]
    fn a_secret_has_24_to_64_bytes() {
        for (length, is_secret) in [(0, false), (23, false), (24, true), (64, true), (65, false)] {
            let text = format!("whsec_{}", BASE64_STANDARD.encode(vec![7; length]));
            assert_eq!(text.parse::<Secret>().is_ok(), is_secret, "{length}");
        }
        for bad in ["", "whsec_", "whsec_*", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            assert!(bad.parse::<Secret>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Secret::generate().unwrap()), "Secret(..)");
        assert!(!InvalidSecret.to_string().contains("MfKQ"));
    }

    #[test]
    fn the_signature_is_that_of_the_specification() {
        // The example in the specification's section "Signature scheme".
        let secret: Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap();
        let signature =
            secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_secret_signs_during_a_rotation() {
        let (new, old) = (Secret::generate().unwrap(), Secret::generate().unwrap());
        let both = signatures(&[new.clone(), old.clone()], "1_2", 3, b"{}");
        assert_eq!(both, format!("{} {}", new.sign("1_2", 3, b"{}"), old.sign("1_2", 3, b"{}")));
        assert!([new, old].iter().all(|it| it.has_signed("1_2", "3", b"{}", &both)));
        let other = Secret::generate().unwrap();
        assert!(!other.has_signed("1_2", "3", b"{}", &both));
    }
}
