//! The public keys of an identity provider, a JWK Set (RFC 7517): [`Jwks`].

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::InvalidToken;

/// The keys of a JWK Set that can verify tokens. As RFC 7517 recommends, all others are ignored.
pub(super) struct Jwks {
    keys: Vec<(Option<String>, PublicKey)>,
}

/// A key with its algorithm. A token cannot choose another one.
pub(super) enum PublicKey {
    /// A point on P-256, uncompressed, for ES256.
    P256(Vec<u8>),
    /// For RS256.
    Rsa(RsaPublicKeyComponents<Vec<u8>>),
    /// For EdDSA.
    Ed25519(Vec<u8>),
}

#[derive(Deserialize)]
struct JwkSet<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Jwk {
    kid: Option<String>,
    alg: Option<String>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
    #[serde(flatten)]
    material: Material,
}

#[derive(Deserialize)]
#[serde(tag = "kty")]
enum Material {
    #[serde(rename = "EC")]
    Ec { crv: String, x: Base64Url, y: Base64Url },
    #[serde(rename = "RSA")]
    Rsa { n: Base64Url, e: Base64Url },
    #[serde(rename = "OKP")]
    Okp { crv: String, x: Base64Url },
}

struct Base64Url(Vec<u8>);

impl Jwks {
    /// Reads a JWK Set.
    ///
    /// # Errors
    /// If it is not one.
    pub(super) fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let set: JwkSet<'_> = serde_json::from_slice(json)?;
        let readable = set.keys.iter().filter_map(|key| serde_json::from_str(key.get()).ok());
        Ok(Self { keys: readable.filter_map(Jwk::into_key).collect() })
    }

    /// How many keys there are.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The key with this id, or the only key if there is no id.
    ///
    /// # Errors
    /// If there is no such key, or it is for another algorithm.
    pub(super) fn find(&self, id: Option<&str>, alg: &str) -> Result<&PublicKey, InvalidToken> {
        if id.is_none() && self.keys.len() != 1 {
            return Err(InvalidToken::NoKeyId);
        }
        let mut named = self
            .keys
            .iter()
            .filter(|(key_id, _)| id.is_none() || key_id.as_deref() == id)
            .peekable();
        if named.peek().is_none() {
            return Err(InvalidToken::UnknownKey);
        }
        // Keys of different types can have the same id.
        let key = named.map(|(_, key)| key).find(|key| key.algorithm() == alg);
        key.ok_or(InvalidToken::Algorithm)
    }
}

impl PublicKey {
    /// Whether this key signed the message.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            Self::Rsa(components) => {
                components.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            Self::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature),
        }
        .is_ok()
    }

    /// The name of its algorithm in tokens.
    fn algorithm(&self) -> &'static str {
        match self {
            Self::P256(_) => "ES256",
            Self::Rsa(_) => "RS256",
            Self::Ed25519(_) => "EdDSA",
        }
    }
}

impl Jwk {
    /// Its id and the key, if it is one that verifies signatures with an algorithm that is accepted.
    fn into_key(self) -> Option<(Option<String>, PublicKey)> {
        let verifies = self.r#use.is_none_or(|purpose| purpose == "sig")
            && self.key_ops.is_none_or(|operations| operations.iter().any(|name| name == "verify"));
        let key = verifies.then(|| self.material.into_key()).flatten()?;
        self.alg.is_none_or(|alg| alg == key.algorithm()).then_some((self.kid, key))
    }
}

impl Material {
    /// The key, if it is on a curve that is accepted, or has enough bits.
    fn into_key(self) -> Option<PublicKey> {
        match self {
            Self::Ec { crv, x: Base64Url(x), y: Base64Url(y) } => {
                let is_p256 = crv == "P-256" && x.len() == 32 && y.len() == 32;
                is_p256.then(|| PublicKey::P256([vec![4], x, y].concat()))
            }
            Self::Rsa { n, e } => {
                let (n, e) = (n.without_leading_zeros(), e.without_leading_zeros());
                let is_long_enough = n.len() >= 2048 / 8;
                is_long_enough.then_some(PublicKey::Rsa(RsaPublicKeyComponents { n, e }))
            }
            Self::Okp { crv, x: Base64Url(x) } => {
                (crv == "Ed25519" && x.len() == 32).then_some(PublicKey::Ed25519(x))
            }
        }
    }
}

impl Base64Url {
    /// The number without leading zeros, which RFC 7518 forbids, but some issuers write.
    fn without_leading_zeros(self) -> Vec<u8> {
        self.0.into_iter().skip_while(|&byte| byte == 0).collect()
    }
}

impl<'de> Deserialize<'de> for Base64Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64_URL_SAFE_NO_PAD.decode(text).map(Self).map_err(D::Error::custom)
    }
}
